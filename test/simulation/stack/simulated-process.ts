import type { ShellClock } from '../../../src/log/index.ts';
import type { Simulation } from '../kernel/simulation.ts';

/**
 * One life of a process: what happens to it happens through here, so that it can be stopped for a time or for ever.
 *
 * A paused one misses nothing: timers, bytes and finished writes wait for it. For a dead one nothing happens any more.
 */
export class SimulatedProcess {
  readonly endpoint: number;
  readonly clock: ShellClock;
  readonly #simulation: Simulation;
  #waiting: (() => void)[] = [];
  #pausedUntilUs = 0;
  #isDead = false;
  #onDeath: (() => void)[] = [];

  /** @param clockRate - how much faster than time the own clock runs */
  constructor(simulation: Simulation, endpoint: number, clockRate: number) {
    this.#simulation = simulation;
    this.endpoint = endpoint;
    this.clock = {
      monotonicMs: () => (simulation.nowUs / 1_000) * clockRate,
      setTimer: (delayMs, callback) => {
        let isWanted = true;
        this.after(Math.ceil((delayMs * 1_000) / clockRate), () => {
          if (isWanted) callback();
        });
        return () => {
          isWanted = false;
        };
      },
      defer: (callback) => this.after(0, callback),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isPaused(): boolean {
    return this.#pausedUntilUs > this.#simulation.nowUs;
  }

  after(delayUs: number, action: () => void): void {
    this.#simulation.after(delayUs, () => this.run(action));
  }

  /** Does it now, or once the process goes on, or never. */
  run(action: () => void): void {
    if (this.#isDead) return;
    if (this.isPaused || this.#waiting.length > 0) this.#waiting.push(action);
    else action();
  }

  pause(durationUs: number): void {
    const untilUs = this.#simulation.nowUs + durationUs;
    if (untilUs <= this.#pausedUntilUs) return;
    this.#pausedUntilUs = untilUs;
    this.#simulation.after(durationUs, () => this.#goOn());
  }

  onDeath(action: () => void): void {
    this.#onDeath.push(action);
  }

  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#waiting = [];
    for (const action of this.#onDeath.splice(0)) action();
  }

  /** What waited happens one by one, each with all that follows from it at once. */
  #goOn(): void {
    if (this.#isDead || this.isPaused) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    next();
    this.#simulation.after(0, () => this.#goOn());
  }
}
