/** Exact draws of how often outcomes are seen, without drawing shot by shot. */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import { uniform } from '../linear/random-unitary.ts';

/** Mean count from which rejection is faster than inversion; its hat is proved from 10 on. */
const REJECTION_MEAN_MIN = 10;

/** Inversion: walks the distribution function from 0. `mean` is below the bound above, so short. */
function byInversion(trials: number, probability: number, rng: Rng): number {
  const odds = probability / (1 - probability);
  let mass = Math.exp(trials * Math.log1p(-probability));
  let rest = uniform(rng);
  let k = 0;
  while (rest >= mass && k < trials) {
    rest -= mass;
    mass *= (odds * (trials - k)) / (k + 1);
    k++;
    // Beyond here rounding is all that is left of `rest`.
    if (mass < 1e-300) break;
  }
  return k;
}

/** ln k! − Stirling's formula, for k = 0 … 9. */
const STIRLING_TAILS = [
  0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
  0.01664469118982119, 0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
  0.009255462182712733, 0.008330563433362871,
];

function stirlingTail(k: number): number {
  if (k < STIRLING_TAILS.length) return STIRLING_TAILS[k];
  const x = 1 / (k + 1) ** 2;
  return (1 / 12 - (1 / 360 - (1 / 1260) * x) * x) / (k + 1);
}

/** Hörmann, J. Stat. Comput. Simul. 46 (1993) 101, algorithm BTRS. */
function byRejection(trials: number, probability: number, rng: Rng): number {
  const odds = probability / (1 - probability);
  const spread = Math.sqrt(trials * probability * (1 - probability));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const c = trials * probability + 0.5;
  const alpha = (2.83 + 5.1 / b) * spread;
  const mode = Math.floor((trials + 1) * probability);
  for (;;) {
    const u = uniform(rng) - 0.5;
    let v = 1 - uniform(rng);
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= 0.92 - 4.2 / b) return k;
    if (k < 0 || k > trials) continue;
    v = Math.log((v * alpha) / (a / (us * us) + b));
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (trials - mode + 1))) +
      (trials + 1) * Math.log((trials - mode + 1) / (trials - k + 1)) +
      (k + 0.5) * Math.log((odds * (trials - k + 1)) / (k + 1)) +
      stirlingTail(mode) +
      stirlingTail(trials - mode) -
      stirlingTail(k) -
      stirlingTail(trials - k);
    if (v <= bound) return k;
  }
}

/** How many of `trials` (at most 2⁵³) succeed, each with `probability`. Constant time. */
export function drawBinomial(trials: number, probability: number, rng: Rng): number {
  invariant(trials >= 0, 'trials are not negative');
  if (trials === 0 || probability <= 0) return 0;
  if (probability >= 1) return trials;
  if (trials === 1) return uniform(rng) < probability ? 1 : 0;
  if (probability > 0.5) return trials - drawBinomial(trials, 1 - probability, rng);
  return trials * probability < REJECTION_MEAN_MIN
    ? byInversion(trials, probability, rng)
    : byRejection(trials, probability, rng);
}

/**
 * How often each outcome is seen in `shots`, added into `counts`.
 *
 * @param weights - proportional to the probabilities, not negative, of a sum above zero
 *
 * One binomial draw an outcome, and none once the shots are used up.
 */
export function drawMultinomial(
  weights: ArrayLike<number>,
  shots: number,
  rng: Rng,
  counts: Float64Array,
): void {
  // Sums from the end: the rest's weight is then free of cancellation.
  const size = weights.length;
  const tails = new Float64Array(size + 1);
  for (let i = size - 1; i >= 0; i--) tails[i] = tails[i + 1] + weights[i];
  invariant(tails[0] > 0, 'weights have a sum above zero');
  let left = shots;
  for (let i = 0; i < size && left > 0; i++) {
    if (weights[i] <= 0) continue;
    const count = tails[i + 1] > 0 ? drawBinomial(left, weights[i] / tails[i], rng) : left;
    counts[i] += count;
    left -= count;
  }
}
