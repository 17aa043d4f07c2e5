/** Asking again after a server that had too much to do. */
import { isOrchestratorError } from '../base/errors.ts';

/** First delay where the server names none, and the longest, in milliseconds. */
const DELAY_MS_MIN = 100;
const DELAY_MS_MAX = 10_000;

/**
 * Delay before the next try: what the server asked for and more with every try, spread over half as much
 * again, so that those who were refused together do not come back together.
 *
 * @param attempt - tries so far, 1 or more
 * @param chance - 0 to 1
 */
export function overloadDelayMs(attempt: number, retryAfterMs: number, chance: number): number {
  const backOffMs = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** (attempt - 1));
  return Math.max(retryAfterMs, backOffMs) * (1 + chance / 2);
}

export interface OverloadWait {
  /** Longest time in all, in milliseconds; 0 tries once. */
  readonly waitMs: number;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** Resolves after so long, or rejects when there is no more use in waiting. */
  readonly delay: (ms: number) => Promise<void>;
}

/**
 * Tries until the server takes it, for as long as the wait allows.
 *
 * Only for what the server refuses whole: a refused submit left nothing behind.
 *
 * @throws the refusal of the last try, and any other error at once
 */
export async function untilAdmitted<Result>(
  attempt: () => Promise<Result>,
  { chance, delay, nowMs, waitMs }: OverloadWait,
): Promise<Result> {
  const endMs = nowMs() + waitMs;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isOrchestratorError(error) || error.code !== 'OVERLOADED') throw error;
      const { retryAfterMs } = error.details;
      const asked = typeof retryAfterMs === 'number' ? retryAfterMs : 0;
      const delayMs = overloadDelayMs(tries, asked, chance());
      if (nowMs() + delayMs > endMs) throw error;
      await delay(delayMs);
    }
  }
}
