import type { Clock } from './clock.ts';

/** How much slower than the clock time goes by while the clock catches up. */
const SLOWER = 2;

/**
 * The time that entries are given: that of the clock, or, while the clock is behind the newest entry, one that goes on at
 * half its pace until the clock has caught up.
 *
 * Time never goes back in the log. Were it to stand instead, whatever waits for a moment would wait for as long as the
 * clock was once ahead, on this machine or on that of an earlier leader.
 */
export class EntryTime {
  readonly #clock: Clock;
  readonly #state: { readonly nowMs: number };
  /** Where the log's time was when the clock was found behind it, and when that was. */
  #behind: { readonly nowMs: number; readonly sinceMs: number } | null = null;

  /** @param state - `nowMs` is the time of the newest entry */
  constructor(clock: Clock, state: { readonly nowMs: number }) {
    this.#clock = clock;
    this.#state = state;
  }

  /** Milliseconds since 1970; never before the newest entry. */
  now(): number {
    const { nowMs } = this.#state;
    const [clockMs, monotonicMs] = [this.#clock.now(), this.#clock.monotonicMs()];
    const known = this.#behind;
    const goneOn =
      known === null ? nowMs : known.nowMs + Math.floor((monotonicMs - known.sinceMs) / SLOWER);
    if (clockMs >= Math.max(nowMs, goneOn)) {
      this.#behind = null;
      return clockMs;
    }
    if (known !== null && goneOn >= nowMs) return goneOn;
    this.#behind = { nowMs, sinceMs: monotonicMs };
    return nowMs;
  }

  /** Milliseconds until a moment, in which this time comes to it; 0 or less where it is past. */
  until(moment: number): number {
    const leftMs = moment - this.now();
    return this.#behind === null ? leftMs : SLOWER * leftMs;
  }
}
