import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeTops, SpaceSaving } from './space-saving.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const stream = fc.array(fc.tuple(fc.nat(25), fc.integer({ min: 1, max: 9 })), {
  maxLength: 400,
  size: 'max',
});

function exact(items: readonly (readonly [number, number])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, weight] of items) {
    counts.set(`n${name}`, (counts.get(`n${name}`) ?? 0) + weight);
  }
  return counts;
}

test('no count is too low, none more than its bound too high, and no heavy name is missing', () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 12 }), (items, namesMax) => {
      const sketch = new SpaceSaving(namesMax);
      for (const [name, weight] of items) sketch.add(`n${name}`, weight);
      const truth = exact(items);
      const sum = [...truth.values()].reduce((a, b) => a + b, 0);
      expect(sketch.sum).toBe(sum);
      expect(sketch.list().length).toBe(Math.min(namesMax, truth.size));
      for (const { count, name, overBy } of sketch.list()) {
        expect(count).toBeGreaterThanOrEqual(truth.get(name) ?? 0);
        expect(count - overBy).toBeLessThanOrEqual(truth.get(name) ?? 0);
        expect(overBy).toBeLessThanOrEqual(sum / namesMax);
      }
      for (const [name, count] of truth) {
        if (sketch.get(name) === null) expect(count).toBeLessThanOrEqual(sketch.leastCount);
        if (count > sum / namesMax) expect(sketch.get(name)).not.toBeNull();
      }
    }),
    { numRuns: 300, ...SEED },
  );
});

test('two together bound what either may have dropped', () => {
  fc.assert(
    fc.property(stream, stream, (first, second) => {
      const sketches = [first, second].map((items) => {
        const sketch = new SpaceSaving(6);
        for (const [name, weight] of items) sketch.add(`n${name}`, weight);
        return sketch;
      });
      const truth = exact([...first, ...second]);
      for (const { count, name, overBy } of mergeTops(sketches, 100)) {
        expect(count).toBeGreaterThanOrEqual(truth.get(name) ?? 0);
        expect(count - overBy).toBeLessThanOrEqual(truth.get(name) ?? 0);
      }
    }),
    { numRuns: 200, ...SEED },
  );
});

test('finds the ten heaviest of a hundred thousand skewed names with two hundred places', () => {
  const sketch = new SpaceSaving(200);
  // The n-th name comes 20,000 / n times, with all of them mixed.
  const names: string[] = [];
  for (let n = 1; n <= 20_000; n++) {
    for (let i = 0; i < 20_000 / n; i++) names.push(`n${n}`);
  }
  for (let n = 0, at = 0; n < names.length; n++, at = (at + 7_919) % names.length) {
    sketch.add(names[at] as string);
  }
  const top = sketch.list().slice(0, 10);
  expect(top.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, n) => `n${n + 1}`));
  for (const [n, { count }] of top.entries()) {
    expect(count / (20_000 / (n + 1))).toBeLessThan(1.5);
  }
});
