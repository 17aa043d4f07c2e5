import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from './rng.ts';

const SEED = process.env['SEED'];
const options = SEED === undefined ? {} : { seed: Number(SEED) };

describe('xoshiro128**', () => {
  test('its first words from state 1, 2, 3, 4 are those of the published algorithm, computed apart', () => {
    const rng = Rng.fromState([1, 2, 3, 4]);
    const words = Array.from({ length: 10 }, () => rng.u32());
    expect(words).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
      4258142804,
    ]);
  });

  test('a generator continued from a stored state draws what the first would have drawn', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat({ max: 50 }), (seed, drawn) => {
        const first = Rng.fromSeed(seed);
        for (let i = 0; i < drawn; i++) first.u32();
        const stored = JSON.stringify(first.state);
        const second = Rng.fromState(JSON.parse(stored) as typeof first.state);
        for (let i = 0; i < 20; i++) expect(second.u32()).toBe(first.u32());
        expect(second.state).toEqual(first.state);
      }),
      options,
    );
  });

  test('its state is four unsigned 32-bit words, never all zero', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = Rng.fromSeed(seed);
        rng.u32();
        for (const word of rng.state) expect(word).toBe(word >>> 0);
        expect(rng.state.some((word) => word !== 0)).toBe(true);
      }),
      options,
    );
  });

  test('neighbouring seeds have nothing in common', () => {
    const firsts = new Set(Array.from({ length: 1_000 }, (_, seed) => Rng.fromSeed(seed).u32()));
    // 1,000 of 2³² values: the chance of even one pair is about 1 in 8,600.
    expect(firsts.size).toBe(1_000);
  });
});

describe('draws', () => {
  const DRAWS = 100_000;

  test('unit stays in [0, 1) and fills ten equal parts evenly', () => {
    const rng = Rng.fromSeed(7);
    const counts = new Array<number>(10).fill(0);
    let strays = 0;
    for (let i = 0; i < DRAWS; i++) {
      const draw = rng.unit();
      strays += draw >= 0 && draw < 1 ? 0 : 1;
      const part = Math.floor(draw * 10);
      counts[part] = (counts[part] ?? 0) + 1;
    }
    expect(strays).toBe(0);
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_9);
  });

  test('below(n) gives each of 0..n-1 about as often', () => {
    const rng = Rng.fromSeed(8);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < DRAWS; i++) {
      const draw = rng.below(10);
      counts[draw] = (counts[draw] ?? 0) + 1;
    }
    expect(counts).toHaveLength(10);
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_9);
  });

  test('below(1) is always 0, and below(2³²) is the word itself', () => {
    const rng = Rng.fromSeed(9);
    const twin = Rng.fromSeed(9);
    expect(rng.below(1)).toBe(0);
    twin.u32();
    expect(rng.below(2 ** 32)).toBe(twin.u32());
  });

  test('each of the 32 bits is set about half the time', () => {
    const rng = Rng.fromSeed(10);
    const set = new Array<number>(32).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const word = rng.u32();
      for (let bit = 0; bit < 32; bit++) set[bit] = (set[bit] ?? 0) + ((word >>> bit) & 1);
    }
    // Five standard deviations of a fair coin tossed 20,000 times: 5 · √20,000 / 2 ≈ 354.
    for (const count of set) expect(Math.abs(count - 10_000)).toBeLessThan(354);
  });

  /** Chi-square with 9 degrees of freedom exceeds this with probability 0.001. */
  const CHI_SQUARE_9 = 27.88;

  function chiSquare(counts: readonly number[]): number {
    const expected = DRAWS / counts.length;
    return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  }
});
