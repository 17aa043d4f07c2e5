import { invariant } from '../../src/base/invariant.ts';
import { quantile } from '../harness/statistics.ts';
import { messagesOf, type Needs } from './messages.ts';
import type { Run } from './simulate.ts';

/** What is measured of a run. Times in milliseconds, shares in percent of the tasks, attempts and messages a task. */
export const MEASURES = [
  'mean',
  'p50',
  'p99',
  'p99.9',
  'in time',
  'lost',
  'struck',
  'attempts',
  'messages',
  'jain',
] as const;
export type Measure = (typeof MEASURES)[number];
export type Figures = Readonly<Record<Measure, number>>;

/** Tasks before this share of all are not counted: at first nobody knows anything. */
const WARM_SHARE = 0.2;
/** Ten times the mean work. */
const IN_TIME_MS = 10_000;

export interface Counting {
  /** What the policy must be told; its own tasks without. */
  readonly needs?: Needs;
  /** Part of the tasks of which the response is not counted, 0..1; a fifth without. */
  readonly warmShare?: number | undefined;
}

export function figuresOf(run: Run, counting: Counting = {}): Figures {
  const { needs = 'own', warmShare = WARM_SHARE } = counting;
  const { attempts, lost, responsesMs, struck, workedMs } = run;
  const tasks = responsesMs.length;
  const counted = responsesMs.slice(Math.ceil(tasks * warmShare)).sort();
  const inTime = counted.findLastIndex((ms) => ms <= IN_TIME_MS) + 1;
  return {
    mean: meanOf(counted),
    p50: quantile(counted, 0.5),
    p99: quantile(counted, 0.99),
    'p99.9': quantile(counted, 0.999),
    'in time': (100 * inTime) / counted.length,
    lost: (100 * lost) / tasks,
    struck: (100 * struck) / tasks,
    attempts: attempts / tasks,
    messages: messagesOf(run, needs) / tasks,
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
  invariant(values.length === others.length, 'pairs are of the same seeds');
  const logs = values.map((value, seed) => Math.log(value / (others[seed] as number)));
  const { high, low, mean } = estimate(logs);
  return { mean: Math.exp(mean), low: Math.exp(low), high: Math.exp(high) };
}

/** The least of the sorted values that a share `p` of them does not exceed. */
export function nearestRank(sorted: ArrayLike<number>, p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] as number;
  return sum / values.length;
}

/** The 97.5 % quantiles from one degree of freedom on. */
const STUDENT = [12.706_2, 4.302_7, 3.182_4, 2.776_4];

/** The 97.5 % quantile, from 5 degrees of freedom on by Cornish and Fisher's expansion: within 1 %. */
function studentQuantile(free: number): number {
  const known = STUDENT[free - 1];
  if (known !== undefined) return known;
  const z = 1.959_964;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / free + second / free ** 2;
}
