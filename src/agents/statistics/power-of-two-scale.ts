/** Exponent bound that keeps the scale and its inverse normal numbers. */
const EXPONENT_MAX = 1000;

/**
 * A power of two that brings the largest magnitude among `values` into [1, 2), or near it.
 *
 * Multiplying by it is exact, so squares and fourth powers become safe at no loss. NaN is skipped;
 * 1 where there is nothing but zeros. O(n).
 */
export function powerOfTwoScale(values: Float64Array): number {
  let magnitudeMax = 0;
  for (const value of values) {
    const magnitude = Math.abs(value);
    if (magnitude > magnitudeMax) magnitudeMax = magnitude;
  }
  if (magnitudeMax === 0) return 1;
  const exponent = Math.floor(Math.log2(magnitudeMax));
  return 2 ** -Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, exponent));
}
