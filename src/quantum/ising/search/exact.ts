import { invariant } from '../../../base/invariant.ts';
import { isSymmetric } from './merge-parts.ts';
import type { SearchContext } from './search-context.ts';
import { flip, newState, refresh } from './spin-state.ts';

/** The most spins that are tried out one by one: 2²⁵ flips, about a second or two. */
export const EXACT_SPINS_MAX = 25;

const FLIPS_BETWEEN_LOOKS = 4096;

/**
 * Visits every assignment in the order of the reflected Gray code, one flip apart each.
 *
 * O(2ⁿ · degree); half of it where there are no fields. True if it came to the end, so that the incumbent is proven.
 */
export function searchExact(context: SearchContext): boolean {
  const { problem, effort, incumbent } = context;
  invariant(problem.size <= EXACT_SPINS_MAX, 'exhaustive search needs a small problem');
  const state = newState(problem.size);
  refresh(problem, state);
  incumbent.offer(state.spins, state.energy);
  const free = isSymmetric(problem) ? problem.size - 1 : problem.size;
  const last = 2 ** free - 1;
  const stepsPerFlip = 1 + Math.ceil(problem.column.length / problem.size);
  for (let index = 1; index <= last; index++) {
    flip(problem, state, 31 - Math.clz32(index & -index));
    if (state.energy < incumbent.energy) {
      // Rounding may have gathered over many flips.
      refresh(problem, state);
      incumbent.offer(state.spins, state.energy);
    }
    const look = index % FLIPS_BETWEEN_LOOKS === 0;
    if (look && effort.spend(FLIPS_BETWEEN_LOOKS * stepsPerFlip)) return false;
  }
  return true;
}
