import type { Clock } from '../runtime/index.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands until it is moved by hand. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param nowMs - the moment it begins with, in milliseconds since 1970 */
  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  /** Timers that are armed. */
  get timers(): number {
    return this.#timers.size;
  }

  /** When the next timer is due, on the monotonic clock; null when none ever is. */
  get nextMs(): number | null {
    return this.#next(Number.MAX_VALUE)?.dueMs ?? null;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const dueMs = this.#monotonicMs + Math.max(0, delayMs);
    const timer = { dueMs, order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets `ms` pass: timers fire in the order of their moments, each at its own. */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let next = this.#next(endMs); next !== null; next = this.#next(endMs)) {
      this.#move(Math.max(0, next.dueMs - this.#monotonicMs));
      this.#timers.delete(next);
      next.callback();
    }
    this.#move(endMs - this.#monotonicMs);
  }

  /** Lets `ms` pass while this process stands still: timers that came due fire only afterwards. */
  pause(ms: number): void {
    this.#move(ms);
    this.advance(0);
  }

  /** Sets the wall clock forward or back; no time passes. */
  step(ms: number): void {
    this.#nowMs += ms;
  }

  #move(ms: number): void {
    this.#monotonicMs += ms;
    this.#nowMs += ms;
  }

  #next(endMs: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.dueMs > endMs) continue;
      const isEarlier =
        next === null ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order);
      if (isEarlier) next = timer;
    }
    return next;
  }
}
