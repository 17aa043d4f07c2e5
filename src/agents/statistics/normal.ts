/** The standard normal distribution: its quantiles, and draws from it. */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';

/** Beyond this many standard deviations lies less than 1e-17 of the distribution. */
const DEVIATIONS_MAX = 8.5;

/** Probability of a value below `x`, by the all-positive series φ(x)·(x + x³/3 + x⁵/15 + …). */
export function normalCumulative(x: number): number {
  if (x < 0) return 1 - normalCumulative(-x);
  if (x >= DEVIATIONS_MAX) return 1;
  let term = x;
  let sum = 0;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (x * x) / odd;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/**
 * The value below which a share `probability` of the distribution lies; absolute error below 1e-9
 * for 1e-6 ≤ probability ≤ 1 − 1e-6.
 */
export function normalQuantile(probability: number): number {
  invariant(
    0 < probability && probability < 1,
    () => `probability must lie between 0 and 1, got ${probability}`,
  );
  let low = -DEVIATIONS_MAX;
  let high = DEVIATIONS_MAX;
  // Bisection halves an interval of 17 to below 1e-15 in 54 rounds; it is called a few times a task.
  for (let round = 0; round < 54; round += 1) {
    const middle = (low + high) / 2;
    if (normalCumulative(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A standard normal draw (Box & Muller 1958); takes two numbers of `rng`. */
export function normalDraw(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.unit()));
  return radius * Math.cos(2 * Math.PI * rng.unit());
}
