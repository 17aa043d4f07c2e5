import { lookEvery, NO_LOOK, type Look } from './look.ts';
import type { GateOperation, Operation } from '../circuit/operation.ts';
import { inverseOf } from '../circuit/unitary-part.ts';

/**
 * Drops gates that stand beside what undoes them, and pairs that meet once those are gone. O(gates).
 *
 * Done before anything else: later passes are heuristics, which such a pair can lead to another and
 * worse end than the circuit without it.
 */
export function withoutAdjacentPairs(
  operations: readonly Operation[],
  look: Look = NO_LOOK,
): readonly Operation[] {
  const kept: Operation[] = [];
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    const before = kept.at(-1);
    const isUndone =
      operation.kind === 'gate' && before?.kind === 'gate' && undoes(operation, before);
    if (isUndone) kept.pop();
    else kept.push(operation);
  }
  return kept.length === operations.length ? operations : kept;
}

function undoes(gate: GateOperation, other: GateOperation): boolean {
  const inverse = inverseOf(other);
  return (
    inverse.kind === 'gate' &&
    inverse.name === gate.name &&
    inverse.params.every((value, at) => value === gate.params[at]) &&
    inverse.qubits.length === gate.qubits.length &&
    inverse.qubits.every((qubit, at) => qubit === gate.qubits[at]) &&
    inverse.controls.length === gate.controls.length &&
    inverse.controls.every(
      ({ qubit, value }, at) =>
        qubit === gate.controls[at].qubit && value === gate.controls[at].value,
    )
  );
}
