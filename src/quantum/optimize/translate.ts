/** Circuits in a basis without any optimisation: operation by operation. */
import { OrchestratorError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import type { GateOperation, Operation, UnitaryOperation } from '../circuit/operation.ts';
import {
  CLIFFORD_QUATERNIONS,
  multiply,
  rotation,
  type Quaternion,
} from '../synthesis/quaternion.ts';
import type { Basis } from './basis.ts';
import { qubitsOf } from './cost.ts';
import { emit } from './emit.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import { isLowerable, lower } from './lower.ts';
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
  return madeOf(operation, basis).map((one) => ({
    ...one,
    qubits: one.qubits.map((k) => qubits[k]),
  }));
}

/** Gates whose translations are kept for each basis. */
const KEPT_MAX = 10_000;
const KEPT = new WeakMap<Basis, Map<string, readonly GateOperation[]>>();

/** What stands for a gate, on qubits 0, 1 and so on; the same gate at the same angles is made once. */
function madeOf(
  operation: GateOperation | UnitaryOperation,
  basis: Basis,
): readonly GateOperation[] {
  if (operation.kind === 'unitary' || operation.controls.length > 0) return made(operation, basis);
  let kept = KEPT.get(basis);
  if (kept === undefined) KEPT.set(basis, (kept = new Map()));
  const key = `${operation.name} ${operation.params.join(' ')}`;
  let found = kept.get(key);
  if (found === undefined) {
    found = made(operation, basis);
    if (kept.size < KEPT_MAX) kept.set(key, found);
  }
  return found;
}

function made(operation: GateOperation | UnitaryOperation, basis: Basis): readonly GateOperation[] {
  const qubits = qubitsOf(operation);
  const place = new Map(qubits.map((qubit, k) => [qubit, k]));
  const local = (qubit: number): number => place.get(qubit) ?? 0;
  const onFirst = {
    ...operation,
    qubits: operation.qubits.map(local),
    controls: operation.controls.map(({ qubit, value }) => ({ qubit: local(qubit), value })),
  };
  // T are to stay T; any other gates of one qubit are one turn.
  if (qubits.length === 1 && !basis.hasT) return asOneTurn(onFirst, basis);
  const builder = new NetworkBuilder(qubits.length);
  lower(builder, onFirst);
  return emit(withSwapsMade(builder.build()), basis);
}

function asOneTurn(operation: Operation, basis: Basis): readonly GateOperation[] {
  let turn: Quaternion = CLIFFORD_QUATERNIONS[0];
  lower(
    {
      local: (_, clifford) => {
        turn = multiply(CLIFFORD_QUATERNIONS[clifford], turn);
      },
      rotate: (_, axis, angle) => {
        turn = multiply(rotation(axis, angle), turn);
      },
      controlledPauli: () => invariant(false, 'a gate of one qubit entangles none'),
      swap: () => invariant(false, 'a gate of one qubit swaps none'),
    },
    operation,
  );
  const gates = basis.oneQubit(turn);
  if (gates === null) throw basis.unreachable('a one-qubit gate');
  return gates.map(({ name, params }) => ({
    kind: 'gate',
    name,
    params,
    qubits: [0],
    controls: [],
  }));
}

/** Whether an operation is its own translation. */
function isKept(operation: Operation, { names }: Basis): boolean {
  return operation.kind === 'gate' && operation.controls.length === 0 && names.has(operation.name);
}

/** Operations with every gate made of the basis by itself; the same list where nothing is to be done. */
export function translated(
  operations: readonly Operation[],
  basis: Basis,
  look: Look = NO_LOOK,
): readonly Operation[] {
  let from = 0;
  for (; from < operations.length && isKept(operations[from], basis); from++) lookEvery(from, look);
  if (from === operations.length) return operations;
  const made = operations.slice(0, from);
  pushTranslated(made, operations, { from, basis, look });
  return made;
}

/** Adds operations from a place on, with every gate made of the basis by itself. */
export function pushTranslated(
  made: Operation[],
  operations: readonly Operation[],
  { from, basis, look }: { readonly from: number; readonly basis: Basis; readonly look: Look },
): void {
  for (let i = from; i < operations.length; i++) {
    lookEvery(i, look);
    const operation = operations[i];
    if (isKept(operation, basis)) made.push(operation);
    else for (const one of translatedOne(operation, basis, look)) made.push(one);
  }
}
