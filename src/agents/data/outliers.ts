/** Values far from the bulk of their column. */
import { gather, sortOrder } from '../statistics/sort-order.ts';
import { quantile } from '../statistics/quantile.ts';
import type { Steps } from '../steps.ts';

export type OutlierMethod = 'iqr' | 'mad';

export interface Outliers {
  readonly method: OutlierMethod;
  /** Values below or above are outliers; null where the spread is zero and the rule says nothing. */
  readonly fences: { readonly low: number; readonly high: number } | null;
  readonly total: number;
  /** The farthest out, at most 50; `row` is the data row, from 1. */
  readonly listed: readonly { readonly row: number; readonly value: number }[];
}

const LISTED_MAX = 50;

/** Tukey's fences: this many interquartile ranges beyond the quartiles. */
const IQR_FACTOR = 1.5;

/** Modified z-score of an outlier (Iglewicz & Hoaglin 1993). */
const MAD_SCORE = 3.5;

/** Median absolute deviation of a standard normal distribution. */
const MAD_OF_NORMAL = 0.6745;

/**
 * Outliers of a column.
 *
 * @param values - one per row, NaN where missing; at least one value
 * @param order - rows of the values, ascending by value
 */
export function* findOutliers(
  values: Float64Array,
  order: Uint32Array,
  method: OutlierMethod,
): Steps<Outliers> {
  const sorted = gather(values, order);
  yield undefined;
  const fences = method === 'iqr' ? iqrFences(sorted) : yield* madFences(sorted);
  if (fences === null) return { method, fences, total: 0, listed: [] };
  let low = 0;
  while (low < sorted.length && sorted[low]! < fences.low) low += 1;
  let high = sorted.length;
  while (high > low && sorted[high - 1]! > fences.high) high -= 1;
  const total = low + sorted.length - high;
  const listed: { row: number; value: number }[] = [];
  // From both ends inwards, the farther out first.
  for (let [left, right] = [0, sorted.length - 1]; listed.length < Math.min(total, LISTED_MAX);) {
    const lowExcess = left < low ? fences.low - sorted[left]! : Number.NEGATIVE_INFINITY;
    const highExcess = right >= high ? sorted[right]! - fences.high : Number.NEGATIVE_INFINITY;
    const place = lowExcess >= highExcess ? left++ : right--;
    listed.push({ row: order[place]! + 1, value: sorted[place]! });
  }
  return { method, fences, total, listed };
}

function iqrFences(sorted: Float64Array): Outliers['fences'] {
  const low = quantile(sorted, 0.25);
  const high = quantile(sorted, 0.75);
  const reach = IQR_FACTOR * (high - low);
  return reach > 0 ? { low: low - reach, high: high + reach } : null;
}

function* madFences(sorted: Float64Array): Steps<Outliers['fences']> {
  const median = quantile(sorted, 0.5);
  const deviations = sorted.map((value) => Math.abs(value - median));
  yield undefined;
  const order = yield* sortOrder(deviations);
  const reach = (MAD_SCORE * quantile(gather(deviations, order), 0.5)) / MAD_OF_NORMAL;
  return reach > 0 ? { low: median - reach, high: median + reach } : null;
}
