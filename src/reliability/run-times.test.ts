import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunTimes, TYPES_MAX } from './run-times.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const STUCK = { percentile: 0.99, factor: 3, floorMs: 1_000, samplesMin: 20 };

test('the percentile is that of all run times, at most a fifth too long', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100_000_000 }), { minLength: 1, maxLength: 500 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (runs, percentile) => {
        const times = new RunTimes();
        for (const runMs of runs) times.observe('a', runMs);
        const sorted = runs.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(runs.length * percentile) - 1] as number;
        const got = times.percentileMs('a', percentile, 1) as number;
        expect(got).toBeGreaterThanOrEqual(exact * 0.999_999);
        expect(got).toBeLessThanOrEqual(exact * 1.19);
      },
    ),
    { ...SEED },
  );
});

test('nothing is predicted of a type before enough of its attempts have ended', () => {
  const times = new RunTimes();
  for (let n = 0; n < 19; n++) times.observe('a', 500);
  expect(times.boundMs('a', STUCK)).toBeNull();
  times.observe('a', 500);
  expect(times.boundMs('a', STUCK)).toBeGreaterThanOrEqual(1_500);
  expect(times.boundMs('b', STUCK)).toBeNull();
});

test('short tasks are given the floor', () => {
  const times = new RunTimes();
  for (let n = 0; n < 50; n++) times.observe('a', 2);
  expect(times.boundMs('a', STUCK)).toBe(1_000);
});

test('what was long ago is outweighed by what is now', () => {
  const times = new RunTimes();
  for (let n = 0; n < 4_000; n++) times.observe('a', 10);
  for (let n = 0; n < 4_000; n++) times.observe('a', 10_000);
  expect(times.percentileMs('a', 0.5, 1)).toBeGreaterThan(9_000);
});

test('past their number the type that came first is forgotten', () => {
  const times = new RunTimes();
  for (let n = 0; n <= TYPES_MAX; n++) times.observe(`type-${n}`, 10);
  expect(times.size).toBe(TYPES_MAX);
  expect(times.percentileMs('type-0', 0.5, 1)).toBeNull();
});

test('what one remembers another adds to its own; nonsense is left out', () => {
  const [one, other] = [new RunTimes(), new RunTimes()];
  for (let i = 1; i <= 6_000; i++) one.observe('a', i);
  one.observe('b', 3);
  other.observe('b', 500);
  other.recall(JSON.parse(JSON.stringify(one.remember())));
  expect(other.percentileMs('a', 0.5, 1)).toBe(one.percentileMs('a', 0.5, 1));
  expect(other.percentileMs('b', 0.5, 2)).toBe(one.percentileMs('b', 0.5, 1));
  expect(other.percentileMs('b', 1, 2)).toBeGreaterThan(500);
  const empty = new RunTimes();
  for (const nonsense of [
    null,
    7,
    [
      ['c', [1e6, 5]],
      ['c', [3, -1]],
      ['c', [3, 70_000]],
      [7, [1, 1]],
    ],
  ])
    empty.recall(nonsense);
  expect(empty.percentileMs('c', 0.5, 1)).toBe(null);
});
