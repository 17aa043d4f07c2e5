import { invariant } from '../../../base/invariant.ts';
import { checkFinite, checkSize, symmetricRows, type Pairs } from './symmetric-rows.ts';

/**
 * Spins s ∈ {−1, +1} with the energy offset + Σᵢ hᵢ sᵢ + Σ_{i<j} Jᵢⱼ sᵢ sⱼ, to be minimised.
 *
 * Couplings are stored in the rows of both their spins. Treat it as immutable.
 */
export interface IsingProblem {
  readonly size: number;
  /** h, length size. */
  readonly fields: Float64Array;
  /** Length size + 1: the couplings of spin i are rowStart[i] … rowStart[i + 1] − 1. */
  readonly rowStart: Int32Array;
  /** The other spin of each coupling, ascending within a row. */
  readonly column: Int32Array;
  /** J, aligned with `column`. */
  readonly coupling: Float64Array;
  readonly offset: number;
}

/**
 * An Ising problem from its couplings, which may repeat (they add up).
 *
 * The arrays are not kept. @throws OrchestratorError QUANTUM_PROBLEM_INVALID
 */
export function isingProblem(
  fields: ArrayLike<number>,
  couplings: Pairs,
  offset: number = 0,
): IsingProblem {
  const size = fields.length;
  checkSize(size);
  checkFinite(fields, 'fields');
  checkFinite([offset], 'the offset');
  const { rowStart, column, value } = symmetricRows(size, couplings);
  return { size, fields: Float64Array.from(fields), rowStart, column, coupling: value, offset };
}

/** Energy of these spins, of −1 and +1, length size. O(size + couplings). */
export function isingEnergy(problem: IsingProblem, spins: ArrayLike<number>): number {
  invariant(spins.length === problem.size, 'an assignment has one spin for each of the problem');
  let energy = problem.offset;
  for (let i = 0; i < problem.size; i++) {
    let pull = problem.fields[i];
    for (let k = problem.rowStart[i]; k < problem.rowStart[i + 1]; k++) {
      const j = problem.column[k];
      if (j < i) pull += problem.coupling[k] * spins[j];
    }
    energy += spins[i] * pull;
  }
  return energy;
}
