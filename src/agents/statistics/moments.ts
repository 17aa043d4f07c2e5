/**
 * Mean, variance, skewness and kurtosis in one stable pass.
 *
 * Source: B. P. Welford, Technometrics 4 (1962) 419, extended to third and fourth central moments.
 */
import { WORK_PER_STEP, type Steps } from '../steps.ts';
import { powerOfTwoScale } from './power-of-two-scale.ts';

export interface Moments {
  readonly count: number;
  /** Null of no values. */
  readonly mean: number | null;
  /** Sample standard deviation (divisor count − 1); null below two values. */
  readonly stddev: number | null;
  /** g₁ = m₃ / m₂^1.5, the moment estimator; null where all values are equal. */
  readonly skewness: number | null;
  /** g₂ = m₄ / m₂² − 3, zero of a normal distribution; null where all values are equal. */
  readonly excessKurtosis: number | null;
}

/**
 * Moments of the finite `values`; NaN is skipped.
 *
 * Values are scaled by a power of two first, which is exact, so that fourth powers neither
 * overflow nor vanish. O(n).
 */
export function* momentsOf(values: Float64Array): Steps<Moments> {
  const scale = powerOfTwoScale(values);
  let count = 0;
  let mean = 0;
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  for (let index = 0; index < values.length; index += 1) {
    if (index % WORK_PER_STEP === WORK_PER_STEP - 1) yield undefined;
    const value = values[index]! * scale;
    if (Number.isNaN(value)) continue;
    count += 1;
    const delta = value - mean;
    const shift = delta / count;
    const term = delta * shift * (count - 1);
    mean += shift;
    m4 += term * shift * shift * (count * count - 3 * count + 3);
    m4 += 6 * shift * shift * m2 - 4 * shift * m3;
    m3 += term * shift * (count - 2) - 3 * shift * m2;
    m2 += term;
  }
  const spread = m2 > 0 ? m2 : null;
  return {
    count,
    mean: count === 0 ? null : mean / scale,
    stddev: count < 2 ? null : Math.sqrt(m2 / (count - 1)) / scale,
    skewness: spread === null ? null : (Math.sqrt(count) * m3) / spread ** 1.5,
    excessKurtosis: spread === null ? null : (count * m4) / (spread * spread) - 3,
  };
}
