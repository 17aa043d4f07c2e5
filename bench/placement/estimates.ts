import { quantile } from '../harness/statistics.ts';
import type { Run } from './simulate.ts';

/** What is measured of a run. Times in milliseconds, shares in percent. */
export const MEASURES = [
  'mean',
  'p50',
  'p99',
  'p99.9',
  'in time',
  'lost',
  'attempts',
  'jain',
] as const;
export type Measure = (typeof MEASURES)[number];
export type Figures = Readonly<Record<Measure, number>>;

/** Tasks before this share of all are not counted: at first nobody knows anything. */
const WARM_SHARE = 0.2;
/** Ten times the mean work. */
const IN_TIME_MS = 10_000;

export function figuresOf({ attempts, lost, responsesMs, workedMs }: Run): Figures {
  const tasks = responsesMs.length;
  const counted = responsesMs.slice(Math.ceil(tasks * WARM_SHARE)).sort();
  const inTime = counted.findLastIndex((ms) => ms <= IN_TIME_MS) + 1;
  return {
    mean: meanOf(counted),
    p50: quantile(counted, 0.5),
    p99: quantile(counted, 0.99),
    'p99.9': quantile(counted, 0.999),
    'in time': (100 * inTime) / counted.length,
    lost: (100 * lost) / tasks,
    attempts: attempts / tasks,
    jain: jainIndex(workedMs),
  };
}

/** (Σx)² / (n·Σx²): 1 where all have the same, 1/n where one has everything (Jain, Chiu and Hawe, 1984). */
function jainIndex(shares: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const share of shares) {
    sum += share;
    squares += share * share;
  }
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}

/** A mean over seeds and its 95 % interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** By Student's distribution. */
export function estimate(values: readonly number[]): Estimate {
  const mean = meanOf(values);
  const free = values.length - 1;
  if (free < 1) return { mean, low: mean, high: mean };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / free;
  const half = studentQuantile(free) * Math.sqrt(variance / values.length);
  return { mean, low: mean - half, high: mean + half };
}

/** How many times larger `values` are than `others` of the same seeds: geometric, by pairs. */
export function ratio(values: readonly number[], others: readonly number[]): Estimate {
  const logs = values.map((value, seed) => Math.log(value / (others[seed] ?? Number.NaN)));
  const { high, low, mean } = estimate(logs);
  return { mean: Math.exp(mean), low: Math.exp(low), high: Math.exp(high) };
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}

/** The 97.5 % quantile, by Cornish and Fisher's expansion: within 1 % from 5 degrees of freedom on. */
function studentQuantile(free: number): number {
  const z = 1.959_964;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / free + second / free ** 2;
}
