import { inSlices, type Watch } from '../watch.ts';
import type { Distribution } from './exact-state.ts';

/** Outcomes of lower probability are rounding. */
const PROBABILITY_MIN = 1e-16;
const WEIGHTS_PER_LOOK = 2 ** 18;

/** A distribution over all outcomes of few qubits without those that do not happen, scaled to sum 1. */
export function distributionOfWeights(
  weights: Float64Array,
  countMax: number,
  watch: Watch,
): Distribution | null {
  let count = 0;
  let sum = 0;
  inSlices(weights.length, WEIGHTS_PER_LOOK, watch, (from, to) => {
    for (let i = from; i < to; i++) {
      sum += weights[i];
      if (weights[i] > PROBABILITY_MIN) count++;
    }
  });
  if (count > countMax) return null;
  const keys = new Uint32Array(count);
  const probabilities = new Float64Array(count);
  let at = 0;
  inSlices(weights.length, WEIGHTS_PER_LOOK, watch, (from, to) => {
    for (let i = from; i < to; i++) {
      if (weights[i] <= PROBABILITY_MIN) continue;
      keys[at] = i;
      probabilities[at++] = weights[i] / sum;
    }
  });
  return { words: 1, keys, probabilities };
}
