import { invariant } from '../../../base/invariant.ts';
import { checkFinite, checkSize, symmetricRows, type Pairs } from './symmetric-rows.ts';

/**
 * Bits x ∈ {0, 1} with the value offset + Σᵢ aᵢ xᵢ + Σ_{i<j} bᵢⱼ xᵢ xⱼ, to be minimised.
 *
 * Each pair's b is stored in the rows of both its bits. Treat it as immutable.
 */
export interface QuboProblem {
  readonly size: number;
  /** a, length size. */
  readonly linear: Float64Array;
  /** Length size + 1: the pairs of bit i are rowStart[i] … rowStart[i + 1] − 1. */
  readonly rowStart: Int32Array;
  /** The other bit of each pair, ascending within a row. */
  readonly column: Int32Array;
  /** b, aligned with `column`. */
  readonly quadratic: Float64Array;
  readonly offset: number;
}

/**
 * A QUBO problem from its pairs, which may repeat (they add up).
 *
 * The arrays are not kept. @throws OrchestratorError QUANTUM_PROBLEM_INVALID
 */
export function quboProblem(
  linear: ArrayLike<number>,
  pairs: Pairs,
  offset: number = 0,
): QuboProblem {
  const size = linear.length;
  checkSize(size);
  checkFinite(linear, 'linear coefficients');
  checkFinite([offset], 'the offset');
  const { rowStart, column, value } = symmetricRows(size, pairs);
  return { size, linear: Float64Array.from(linear), rowStart, column, quadratic: value, offset };
}

/** Value of these bits, of 0 and 1, length size. O(size + pairs). */
export function quboValue(problem: QuboProblem, bits: ArrayLike<number>): number {
  invariant(bits.length === problem.size, 'an assignment has one bit for each of the problem');
  let value = problem.offset;
  for (let i = 0; i < problem.size; i++) {
    if (bits[i] === 0) continue;
    value += problem.linear[i];
    for (let k = problem.rowStart[i]; k < problem.rowStart[i + 1]; k++) {
      const j = problem.column[k];
      if (j < i && bits[j] !== 0) value += problem.quadratic[k];
    }
  }
  return value;
}
