import type { Distribution } from './exact-state.ts';

/** Outcomes of lower probability are rounding. */
const PROBABILITY_MIN = 1e-16;

/** A distribution over all outcomes of few qubits without those that do not happen, scaled to sum 1. */
export function distributionOfWeights(
  weights: Float64Array,
  countMax: number,
): Distribution | null {
  let count = 0;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i];
    if (weights[i] > PROBABILITY_MIN) count++;
  }
  if (count > countMax) return null;
  const keys = new Uint32Array(count);
  const probabilities = new Float64Array(count);
  let at = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] <= PROBABILITY_MIN) continue;
    keys[at] = i;
    probabilities[at++] = weights[i] / sum;
  }
  return { words: 1, keys, probabilities };
}
