/**
 * xoshiro128** by Blackman and Vigna (2018), seeded through splitmix32: the one source of chance in pure rooms.
 *
 * Its whole state is four 32-bit words, so it can be stored, restored and replayed.
 */
export type RngState = readonly [number, number, number, number];

export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor(state: RngState) {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** A generator whose draws depend on `seed` (any integer) alone. */
  static fromSeed(seed: number): Rng {
    let x = seed | 0;
    const word = (): number => {
      x = (x + 0x9e3779b9) | 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    return new Rng([word(), word(), word(), word() | 1]);
  }

  /** Continues where `state` left off. */
  static fromState(state: RngState): Rng {
    return new Rng(state);
  }

  get state(): RngState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /** A uniform integer in [0, 2³²). */
  u32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A uniform number in [0, 1), of 32 random bits. */
  unit(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** A uniform integer in [0, n), for 1 ≤ n ≤ 2³²; bias below n / 2³². */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
}
