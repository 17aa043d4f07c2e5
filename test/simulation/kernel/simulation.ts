/**
 * Virtual time: events happen one after the other, in the order of their moments, on one thread.
 *
 * Nothing here reads a clock: an hour passes as quickly as its events can be worked off. Where production code awaits
 * something, {@link Simulation.runAsync} lets every promise that can go on do so before the next event.
 */
import { Chance } from './chance.ts';
import { EventQueue, type Action } from './event-queue.ts';
import { Rest } from './rest.ts';
import { Trace } from './trace.ts';

export class Simulation {
  readonly seed: number;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly #queue = new EventQueue();
  #nowUs = 0;
  #events = 0;

  constructor(seed: number, traceLines = 0) {
    this.seed = seed;
    this.chance = new Chance(seed);
    this.trace = new Trace(traceLines);
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  /** Events worked off so far. */
  get events(): number {
    return this.#events;
  }

  /** Does `action` in `delayUs` (a whole number from 0). */
  after(delayUs: number, action: Action): void {
    this.#queue.add(this.#nowUs + delayUs, action);
  }

  /** Does `action` again and again, as long as it returns the delay to its next time. */
  repeat(firstDelayUs: number, action: () => number | undefined): void {
    const again = (): void => {
      const delayUs = action();
      if (delayUs !== undefined) this.after(delayUs, again);
    };
    this.after(firstDelayUs, again);
  }

  /** Keeps a line of what happened, where lines are kept. */
  say(word: () => string): void {
    this.trace.say(this.#nowUs, word);
  }

  note(code: number, a = 0, b = 0): void {
    this.trace.note(this.#nowUs, code, a, b);
  }

  /** Works events off until `isDone`, `untilUs` has come or nothing is left to happen. */
  run(untilUs: number, isDone: () => boolean = (): boolean => false): void {
    while (!isDone() && this.#advance(untilUs));
    if (!isDone() && this.#nowUs < untilUs) this.#nowUs = untilUs;
  }

  /** Like {@link run}, for code that awaits: every promise that can go on does so before the next event. */
  async runAsync(untilUs: number, isDone: () => boolean = (): boolean => false): Promise<void> {
    using rest = new Rest();
    await rest.come();
    while (!isDone() && this.#advance(untilUs)) await rest.come();
    if (!isDone() && this.#nowUs < untilUs) this.#nowUs = untilUs;
  }

  #advance(untilUs: number): boolean {
    const atUs = this.#queue.nextAtUs;
    if (atUs > untilUs) return false;
    const action = this.#queue.take();
    if (action === undefined) return false;
    this.#nowUs = atUs;
    this.#events += 1;
    action();
    return true;
  }
}
