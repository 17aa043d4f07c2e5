import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** Cuts long work into turns of the event loop, and knows how long the longest was. */
export class Slices {
  readonly #sliceMs: number;
  readonly #sleep: (ms: number) => Promise<void>;
  #startedAt = performance.now();
  #longestMs = 0;

  /** @param sliceMs - longest stretch of work in one turn, in milliseconds */
  constructor(sliceMs: number, sleep: (ms: number) => Promise<void> = pause) {
    this.#sliceMs = sliceMs;
    this.#sleep = sleep;
  }

  get longestMs(): number {
    return this.#longestMs;
  }

  /** Whether this turn's share is used up. */
  get spent(): boolean {
    return performance.now() - this.#startedAt >= this.#sliceMs;
  }

  /** Ends this turn's work. */
  end(): void {
    this.#longestMs = Math.max(this.#longestMs, performance.now() - this.#startedAt);
  }

  /** Begins the next turn's work. */
  begin(): void {
    this.#startedAt = performance.now();
  }

  /** Lets everything else have its turn. */
  async next(): Promise<void> {
    this.end();
    await nextTurn();
    this.begin();
  }

  /** Lets everything else have as much time as a slice takes: for work that nobody waits for. */
  async rest(): Promise<void> {
    this.end();
    await this.#sleep(this.#sliceMs);
    this.begin();
  }
}
