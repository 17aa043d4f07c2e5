import type { Effort } from './effort.ts';

/** A best value at the moment it was found. */
export interface Improvement {
  /** Since the search began, by the watch's clock. */
  readonly timeMs: number;
  /** Steps of the search until then. */
  readonly steps: number;
  readonly value: number;
}

/** A long search improves more often than anyone wants to read: then only the last of each step is kept. */
const HISTORY_MAX = 500;

/** The best spins that a search has met. */
export class Incumbent {
  readonly spins: Int8Array;
  energy: number = Infinity;
  readonly history: Improvement[] = [];
  /** The search ends when the energy is at most this. */
  target: number = -Infinity;
  readonly #effort: Effort;

  constructor(size: number, effort: Effort) {
    this.spins = new Int8Array(size).fill(1);
    this.#effort = effort;
  }

  /** Keeps a copy if these spins are better. */
  offer(spins: Int8Array, energy: number): void {
    if (!(energy < this.energy)) return;
    this.spins.set(spins);
    this.energy = energy;
    if (this.history.length >= HISTORY_MAX) this.history.pop();
    this.history.push({
      timeMs: this.#effort.elapsedMs(),
      steps: this.#effort.steps,
      value: energy,
    });
    if (energy <= this.target) this.#effort.stop('target');
  }
}
