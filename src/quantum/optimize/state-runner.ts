import { Rng } from '../../base/rng.ts';
import type { GateOperation, Operation, UnitaryPart } from '../circuit/operation.ts';
import { throwIfCanceled, type Watch } from '../watch.ts';
import { applyOperation, zeroState, type Statevector } from './statevector.ts';

/** All amplitudes after unitary operations on |0…0⟩: what checks of larger circuits take. */
export type StateRunner = (
  qubits: number,
  operations: readonly UnitaryPart[],
  watch: Watch,
) => Statevector;

/** Runs on the plain simulator; looks at the watch after every gate. */
export const plainRunner: StateRunner = (qubits, operations, watch) => {
  const state = zeroState(qubits);
  for (const operation of operations) {
    applyOperation(state, operation);
    throwIfCanceled(watch);
  }
  return state;
};

const LAYERS = 3;

/** The operations that move amplitudes. */
export function gatesOf(operations: readonly Operation[]): UnitaryPart[] {
  return operations.filter(
    (operation): operation is UnitaryPart =>
      operation.kind === 'gate' || operation.kind === 'unitary',
  );
}

/** Random turns of these qubits between chains of cz: a state that no symmetry of a circuit spares. */
export function scrambling(qubits: readonly number[], seed: number): GateOperation[] {
  const rng = Rng.fromSeed(seed);
  const operations: GateOperation[] = [];
  const push = (name: 'u' | 'cz', params: readonly number[], on: readonly number[]): void => {
    operations.push({ kind: 'gate', name, params, qubits: on, controls: [] });
  };
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const qubit of qubits) {
      push(
        'u',
        [0, 0, 0].map(() => 2 * Math.PI * rng.unit()),
        [qubit],
      );
    }
    for (let k = 0; k + 1 < qubits.length; k++) push('cz', [], [qubits[k], qubits[k + 1]]);
  }
  return operations;
}
