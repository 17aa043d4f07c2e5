/**
 * Which of the senders that send much is read next, and how much of all of them.
 *
 * Left to themselves sockets are read all at once when the event loop looks at them: megabytes between an
 * entry's being on the disk and anybody's hearing of it. So senders take turns. Those that were refused something
 * are read no faster, all together, than the load allows: what they cannot get rid of waits in their own
 * sockets, which costs nothing here.
 *
 * Invariants
 *   T1  senders of a kind, refused or not, are read in the order in which their last turns ended
 *   T2  between two looks at the sockets turns of about `AT_ONCE_MAX` tasks are begun at most; of those that were
 *       refused about what the rate allows in `BURST_MS`
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
  /** Who waits, and whether for the rate, too. */
  readonly #waiting = new Map<Reader, boolean>();
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

  /** Whether there is no bound to what may be read. */
  get isOpen(): boolean {
    return this.#options.rate() === Number.POSITIVE_INFINITY;
  }

  /** Takes note of tasks that were read, whoever sent them. */
  read(tasks: number): void {
    this.#refill();
    this.#credit -= tasks;
  }

  /**
   * A turn is over, which brought `tasks`: the sender is to be left unread until the next one.
   *
   * @param isPaced - it was refused something, and is not read faster than the rate allows
   */
  wait(reader: Reader, tasks: number, isPaced: boolean): void {
    this.#perTurn += NEWEST * (tasks - this.#perTurn);
    this.#waiting.set(reader, isPaced);
    if (!isPaced || this.#cancelTimer === null) this.#wake();
  }

  /** A sender left. */
  leave(reader: Reader): void {
    this.#waiting.delete(reader);
    if (this.#waiting.size > 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #wake(): void {
    if (this.#isWoken || this.#waiting.size === 0) return;
    this.#isWoken = true;
    this.#options.soon(() => {
      this.#isWoken = false;
      this.#begin();
    });
  }

  #begin(): void {
    const rate = this.#refill();
    let atOnce = AT_ONCE_MAX;
    let left = this.#credit;
    // Whoever comes to wait meanwhile has the next look.
    const waiting = [...this.#waiting];
    for (const [reader, isPaced] of waiting) {
      if (atOnce < 0) break;
      if (isPaced && left < 0) continue;
      atOnce -= this.#perTurn;
      if (isPaced) left -= this.#perTurn;
      this.#waiting.delete(reader);
      reader.begin();
    }
    if (atOnce < 0 || this.#credit >= 0) this.#wake();
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
    if (rate === Number.POSITIVE_INFINITY) this.#credit = rate;
    else {
      const most = Math.min(AT_ONCE_MAX, rate * BURST_MS);
      const before = Math.max(Math.min(this.#credit, most), -rate * DEBT_MS_MAX);
      this.#credit = Math.min(most, before + rate * (nowMs - this.#lastMs));
    }
    this.#lastMs = nowMs;
    return rate;
  }
}
