import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QuantileSketch } from './quantile-sketch.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

test('a quantile is within two percent of that of the sorted values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100_000_000 }), { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const sketch = new QuantileSketch(1_000);
        for (const value of values) sketch.add(value);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.floor(share * (values.length - 1))] ?? 0;
        expect(Math.abs(sketch.quantile(share) - exact)).toBeLessThanOrEqual(0.020_000_1 * exact);
      },
    ),
    SEED,
  );
});

test('what was long ago is forgotten', () => {
  const sketch = new QuantileSketch(100);
  for (let i = 0; i < 100; i++) sketch.add(60_000);
  for (let i = 0; i < 100; i++) sketch.add(10);
  expect(sketch.quantile(0.95)).toBeGreaterThan(50_000);
  for (let i = 0; i < 100; i++) sketch.add(10);
  expect(sketch.quantile(0.95)).toBeLessThan(11);
  expect(sketch.count).toBe(200);
});

test('nothing and next to nothing are 0', () => {
  const sketch = new QuantileSketch(10);
  expect(sketch.quantile(0.5)).toBe(0);
  sketch.add(0.2);
  expect(sketch.quantile(0.5)).toBe(0);
});

test('what one remembers another goes on with, also with what is forgotten; nonsense is left out', () => {
  const [one, other] = [new QuantileSketch(100), new QuantileSketch(100)];
  for (let i = 0; i < 150; i++) one.add(i * i);
  other.recall(JSON.parse(JSON.stringify(one.remember())));
  for (const share of [0, 0.5, 0.99]) expect(other.quantile(share)).toBe(one.quantile(share));
  for (const sketch of [one, other]) for (let i = 0; i < 60; i++) sketch.add(5);
  expect([other.count, other.quantile(0.9)]).toEqual([one.count, one.quantile(0.9)]);
  for (const nonsense of [null, 7, [3, [[1], ['a', 2], [1, -5], [1e9, 1]]]]) other.recall(nonsense);
  expect(other.count).toBe(0);
});
