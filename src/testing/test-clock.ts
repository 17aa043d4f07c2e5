import { AssertionError } from 'node:assert';
import { parseDurationMs } from '../base/duration.ts';
import type { Clock } from '../runtime/index.ts';
import type { ManualClock } from './manual-clock.ts';

/** Milliseconds, or a text such as `90s`, `1h30m` or `30d`. */
export type Duration = number | string;

/** Milliseconds since 1970, an ISO 8601 text, or a `Date`. */
export type Moment = number | string | Date;

/** Jumps after which a clock that is to run until it is idle is taken for one that never will be. */
const JUMPS_MAX = 10_000;

export interface TestClockParts {
  readonly time: ManualClock;
  /** Lets everything go on until nothing happens any more. */
  readonly settle: () => Promise<void>;
  /** The clock of the process that runs now. */
  readonly process: () => Clock;
}

/**
 * The clock of a test. It stands until it is moved, and then jumps from timer to timer: 30 days take
 * as long as what happens in them. After each jump everything that follows from it is let happen,
 * while the clock stands.
 */
export class TestClock {
  readonly #parts: TestClockParts;
  /** The move under way; the next one begins after it. */
  #move: Promise<void> = Promise.resolve();

  constructor(parts: TestClockParts) {
    this.#parts = parts;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#parts.time.now();
  }

  /** Lets a length of time pass. */
  advance(duration: Duration): Promise<void> {
    const { time } = this.#parts;
    const ms = durationMs(duration);
    return this.#inTurn(() => this.#jumpThrough(time.monotonicMs() + ms));
  }

  /** Lets time pass up to a moment that is not in the past. */
  advanceTo(moment: Moment): Promise<void> {
    const { time } = this.#parts;
    const at = momentMs(moment);
    return this.#inTurn(() => {
      const ms = at - time.now();
      if (ms < 0) throw new RangeError(`a moment must not be in the past, got ${isoOf(at)}`);
      return this.#jumpThrough(time.monotonicMs() + ms);
    });
  }

  /** Jumps to the next timer, if there is one and it is at most `msMax` away; false when not. */
  async jump(msMax: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    let isMoved = false;
    await this.#inTurn(async () => {
      isMoved = await this.#jump(this.#parts.time.monotonicMs() + msMax);
    });
    return isMoved;
  }

  /**
   * Lets time pass until no timer is set any more.
   *
   * @throws AssertionError after 10,000 jumps: what comes again and again never is idle
   */
  runUntilIdle(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#parts.settle();
      for (let jumps = 0; await this.#jump(Number.POSITIVE_INFINITY); jumps++) {
        if (jumps < JUMPS_MAX) continue;
        throw new AssertionError({
          message: `the clock must become idle, got timers after ${JUMPS_MAX} jumps, at ${isoOf(this.now())}: where something comes again and again, advance instead`,
        });
      }
    });
  }

  /** Resolves once the clock was moved that far: how a handler waits. A crash ends the wait for good. */
  sleep(duration: Duration): Promise<void> {
    const ms = durationMs(duration);
    return new Promise((resolve) => this.#parts.process().setTimer(ms, resolve));
  }

  async #jumpThrough(endMs: number): Promise<void> {
    const { settle, time } = this.#parts;
    await settle();
    while (await this.#jump(endMs));
    time.advance(Math.max(0, endMs - time.monotonicMs()));
  }

  /** Jumps to the next timer up to `endMs`, on the monotonic clock. */
  async #jump(endMs: number): Promise<boolean> {
    const { settle, time } = this.#parts;
    const { nextMs } = time;
    if (nextMs === null || nextMs > endMs) return false;
    time.advance(Math.max(0, nextMs - time.monotonicMs()));
    await settle();
    return true;
  }

  #inTurn(move: () => Promise<void>): Promise<void> {
    const moved = this.#move.then(move);
    this.#move = moved.catch(() => undefined);
    return moved;
  }
}

/** @throws RangeError for what is no duration */
export function durationMs(duration: Duration): number {
  const ms = typeof duration === 'number' ? duration : parseDurationMs(duration);
  if (ms !== null && Number.isFinite(ms) && ms >= 0) return ms;
  throw new RangeError(`a duration must be milliseconds or like 30s or 1h30m, got ${duration}`);
}

/** @throws RangeError for what is no moment */
export function momentMs(moment: Moment): number {
  const ms = new Date(moment).getTime();
  if (!Number.isNaN(ms)) return ms;
  throw new RangeError(
    `a moment must be milliseconds since 1970 or ISO 8601, got ${String(moment)}`,
  );
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** The clock as one process has it: when the process goes, so do its timers. */
export class ProcessClock implements Clock {
  readonly isSteady: boolean = true;
  readonly #time: ManualClock;
  readonly #cancels = new Set<() => void>();
  #isEnded = false;

  constructor(time: ManualClock) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now();
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    if (this.#isEnded) return () => undefined;
    const cancel = this.#time.setTimer(delayMs, () => {
      this.#cancels.delete(cancel);
      callback();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  /** No timer of the process fires any more. */
  end(): void {
    this.#isEnded = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
