import { setImmediate as realTurn } from 'node:timers';

const ROUNDS_MAX = 1_000;

/**
 * Waits until nothing has anything left to do at once: no promise, no `process.nextTick`, no turn of the event loop.
 *
 * A turn of the event loop takes a microsecond, as long as many an event, so it is taken only where somebody asked for
 * one. Node runs ticks when all promises went on, hence a tick from a promise comes after every promise; ticks of others
 * may wake more of them, and are counted while an instance is in use.
 */
export class Rest implements Disposable {
  readonly #nextTick: (callback: () => void) => void = process.nextTick.bind(process);
  readonly #own = Object.getOwnPropertyDescriptor(process, 'nextTick');
  #ticks = 0;
  /** How many of them the last look knew of: what one of them woke may go on until the next. */
  #seen = 0;

  constructor() {
    const nextTick: (callback: (...values: unknown[]) => void, ...values: unknown[]) => void =
      process.nextTick.bind(process);
    process.nextTick = (callback: (...values: unknown[]) => void, ...values: unknown[]): void => {
      this.#ticks += 1;
      nextTick(callback, ...values);
    };
  }

  /** Resolves when everything rests, or after a thousand rounds. */
  come(): Promise<void> {
    return new Promise((resolve) => {
      let rounds = 0;
      const round = (): void => this.#nextTick(look);
      const look = (): void => {
        rounds += 1;
        if (rounds > ROUNDS_MAX) return resolve();
        if (this.#seen !== this.#ticks) {
          this.#seen = this.#ticks;
          queueMicrotask(round);
        } else if (process.getActiveResourcesInfo().includes('Immediate')) realTurn(round);
        else resolve();
      };
      queueMicrotask(round);
    });
  }

  [Symbol.dispose](): void {
    if (this.#own !== undefined) Object.defineProperty(process, 'nextTick', this.#own);
  }
}
