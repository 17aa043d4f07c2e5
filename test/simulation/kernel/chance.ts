import { Rng } from '../../../src/base/rng.ts';

/**
 * Chance of one concern of one run: delays, faults, clients … each draw from a generator of their own, so that a
 * change in how one of them draws leaves the others as they were.
 */
export class Chance {
  readonly #rng: Rng;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.#rng = Rng.fromSeed(seed);
  }

  /** A generator that depends on this one's seed and `concern` alone, not on what was drawn from either. */
  fork(concern: string): Chance {
    let hash = 0x811c9dc5 ^ this.#seed;
    for (let position = 0; position < concern.length; position += 1) {
      hash = Math.imul(hash ^ concern.charCodeAt(position), 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return new Chance(hash ^ (hash >>> 13) ^ Math.imul(this.#seed, 0x9e3779b1));
  }

  /** For production code that draws for itself. */
  rng(): Rng {
    return Rng.fromSeed(this.#rng.u32());
  }

  /** A uniform integer in [0, n). */
  below(n: number): number {
    return this.#rng.below(n);
  }

  /** A uniform integer in [min, max]. */
  between(min: number, max: number): number {
    return min + this.#rng.below(max - min + 1);
  }

  unit(): number {
    return this.#rng.unit();
  }

  /** True with the given probability; draws nothing where it is 0, so that a fault that is off costs nothing. */
  happens(probability: number): boolean {
    return probability > 0 && this.#rng.unit() < probability;
  }

  /** A whole number with an exponential distribution, at most ten times its mean. */
  exponential(mean: number): number {
    return Math.min(mean * 10, Math.round(-Math.log(1 - this.#rng.unit()) * mean));
  }

  /** A factor from 1 / `spread` to `spread`, as likely above 1 as below. */
  spread(spread: number): number {
    return Math.exp((2 * this.#rng.unit() - 1) * Math.log(spread));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('there must be something to pick from');
    return item;
  }

  /** `items` in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let position = result.length - 1; position > 0; position -= 1) {
      const other = this.below(position + 1);
      const kept = result[position] as T;
      result[position] = result[other] as T;
      result[other] = kept;
    }
    return result;
  }
}
