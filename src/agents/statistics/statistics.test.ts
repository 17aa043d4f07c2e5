import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { runToEnd } from '../steps.ts';
import { correlate, type RankedColumn } from './correlation.ts';
import { momentsOf } from './moments.ts';
import { normalCumulative, normalDraw, normalQuantile } from './normal.ts';
import { powerOfTwoScale } from './power-of-two-scale.ts';
import { quantile } from './quantile.ts';
import { gather, sortOrder } from './sort-order.ts';

if (process.env['SEED']) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const columnOf = (values: readonly number[]): RankedColumn => {
  const array = Float64Array.from(values);
  return { values: array, order: runToEnd(sortOrder(array)) };
};

describe('sort order', () => {
  test('agrees with the built-in sort, stable, without the missing', () => {
    const cell = fc.oneof(fc.integer({ min: -5, max: 5 }), value, fc.constant(Number.NaN));
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 200 }), (values) => {
        const order = Array.from(runToEnd(sortOrder(Float64Array.from(values))));
        const twin = Array.from(values.keys())
          .filter((index) => !Number.isNaN(values[index]))
          .sort((left, right) => values.at(left)! - values.at(right)!);
        expect(order).toEqual(twin);
      }),
    );
  });

  test('pauses at least once for each 4096 places merged', () => {
    const values = Float64Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 50_000);
    let yields = 0;
    for (const steps = sortOrder(values); !steps.next().done;) yields += 1;
    // 12 passes of merging runs of 16 · 2ᵏ below 50 000, each of 50 000 / 4096 pauses.
    expect(yields).toBeGreaterThanOrEqual(12 * 12);
  });
});

describe('quantile', () => {
  test('of 1 … 4 at a quarter is 1.75 (R-7)', () => {
    expect(quantile(Float64Array.of(1, 2, 3, 4), 0.25)).toBe(1.75);
    expect(quantile(Float64Array.of(1, 2, 3, 4), 0)).toBe(1);
    expect(quantile(Float64Array.of(1, 2, 3, 4), 1)).toBe(4);
    expect(quantile(Float64Array.of(7), 0.3)).toBe(7);
  });

  test('agrees with a weighted mean of sorted neighbours', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), probability, (values, share) => {
        const sorted = values.toSorted((left, right) => left - right);
        const position = (values.length - 1) * share;
        const weight = position % 1;
        const low = sorted[Math.floor(position)]!;
        const twin = (1 - weight) * low + weight * (sorted[Math.ceil(position)] ?? low);
        const array = Float64Array.from(values);
        const ordered = gather(array, runToEnd(sortOrder(array)));
        // Two products of up to 1e6 differ by their rounding alone.
        expect(Math.abs(quantile(ordered, share) - twin)).toBeLessThanOrEqual(1e-9);
      }),
    );
  });
});

describe('moments', () => {
  test('of 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares 32, cubes 42, fourth powers 356', () => {
    const moments = runToEnd(momentsOf(Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9)));
    expect(moments.count).toBe(8);
    expect(moments.mean).toBe(5);
    expect(moments.stddev).toBeCloseTo(Math.sqrt(32 / 7), 14);
    // m₂ = 4, m₃ = 42 / 8, m₄ = 356 / 8.
    expect(moments.skewness).toBeCloseTo(5.25 / 8, 14);
    expect(moments.excessKurtosis).toBeCloseTo(44.5 / 16 - 3, 14);
  });

  test('agree with sums over deviations from the mean', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2 }), (values) => {
        const moments = runToEnd(momentsOf(Float64Array.from(values)));
        const mean = values.reduce((sum, next) => sum + next, 0) / values.length;
        const central = (power: number): number =>
          values.reduce((sum, next) => sum + (next - mean) ** power, 0) / values.length;
        expect(moments.mean).toBeCloseTo(mean, 9);
        const stddev = Math.sqrt((central(2) * values.length) / (values.length - 1));
        expect(moments.stddev).toBeCloseTo(stddev, 8);
        if (values.every((next) => next === values[0])) return;
        expect(moments.skewness).toBeCloseTo(central(3) / central(2) ** 1.5, 6);
        expect(moments.excessKurtosis).toBeCloseTo(central(4) / central(2) ** 2 - 3, 6);
      }),
    );
  });

  test('hold where naive sums of squares lose everything', () => {
    const values = Float64Array.of(1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16);
    expect(runToEnd(momentsOf(values)).stddev).toBeCloseTo(Math.sqrt(30), 9);
  });

  test('neither overflow nor vanish at the ends of the range', () => {
    for (const unit of [1e150, 1e-150]) {
      const moments = runToEnd(momentsOf(Float64Array.of(unit, 2 * unit, 4 * unit)));
      const plain = runToEnd(momentsOf(Float64Array.of(1, 2, 4)));
      expect(moments.skewness).toBeCloseTo(plain.skewness!, 12);
      expect(moments.stddev! / unit).toBeCloseTo(plain.stddev!, 12);
    }
  });

  test('of nothing, of one value and of equal values are null where undefined', () => {
    expect(runToEnd(momentsOf(Float64Array.of(Number.NaN)))).toMatchObject({
      count: 0,
      mean: null,
    });
    expect(runToEnd(momentsOf(Float64Array.of(3)))).toMatchObject({ mean: 3, stddev: null });
    const equal = runToEnd(momentsOf(Float64Array.of(0.1, 0.1, 0.1)));
    expect(equal).toMatchObject({ mean: 0.1, stddev: 0, skewness: null, excessKurtosis: null });
  });
});

describe('correlation', () => {
  test('of five points by hand: Pearson 0.8, Spearman 0.8', () => {
    const result = runToEnd(correlate(columnOf([1, 2, 3, 4, 5]), columnOf([2, 1, 4, 3, 5])));
    expect(result.count).toBe(5);
    expect(result.pearson).toBeCloseTo(0.8, 14);
    expect(result.spearman).toBeCloseTo(0.8, 14);
  });

  test('gives ties their mean rank: 1, 2, 2, 3 against 1 … 4 is √0.9', () => {
    const result = runToEnd(correlate(columnOf([1, 2, 2, 3]), columnOf([10, 20, 30, 40])));
    expect(result.spearman).toBeCloseTo(Math.sqrt(0.9), 14);
  });

  test('takes only rows where both have a value, for the ranks too', () => {
    const left = columnOf([1, 100, 2, 3, Number.NaN]);
    const right = columnOf([1, Number.NaN, 4, 9, 7]);
    const result = runToEnd(correlate(left, right));
    expect(result.count).toBe(3);
    expect(result.spearman).toBeCloseTo(1, 14);
    // Products sum to 8, squares to 2 and 98 / 3.
    expect(result.pearson).toBeCloseTo(8 / Math.sqrt((2 * 98) / 3), 14);
  });

  test('is null for a constant side and for two rows', () => {
    const nothing = { pearson: null, spearman: null };
    expect(runToEnd(correlate(columnOf([1, 2, 3]), columnOf([5, 5, 5])))).toMatchObject(nothing);
    expect(runToEnd(correlate(columnOf([1, 2]), columnOf([5, 6])))).toMatchObject(nothing);
  });

  test('is symmetric, within −1 and 1, and Spearman does not see monotone changes', () => {
    const pairs = fc.array(fc.tuple(value, value), { minLength: 3, maxLength: 50 });
    fc.assert(
      fc.property(pairs, (rows) => {
        const left = rows.map(([x]) => x);
        const right = rows.map(([, y]) => y);
        const there = runToEnd(correlate(columnOf(left), columnOf(right)));
        const back = runToEnd(correlate(columnOf(right), columnOf(left)));
        expect(there.spearman ?? 0).toBeCloseTo(back.spearman ?? 0, 12);
        expect(Math.abs(there.pearson ?? 0)).toBeLessThanOrEqual(1);
        const bent = left.map((x) => Math.fround(x) * 2);
        const straight = left.map((x) => Math.fround(x));
        const before = runToEnd(correlate(columnOf(straight), columnOf(right)));
        const after = runToEnd(correlate(columnOf(bent), columnOf(right)));
        expect(after.spearman).toEqual(before.spearman);
      }),
    );
  });
});

describe('the normal distribution', () => {
  test.each([
    [0.5, 0],
    [0.8413447460685429, 1],
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489],
    [0.99995, 3.890591886413],
  ])('has its %d quantile at %d', (probability, x) => {
    expect(normalQuantile(probability)).toBeCloseTo(x, 9);
    expect(normalCumulative(x)).toBeCloseTo(probability, 12);
    expect(normalQuantile(1 - probability)).toBeCloseTo(-x, 9);
  });

  test('draws have mean 0, deviation 1 and 95 % within 1.96', () => {
    const rng = Rng.fromSeed(7);
    const draws = Float64Array.from({ length: 20_000 }, () => normalDraw(rng));
    const { mean, stddev } = runToEnd(momentsOf(draws));
    // Four standard errors: 4 / √20 000 = 0.028.
    expect(Math.abs(mean!)).toBeLessThan(0.028);
    expect(Math.abs(stddev! - 1)).toBeLessThan(0.02);
    const within = draws.filter((draw) => Math.abs(draw) < 1.96).length / draws.length;
    expect(Math.abs(within - 0.95)).toBeLessThan(0.0062);
  });
});

test('a scale is a power of two that brings the largest value near 1', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-290, max: 1e290, noNaN: true }), (x) => {
      const scale = powerOfTwoScale(Float64Array.of(0, -x, Number.NaN));
      expect(Number.isInteger(Math.log2(scale))).toBe(true);
      expect(x * scale).toBeGreaterThan(0.99);
      expect(x * scale).toBeLessThan(2.01);
    }),
  );
});
