/**
 * What chance alone makes of a state whose members all serve equally well: the yardstick for its measures.
 *
 * Let x be the log-odds ln(p/π) of a member. A feedback of variance σ² adds variance (η·σ/n)²/p to it, and the pull of
 * the prior takes η·T/n of it, so x is a walk that is pulled back, with variance v/(n·π) after m feedbacks for
 *
 *     v = η·σ²/(2T)·(1 − e^(−2ηT·m/n)),      −ln F = ¼·Σπ(x − x̄)² = (v/4n)·χ²  with n − 1 degrees of freedom,
 *
 * to second order: all members count alike, whatever their priors. The entropy falls by 2·(−ln F) against that of the
 * prior, and where priors differ it also goes up and down with who has gained: v/n times the variance of ln π.
 */
import type { BornTuning } from './feedback.ts';

/** Feedbacks before which their variance is not known well enough. */
const ATTEMPTS_MIN = 64;
/** Part of the mean that is left to what the second order leaves out, which would count among many members. */
const SPARE = 0.15;
/** 99.9 % of a normal distribution lie below it. */
const Z = 3.0902;

/** A value of a measure that is due to chance on average, and what it falls below once in 1,000 looks. */
export interface ByChance {
  readonly expected: number;
  readonly alarmBelow: number;
}

/** Of both measures of a state. */
export interface ChanceMeasures {
  readonly targetFidelity: ByChance;
  readonly entropyBits: ByChance;
}

/** What chance makes of −ln F, and of the part of the entropy that goes up as easily as down; in nats. */
export interface Wander {
  readonly mean: number;
  readonly variance: number;
  readonly entropyVariance: number;
}

/** What was heard of the members of one state. */
export interface Heard {
  readonly attempts: number;
  /** σ², of the reward about its mean. */
  readonly variance: number;
}

/** The members whose measures were taken, all or some of them. */
export interface Sampled {
  readonly size: number;
  readonly samples: number;
  readonly priors: PriorSpread;
}

/** What the priors of the members are like: the mean of −ln π under π, in nats, and its variance. */
export interface PriorSpread {
  readonly entropy: number;
  readonly variance: number;
}

/** Whether so little was heard that what it varies by is not known. */
export function isUnheard({ attempts }: Heard): boolean {
  return attempts < ATTEMPTS_MIN;
}

/** @param samples - members that the measures were taken of, where those are not all */
export function wanderOf(
  { attempts, variance }: Heard,
  { rate, temperature }: Pick<BornTuning, 'rate' | 'temperature'>,
  { priors, samples, size }: Sampled,
): Wander {
  const walked = (rate * rate * variance * attempts) / size;
  const pulls = (2 * rate * temperature * attempts) / size;
  const first = pulls > 0 ? (walked * -Math.expm1(-pulls)) / pulls : walked;
  // Who has fallen is drawn less often, and walks further: 1/p is e^(v/2) times 1/π in the mean.
  const v = first * Math.exp(Math.min(1, first / 2));
  const unit = v / (4 * size);
  const noise = samples < size ? 1 / samples : 0;
  return {
    mean: unit * (size - 1),
    variance: 2 * unit * unit * (size - 1) + v * noise,
    entropyVariance: (v / size) * priors.variance + (v + priors.variance) * noise,
  };
}

/** Both measures of a state by what moves it; null where it cannot move. */
export function byChance(
  { entropyVariance, mean, variance }: Wander,
  priorEntropy: number,
): ChanceMeasures | null {
  if (!(variance > 0)) return null;
  const most = upperTail(mean, variance) + SPARE * mean;
  const bits = (nats: number): number => Math.max(0, nats) / Math.LN2;
  return {
    targetFidelity: { expected: Math.exp(-mean), alarmBelow: Math.exp(-most) },
    entropyBits: {
      expected: bits(priorEntropy - 2 * mean),
      alarmBelow: bits(priorEntropy - 2 * most - Z * Math.sqrt(entropyVariance)),
    },
  };
}

/** The 99.9 % quantile of a scaled χ² of that mean and variance, by Wilson and Hilferty's approximation. */
function upperTail(mean: number, variance: number): number {
  const degrees = (2 * mean * mean) / variance;
  const spread = 2 / (9 * degrees);
  return mean * (1 - spread + Z * Math.sqrt(spread)) ** 3;
}
