/** Draws from the binomial distribution, exact and fast for any number of trials. */
import type { Rng } from '../../base/rng.ts';
import { uniform } from '../linear/random-unitary.ts';

/** Mean from which rejection is faster than inversion; its hat is proved from 10 on. */
const REJECTION_FROM = 10;

/** ln k! − Stirling's formula, for k = 0 … 9. */
const STIRLING_TAILS = [
  0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
  0.01664469118982119, 0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
  0.009255462182712733, 0.008330563433362871,
];

function stirlingTail(k: number): number {
  if (k < STIRLING_TAILS.length) return STIRLING_TAILS[k];
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}

/** Waits from success to success, each geometric: as many draws as successes. */
function countByWaiting(trials: number, probability: number, rng: Rng): number {
  const rate = Math.log1p(-probability);
  let successes = 0;
  for (let trial = 0; ; successes++) {
    trial += Math.floor(Math.log(1 - uniform(rng)) / rate) + 1;
    if (trial > trials) return successes;
  }
}

/** Hörmann, J. Stat. Comput. Simul. 46 (1993) 101, algorithm BTRS. */
function countByRejection(trials: number, probability: number, rng: Rng): number {
  const odds = probability / (1 - probability);
  const deviation = Math.sqrt(trials * probability * (1 - probability));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const center = trials * probability + 0.5;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const squeeze = 0.92 - 4.2 / b;
  const mode = Math.floor((trials + 1) * probability);
  for (;;) {
    const u = uniform(rng) - 0.5;
    const v = 1 - uniform(rng);
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + center);
    if (edge >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > trials) continue;
    const height = Math.log((v * alpha) / (a / (edge * edge) + b));
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (trials - mode + 1))) +
      (trials + 1) * Math.log((trials - mode + 1) / (trials - k + 1)) +
      (k + 0.5) * Math.log((odds * (trials - k + 1)) / (k + 1)) +
      stirlingTail(mode) +
      stirlingTail(trials - mode) -
      stirlingTail(k) -
      stirlingTail(trials - k);
    if (height <= bound) return k;
  }
}

/**
 * How many of `trials` succeed, each with that probability; about constant time.
 *
 * @param trials - an integer of at least 0
 * @param probability - in [0, 1]
 */
export function drawBinomial(trials: number, probability: number, rng: Rng): number {
  if (trials === 0 || probability <= 0) return 0;
  if (probability >= 1) return trials;
  if (probability > 0.5) return trials - drawBinomial(trials, 1 - probability, rng);
  return trials * probability < REJECTION_FROM
    ? countByWaiting(trials, probability, rng)
    : countByRejection(trials, probability, rng);
}
