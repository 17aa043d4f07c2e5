import { Rng } from '../../../base/rng.ts';
import { isingEnergy, type IsingProblem } from '../problem/ising-problem.ts';
import type { Effort } from './effort.ts';
import { Incumbent } from './incumbent.ts';
import { blocksOf, noiseFrom, type Block, type Noise } from './spin-state.ts';
import { temperatureRange, type TemperatureRange } from './temperature-range.ts';

/** What every method works with: the problem, its limits, its chance, and the best so far. */
export interface SearchContext {
  readonly problem: IsingProblem;
  readonly blocks: readonly Block[];
  readonly effort: Effort;
  readonly incumbent: Incumbent;
  readonly rng: Rng;
  readonly noise: Noise;
  readonly range: TemperatureRange;
}

/** A new context; its chance comes from the effort's seed. */
export function searchContext(problem: IsingProblem, effort: Effort): SearchContext {
  const incumbent = new Incumbent(problem.size, effort);
  // A search that is stopped at once still has an assignment to give.
  incumbent.offer(incumbent.spins.slice(), isingEnergy(problem, incumbent.spins));
  const rng = Rng.fromSeed(effort.seed);
  return {
    problem,
    blocks: blocksOf(problem),
    effort,
    incumbent,
    rng,
    noise: noiseFrom(rng),
    range: temperatureRange(problem),
  };
}
