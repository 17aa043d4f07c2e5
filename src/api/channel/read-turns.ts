/**
 * Which of the senders that send much is read next, and how much of all of them.
 *
 * Left to themselves sockets are read all at once when the event loop looks at them: megabytes between an
 * entry's being on the disk and anybody's hearing of it. So senders take turns. While more comes than is
 * served, all of them together are read no faster than the load allows: what a sender cannot get rid of waits
 * in its own socket, which costs nothing here.
 *
 * Invariants
 *   T1  senders are read in the order in which their last turns ended
 *   T2  between two looks at the sockets turns of about `AT_ONCE_MAX` tasks are begun at most, and where there is a
 *       rate of about what it allows in `BURST_MS`
 *   T3  however much a turn brought, the next one begins after `DEBT_MS_MAX` at most
 */
import type { Clock } from '../../runtime/index.ts';

/** Somebody who is left unread after a turn until {@link ReadTurns} begins their turn. */
export interface Reader {
  begin(): void;
}

export interface ReadTurnsOptions {
  readonly clock: Clock;
  /** Tasks a millisecond that may be read, above 0; infinite where there is no bound to that. */
  readonly rate: () => number;
  /** Calls back after sockets were looked at once more. */
  readonly soon: (callback: () => void) => void;
}

/** Tasks begun at once: about what an entry takes. */
const AT_ONCE_MAX = 2_000;
/** What was not read in so many milliseconds is not made up for later. */
const BURST_MS = 10;
/** Longest that one turn makes everybody wait, in milliseconds, however many tasks it brought. */
const DEBT_MS_MAX = 1_000;
/** Weight of the newest turn in what a turn brings. */
const NEWEST = 0.1;

export class ReadTurns {
  readonly #options: ReadTurnsOptions;
  readonly #waiting = new Set<Reader>();
  /** Tasks that may be read now; below 0 where too many were. */
  #credit = 0;
  /** Tasks that a turn brings, mostly. */
  #perTurn = 1;
  #lastMs: number;
  #isWoken = false;
  #cancelTimer: (() => void) | null = null;

  constructor(options: ReadTurnsOptions) {
    this.#options = options;
    this.#lastMs = options.clock.monotonicMs();
  }

  /** Senders that wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Takes note of tasks that were read, whoever sent them. */
  read(tasks: number): void {
    this.#credit -= tasks;
  }

  /** A turn is over, which brought `tasks`: the sender is to be left unread until the next one. */
  wait(reader: Reader, tasks: number): void {
    this.#perTurn += NEWEST * (tasks - this.#perTurn);
    this.#waiting.add(reader);
    this.#wake();
  }

  /** A sender left. */
  leave(reader: Reader): void {
    this.#waiting.delete(reader);
    if (this.#waiting.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #wake(): void {
    if (this.#isWoken || this.#cancelTimer !== null || this.#waiting.size === 0) return;
    this.#isWoken = true;
    this.#options.soon(() => {
      this.#isWoken = false;
      this.#begin();
    });
  }

  #begin(): void {
    const rate = this.#refill();
    let left = this.#credit;
    for (const reader of [...this.#waiting]) {
      if (left < 0) break;
      left -= this.#perTurn;
      this.#waiting.delete(reader);
      reader.begin();
    }
    if (this.#credit >= 0 || rate === Number.POSITIVE_INFINITY) this.#wake();
    else this.#wakeAfter(-this.#credit / rate);
  }

  #wakeAfter(ms: number): void {
    if (this.#waiting.size === 0 || this.#cancelTimer !== null) return;
    const delayMs = Math.min(DEBT_MS_MAX, Math.max(1, ms));
    this.#cancelTimer = this.#options.clock.setTimer(delayMs, () => {
      this.#cancelTimer = null;
      this.#begin();
    });
  }

  #refill(): number {
    const { clock, rate: rateOf } = this.#options;
    const nowMs = clock.monotonicMs();
    const rate = rateOf();
    if (rate === Number.POSITIVE_INFINITY) this.#credit = AT_ONCE_MAX;
    else {
      const before = Math.max(this.#credit, -rate * DEBT_MS_MAX);
      const credit = before + rate * (nowMs - this.#lastMs);
      this.#credit = Math.min(AT_ONCE_MAX, rate * BURST_MS, credit);
    }
    this.#lastMs = nowMs;
    return rate;
  }
}
