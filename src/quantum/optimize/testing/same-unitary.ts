import { Rng } from '../../../base/rng.ts';
import type { Operation } from '../../circuit/operation.ts';
import { Basis } from '../basis.ts';
import { emit } from '../emit.ts';
import type { Network } from '../network.ts';
import { applyOperation, copyOf, overlap, randomState, type Statevector } from '../statevector.ts';

/** A state after operations; measurements and the like do nothing. */
export function after(state: Statevector, operations: readonly Operation[]): Statevector {
  const result = copyOf(state);
  for (const operation of operations) applyOperation(result, operation);
  return result;
}

/** A state whose qubit k is put on qubit `at[k]` of a register of `qubits`; the rest is |0⟩. */
export function placed(state: Statevector, at: ArrayLike<number>, qubits: number): Statevector {
  const result = { re: new Float64Array(2 ** qubits), im: new Float64Array(2 ** qubits) };
  for (let i = 0; i < state.re.length; i++) {
    let j = 0;
    for (let k = 0; k < at.length; k++) if ((i >> k) & 1) j |= 1 << (at[k] ?? 0);
    result.re[j] = state.re[i] ?? 0;
    result.im[j] = state.im[i] ?? 0;
  }
  return result;
}

/** |⟨ψ|U†V|ψ⟩| of operations and a network, for a random ψ. */
export function overlapWith(network: Network, operations: readonly Operation[], seed = 7): number {
  const start = randomState(network.qubits, Rng.fromSeed(seed));
  const emitted = after(start, emit(network, new Basis(null)));
  return overlap(after(start, operations), placed(emitted, network.wires, network.qubits));
}

/** |⟨ψ|U†V|ψ⟩| of two lists of operations, for a random ψ. */
export function overlapOf(
  qubits: number,
  first: readonly Operation[],
  second: readonly Operation[],
  seed = 7,
): number {
  const start = randomState(qubits, Rng.fromSeed(seed));
  return overlap(after(start, first), after(start, second));
}
