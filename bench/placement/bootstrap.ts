import { Rng } from '../../src/base/rng.ts';
import { nearestRank, type Estimate } from './estimates.ts';

const RESAMPLES = 400;

/**
 * Statistics of all runs with their 95 % intervals, from runs drawn again with replacement (Efron, 1979; percentiles).
 *
 * For what is no mean over runs. The same for the same runs. Values may be infinite.
 */
export function bootstrap<Run>(
  runs: readonly Run[],
  statistics: (drawn: readonly Run[]) => readonly number[],
): Estimate[] {
  const rng = Rng.fromSeed(1);
  const drawn = Array.from({ length: RESAMPLES }, () =>
    statistics(runs.map(() => runs[rng.below(runs.length)] as Run)),
  );
  return statistics(runs).map((mean, at) => {
    const sorted = Float64Array.from(drawn, (values) => values[at] as number).sort();
    return { mean, low: nearestRank(sorted, 0.025), high: nearestRank(sorted, 0.975) };
  });
}
