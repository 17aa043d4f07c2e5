import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { UNWATCHED } from '../watch.ts';
import { drawBinomial } from './draw-binomial.ts';
import { Distribution } from './distribution.ts';
import { PARAMETERS, seeds } from './testing/random-states.ts';

/** Natural logarithms of 0! … n!. */
function logFactorials(n: number): Float64Array {
  const result = new Float64Array(n + 1);
  for (let k = 1; k <= n; k++) result[k] = result[k - 1] + Math.log(k);
  return result;
}

/** Pearson's statistic over cells of at least 20 expected draws, and its degrees of freedom. */
function chiSquare(observed: readonly number[], expected: readonly number[]): [number, number] {
  let [statistic, cells, seen, wanted] = [0, 0, 0, 0];
  for (const [k, value] of expected.entries()) {
    seen += observed[k];
    wanted += value;
    if (wanted < 20) continue;
    statistic += (seen - wanted) ** 2 / wanted;
    cells++;
    seen = 0;
    wanted = 0;
  }
  return [statistic, cells - 1];
}

function expectFit(observed: readonly number[], expected: readonly number[]): void {
  const [statistic, freedom] = chiSquare(observed, expected);
  expect(freedom).toBeGreaterThan(0);
  // Five standard deviations of the statistic's distribution, which has mean f and variance 2f.
  expect(statistic).toBeLessThan(freedom + 5 * Math.sqrt(2 * freedom) + 10);
}

describe('binomial draws', () => {
  test.each([
    { trials: 5, probability: 0.3 },
    { trials: 1_000, probability: 0.004 },
    { trials: 40, probability: 0.9 },
    { trials: 40, probability: 0.4 },
    { trials: 1_000, probability: 0.5 },
    { trials: 300, probability: 0.97 },
    { trials: 200, probability: 0.05 },
  ])('$trials trials at $probability have the binomial distribution', (row) => {
    const { trials, probability } = row;
    const rng = Rng.fromSeed(trials);
    const draws = 400_000;
    const observed = Array.from({ length: trials + 1 }, () => 0);
    for (let i = 0; i < draws; i++) observed[drawBinomial(trials, probability, rng)]++;
    const logs = logFactorials(trials);
    const expected = observed.map(
      (_, k) =>
        draws *
        Math.exp(
          logs[trials] -
            logs[k] -
            logs[trials - k] +
            k * Math.log(probability) +
            (trials - k) * Math.log1p(-probability),
        ),
    );
    expectFit(observed, expected);
  });

  test('certain and impossible successes are counted without chance', () => {
    const rng = Rng.fromSeed(1);
    expect(drawBinomial(7, 1, rng)).toBe(7);
    expect(drawBinomial(7, 0, rng)).toBe(0);
    expect(drawBinomial(0, 0.5, rng)).toBe(0);
    const mean = drawBinomial(1e9, 1e-300, rng);
    expect(mean).toBe(0);
  });
});

describe('distributions', () => {
  const weights = fc
    .array(fc.constantFrom(0, 0, 1e-20, 0.1, 1, 3), { minLength: 1, maxLength: 40 })
    .filter((values) => values.some((value) => value > 0));

  test('shots add up, outcomes ascend, and what has probability 0 never comes up', () => {
    fc.assert(
      fc.property(weights, fc.nat({ max: 3_000 }), seeds, (values, shots, seed) => {
        const distribution = new Distribution(Float64Array.from(values));
        const rng = Rng.fromSeed(seed);
        const counts = distribution.count(shots, rng);
        const outcomes = [...counts.keys()];
        expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(shots);
        expect(outcomes).toEqual(outcomes.toSorted((a, b) => a - b));
        for (const outcome of outcomes) expect(values[outcome]).toBeGreaterThan(0);
        for (const outcome of distribution.drawMany(20, rng)) {
          expect(values[outcome]).toBeGreaterThan(0);
        }
      }),
      PARAMETERS,
    );
  });

  test('a draw at the very start of the range passes over outcomes of probability 0', () => {
    const zeros = Rng.fromState([0, 0, 0, 0]);
    expect(new Distribution(Float64Array.of(0, 0, 1, 1)).draw(zeros)).toBe(2);
  });

  test('counts and single draws both have the distribution', () => {
    const values = Float64Array.from({ length: 50 }, (_, k) => (k % 7 === 0 ? 0 : 1 + (k % 5)));
    const sum = values.reduce((total, value) => total + value, 0);
    const distribution = new Distribution(values);
    const shots = 30_000;
    const expected = Array.from(values, (value) => (shots * value) / sum);
    const counts = distribution.count(shots, Rng.fromSeed(5));
    expectFit(
      expected.map((_, k) => counts.get(k) ?? 0),
      expected,
    );
    const single = expected.map(() => 0);
    for (const outcome of distribution.drawMany(shots, Rng.fromSeed(6))) single[outcome]++;
    expectFit(single, expected);
  });

  test('counts of few shots have the distribution as well', () => {
    const distribution = new Distribution(Float64Array.of(1, 2, 3, 4));
    const rng = Rng.fromSeed(9);
    const seen = [0, 0, 0, 0];
    for (let i = 0; i < 4_000; i++) {
      for (const [outcome, count] of distribution.count(5, rng)) seen[outcome] += count;
    }
    expectFit(seen, [2_000, 4_000, 6_000, 8_000]);
  });

  test('two thousand million shots are counted as fast as a few', () => {
    const counts = new Distribution(Float64Array.of(0.25, 0, 0.75)).count(2e9, Rng.fromSeed(3));
    expect([...counts.keys()]).toEqual([0, 2]);
    // Five standard deviations of √(n·p·(1 − p)).
    expect(Math.abs((counts.get(0) ?? 0) - 5e8)).toBeLessThan(5 * Math.sqrt(2e9 * 0.1875));
  });

  test('the same seed gives the same counts', () => {
    const distribution = new Distribution(Float64Array.of(1, 1, 1));
    expect(distribution.count(1_000, Rng.fromSeed(1))).toEqual(
      distribution.count(1_000, Rng.fromSeed(1)),
    );
  });

  test('what is no distribution and no number of shots is refused', () => {
    const invalid = expect.objectContaining({ code: 'QUANTUM_PROBABILITY_INVALID' });
    for (const values of [[], [0, 0], [1, -0.1], [Number.NaN, 1], [Number.POSITIVE_INFINITY]]) {
      expect(() => new Distribution(Float64Array.from(values))).toThrow(invalid);
    }
    const distribution = new Distribution(Float64Array.of(1));
    for (const shots of [-1, 0.5, Number.NaN, 2 ** 31 + 1]) {
      expect(() => distribution.count(shots, Rng.fromSeed(1))).toThrow(
        expect.objectContaining({ code: 'QUANTUM_SHOTS_INVALID' }),
      );
    }
    const watch = { ...UNWATCHED, isCanceled: () => true };
    expect(() => new Distribution(Float64Array.of(1), watch)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_CANCELED' }),
    );
  });
});
