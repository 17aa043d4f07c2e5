import { invariant } from '../../base/invariant.ts';

/**
 * Quantile of ascending values by linear interpolation between order statistics.
 *
 * The rule R-7 of Hyndman & Fan, The American Statistician 50 (1996) 361: position
 * `(n − 1) · probability`, counted from 0.
 *
 * @param sorted - ascending, at least one value, no NaN
 * @param probability - of 0..1
 */
export function quantile(sorted: Float64Array, probability: number): number {
  invariant(sorted.length > 0, 'a quantile needs a value, got none');
  invariant(
    0 <= probability && probability <= 1,
    () => `probability must be of 0..1, got ${probability}`,
  );
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (position - below) * (high - low);
}
