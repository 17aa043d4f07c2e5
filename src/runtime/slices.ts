import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Longest stretch of one piece of long work before others have their turn, in milliseconds. */
const SLICE_MS = 8;

/** Lets the event loop turn between slices of long work. */
export class Slices {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #endMs: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#endMs = clock.monotonicMs() + SLICE_MS;
  }

  /** Whether it is time for {@link next}; ask after some microseconds of work. */
  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#endMs;
  }

  /** Resolves when others had their turn. */
  async next(): Promise<void> {
    await nextTurn();
    this.#endMs = this.#clock.monotonicMs() + SLICE_MS;
  }
}
