/** The only source of time below `cli`: the system's, or one that a test moves by hand. */
export interface Clock {
  /** Milliseconds since 1970. May step, also backwards. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  monotonicMs(): number;
  /** True where `now` never steps: nobody has to look whether it did. */
  readonly isSteady?: boolean;
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

/** Longest delay the platform's timers take; a longer one would fire at once. */
const TIMER_DELAY_MS_MAX = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), TIMER_DELAY_MS_MAX));
    return () => clearTimeout(timer);
  },
};
