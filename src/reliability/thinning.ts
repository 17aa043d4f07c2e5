/** What may be left out while too much is under way, and how much of it is kept. Pure. */
import type { AdmissionLevel } from './admission-options.ts';

/** `progress`: news that change no state; `measure`: values for histograms; `log`: lines of single requests. */
export type Thinnable = 'progress' | 'measure' | 'log';

/** One in so many is kept; 0 keeps none. */
const ONE_IN: Readonly<Record<AdmissionLevel, Readonly<Record<Thinnable, number>>>> = {
  normal: { progress: 1, measure: 1, log: 1 },
  elevated: { progress: 8, measure: 8, log: 10 },
  critical: { progress: 0, measure: 32, log: 100 },
};

/** Asked by whoever does what is not essential. */
export class Thinning {
  readonly #level: () => AdmissionLevel;
  readonly #counts: Record<Thinnable, number> = { progress: 0, measure: 0, log: 0 };

  constructor(level: () => AdmissionLevel) {
    this.#level = level;
  }

  /** Whether the next one is kept, and for how many it stands: 0 leaves it out. */
  weigh(what: Thinnable): number {
    const oneIn = ONE_IN[this.#level()][what];
    if (oneIn <= 1) return oneIn;
    const count = (this.#counts[what] + 1) % oneIn;
    this.#counts[what] = count;
    return count === 0 ? oneIn : 0;
  }
}
