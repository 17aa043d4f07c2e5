import type { Rng } from '../../base/rng.ts';
import { drawMultinomial } from '../states/draw-binomial.ts';
import type { Distribution } from './exact-state.ts';
import { unpack } from './outcome-counts.ts';
import type { Outcomes } from './simulated-state.ts';

/** How often each outcome of a distribution is seen in `shots`. */
export function drawOutcomes(distribution: Distribution, shots: number, rng: Rng): Outcomes {
  const { words, keys, probabilities } = distribution;
  const counts = new Float64Array(probabilities.length);
  drawMultinomial(probabilities, shots, rng, counts);
  const outcomes = new Map<bigint, number>();
  for (const [i, count] of counts.entries()) {
    if (count > 0) outcomes.set(unpack(keys, i * words, words), count);
  }
  return outcomes;
}
