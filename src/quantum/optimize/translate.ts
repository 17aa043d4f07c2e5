/** Circuits in a basis without any optimisation: operation by operation. */
import { isLowerable, lower } from './lower.ts';
import type { Operation } from '../circuit/operation.ts';
import { OrchestratorError } from '../../base/errors.ts';
import type { Basis } from './basis.ts';
import { qubitsOf } from './cost.ts';
import { emit } from './emit.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import { NetworkBuilder } from './network-builder.ts';
import { withSwapsMade } from './pieces.ts';

/** Operations in a basis for one operation. */
function translatedOne(operation: Operation, basis: Basis, look: Look): readonly Operation[] {
  switch (operation.kind) {
    case 'if':
      return [
        {
          ...operation,
          then: translated(operation.then, basis, look),
          otherwise: translated(operation.otherwise, basis, look),
        },
      ];
    case 'while':
      return [{ ...operation, body: translated(operation.body, basis, look) }];
    case 'gate':
    case 'unitary':
      break;
    default:
      return [operation];
  }
  if (!isLowerable(operation)) {
    if (basis.isOpen) return [operation];
    throw new OrchestratorError(
      'QUANTUM_BASIS_UNREACHABLE',
      `unitaries without a name must have one or two qubits to be made of other gates, got ${qubitsOf(operation).length}`,
      { qubits: qubitsOf(operation).length },
    );
  }
  const qubits = qubitsOf(operation);
  const place = new Map(qubits.map((qubit, k) => [qubit, k]));
  const local = (qubit: number): number => place.get(qubit) ?? 0;
  const builder = new NetworkBuilder(qubits.length);
  lower(builder, {
    ...operation,
    qubits: operation.qubits.map(local),
    controls: operation.controls.map(({ qubit, value }) => ({ qubit: local(qubit), value })),
  });
  const emitted = emit(withSwapsMade(builder.build()), basis);
  return emitted.map((made) => ({ ...made, qubits: made.qubits.map((k) => qubits[k]) }));
}

/** Whether an operation is its own translation. */
function isKept(operation: Operation, { names }: Basis): boolean {
  return operation.kind === 'gate' && operation.controls.length === 0 && names.has(operation.name);
}

/** Operations with every gate made of the basis by itself. */
export function translated(
  operations: readonly Operation[],
  basis: Basis,
  look: Look = NO_LOOK,
): readonly Operation[] {
  const made: Operation[] = [];
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    if (isKept(operation, basis)) made.push(operation);
    else for (const one of translatedOne(operation, basis, look)) made.push(one);
  }
  return made;
}
