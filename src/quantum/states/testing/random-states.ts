/** States for property tests, and what operators on some qubits are by definition. */
import fc from 'fast-check';
import { Rng } from '../../../base/rng.ts';
import { maxDistance } from '../../linear/deviation.ts';
import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { asDensity, randomDensity, type QuantumState } from '../density-matrix.ts';
import { randomState } from '../state-vector.ts';

export { PARAMETERS, seeds } from '../../linear/testing/random-matrices.ts';

/** A number of qubits, and some of them in some order, at least `least`. */
export function someQubits(
  qubitsMax: number,
  least: number = 1,
  most: number = qubitsMax,
): fc.Arbitrary<readonly [count: number, qubits: readonly number[]]> {
  return fc.integer({ min: Math.max(1, least), max: qubitsMax }).chain((count) =>
    fc
      .shuffledSubarray(
        Array.from({ length: count }, (_, qubit) => qubit),
        { minLength: least, maxLength: Math.min(count, most) },
      )
      .map((qubits) => [count, qubits] as const),
  );
}

/** A pure state, or a mixed one of low or full rank. */
export function anyState(qubits: number, seed: number): QuantumState {
  const rng = Rng.fromSeed(seed);
  const kind = rng.below(3);
  if (kind === 0) return randomState(qubits, rng);
  return randomDensity(qubits, kind === 1 ? 1 : qubits, rng);
}

/** Bits of `index` at these positions, bit k from the k-th. */
export function bitsAt(index: number, qubits: readonly number[]): number {
  return qubits.reduce((sum, qubit, k) => sum + ((index >> qubit) & 1) * 2 ** k, 0);
}

/** The matrix on all qubits of one that acts on some. */
export function embedded(
  matrix: ComplexMatrix,
  qubits: readonly number[],
  count: number,
): ComplexMatrix {
  const size = 2 ** count;
  const others = Array.from({ length: count }, (_, q) => q).filter((q) => !qubits.includes(q));
  const result = zeros(size);
  for (let r = 0; r < size; r++) {
    for (let c = 0; c < size; c++) {
      if (bitsAt(r, others) !== bitsAt(c, others)) continue;
      const at = bitsAt(r, qubits) * matrix.columns + bitsAt(c, qubits);
      result.re[r * size + c] = matrix.re[at];
      result.im[r * size + c] = matrix.im[at];
    }
  }
  return result;
}

/** The largest entry by which the density matrices of two states differ. */
export function stateDistance(a: QuantumState, b: QuantumState): number {
  return maxDistance(asDensity(a).matrix, asDensity(b).matrix);
}
