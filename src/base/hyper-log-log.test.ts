import { expect, test } from 'vitest';
import { HyperLogLog } from './hyper-log-log.ts';

function sketchOf(count: number, prefix: string): HyperLogLog {
  const sketch = new HyperLogLog();
  for (let n = 0; n < count; n++) sketch.add(`${prefix}-${n}`);
  return sketch;
}

test('nothing is no name, one is one, and what came before is not counted again', () => {
  const sketch = new HyperLogLog();
  expect(sketch.count()).toBe(0);
  for (let n = 0; n < 1_000; n++) sketch.add('one');
  expect(sketch.count()).toBe(1);
});

test.each([10, 100, 1_000, 5_000, 12_000, 100_000, 1_000_000])(
  'counts %i names to within four standard errors, and to within two on the average of ten',
  (count) => {
    const trials = count > 100_000 ? 2 : 10;
    let sum = 0;
    for (let trial = 0; trial < trials; trial++) {
      const error = sketchOf(count, `t${trial}`).count() / count - 1;
      expect(Math.abs(error)).toBeLessThan(4 * 0.01625);
      sum += error;
    }
    expect(Math.abs(sum / trials)).toBeLessThan((2 * 0.01625) / Math.sqrt(trials) + 0.005);
  },
);

test('two together know what either has seen, once', () => {
  const [a, b] = [sketchOf(20_000, 'x'), sketchOf(30_000, 'x')];
  a.merge(b);
  expect(a.count()).toBe(b.count());
  a.merge(sketchOf(30_000, 'y'));
  expect(Math.abs(a.count() / 60_000 - 1)).toBeLessThan(0.065);
});
