import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { runToEnd } from '../steps.ts';
import { minimize, type SearchOptions } from './nelder-mead.ts';

if (process.env['SEED']) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const pairOf = (at: readonly number[]) => ({ x: at.at(0)!, y: at.at(1)! });

const unbounded = (dimensions: number): SearchOptions => ({
  box: {
    lower: Array.from({ length: dimensions }, () => Number.NEGATIVE_INFINITY),
    upper: Array.from({ length: dimensions }, () => Number.POSITIVE_INFINITY),
  },
  evaluationsMax: 2000,
  toleranceRelative: 1e-14,
  valueEnough: 1e-20,
});

test("finds the bottom of Rosenbrock's valley at (1, 1)", () => {
  const valley = (at: readonly number[]): number => {
    const { x, y } = pairOf(at);
    return (1 - x) ** 2 + 100 * (y - x ** 2) ** 2;
  };
  const { point, value } = runToEnd(minimize(valley, [-1.2, 1], unbounded(2)));
  expect(value).toBeLessThan(1e-12);
  expect(point[0]).toBeCloseTo(1, 5);
  expect(point[1]).toBeCloseTo(1, 5);
});

test('stays in the box and finds a minimum on its face', () => {
  const box = { lower: [0, 0], upper: [1, 1] };
  const bowl = (at: readonly number[]): number => {
    const { x, y } = pairOf(at);
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(1);
    return (x - 3) ** 2 + (y - 0.25) ** 2;
  };
  const { point } = runToEnd(minimize(bowl, [0.95, 0.9], { ...unbounded(2), box }));
  expect(point[0]).toBeCloseTo(1, 6);
  expect(point[1]).toBeCloseTo(0.25, 3);
});

test('is never worse than its start, whatever the function', () => {
  const start = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(start, fc.integer(), (point, salt) => {
      const rough = (at: readonly number[]): number =>
        at.reduce((sum, x, k) => sum + Math.sin(salt + x * (k + 3)) + x * x, 0);
      const options = { ...unbounded(point.length), evaluationsMax: 60 };
      const result = runToEnd(minimize(rough, point, options));
      expect(result.value).toBeLessThanOrEqual(rough(point));
      expect(result.value).toBe(rough(result.point));
      // The last move may take a whole shrink past the bound.
      expect(result.evaluations).toBeLessThanOrEqual(60 + point.length + 2);
    }),
  );
});

test('passes over points where the function is no number', () => {
  const half = (at: readonly number[]): number => (pairOf(at).x < 2 ? Number.NaN : pairOf(at).x);
  expect(runToEnd(minimize(half, [5], unbounded(1))).point[0]).toBeCloseTo(2, 3);
  expect(runToEnd(minimize(half, [1.95], unbounded(1))).point[0]).toBeCloseTo(2, 3);
});
