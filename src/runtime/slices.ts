import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Longest stretch of one piece of long work before others have their turn, if not said otherwise. */
const SLICE_MS = 2;

/** Lets the event loop turn between slices of long work. */
export class Slices {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #sliceMs: number;
  #endMs: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>, sliceMs: number = SLICE_MS) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
    this.#endMs = clock.monotonicMs() + sliceMs;
  }

  /** Whether it is time for {@link next}; ask after some microseconds of work. */
  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#endMs;
  }

  /** Resolves when others had their turn. */
  async next(): Promise<void> {
    await nextTurn();
    this.#endMs = this.#clock.monotonicMs() + this.#sliceMs;
  }
}
