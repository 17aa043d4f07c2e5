import type { Rng } from '../base/rng.ts';
import { unreachable } from '../base/invariant.ts';
import type { RetryPolicy } from './spec.ts';

/**
 * The wait before the next attempt, in whole milliseconds, 0..`delayMsMax`.
 *
 * @param attempt - attempts made so far, from 1
 * @param delayMsLast - what this function returned for the attempt before, 0 at first
 *
 * With base d and attempt n: fixed d; linear d·n; exponential d·2ⁿ⁻¹; fibonacci d·F(n), F = 1, 1, 2, 3, …;
 * decorrelated-jitter uniform over [d, 3·last] (Brooker, "Exponential Backoff and Jitter", 2015).
 * All but the last are then spread downwards by the policy's `jitter`.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  delayMsLast: number,
  rng: Rng,
): number {
  const { delayMs, delayMsMax } = policy;
  if (policy.strategy === 'decorrelated-jitter') {
    const ceiling = Math.max(delayMs, 3 * Math.max(delayMs, delayMsLast));
    return Math.min(delayMsMax, Math.round(delayMs + rng.unit() * (ceiling - delayMs)));
  }
  const delay = Math.min(delayMsMax, delayMs * growth(policy.strategy, attempt));
  return Math.round(delay * (1 - policy.jitter * rng.unit()));
}

function growth(
  strategy: Exclude<RetryPolicy['strategy'], 'decorrelated-jitter'>,
  n: number,
): number {
  switch (strategy) {
    case 'fixed':
      return 1;
    case 'linear':
      return n;
    case 'exponential':
      // 2¹⁰⁰ is past every ceiling; the bound keeps 0 · ∞ from becoming NaN.
      return 2 ** Math.min(n - 1, 100);
    case 'fibonacci':
      return fibonacci(Math.min(n, 100));
    default:
      return unreachable(strategy);
  }
}

function fibonacci(n: number): number {
  let [a, b] = [0, 1];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a;
}
