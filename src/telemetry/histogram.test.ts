import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram, TASK_SECONDS } from './histogram.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

test('each bound counts the values up to and including it', () => {
  const values = fc.array(
    fc.oneof(fc.constantFrom(...TASK_SECONDS), fc.double({ min: 0, max: 5_000, noNaN: true })),
  );
  fc.assert(
    fc.property(values, (observed) => {
      const histogram = new Histogram(TASK_SECONDS);
      for (const value of observed) histogram.observe(value);
      const samples = histogram.samples('h', { queue: 'q' });
      const counts = samples.slice(0, -2).map(({ labels, value }) => [labels?.['le'], value]);
      const expected = [...TASK_SECONDS, Number.POSITIVE_INFINITY].map((bound) => [
        bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound),
        observed.filter((value) => value <= bound).length,
      ]);
      expect(counts).toEqual(expected);
      const [sum, count] = samples.slice(-2);
      expect(sum?.value).toBeCloseTo(
        observed.reduce((total, value) => total + value, 0),
        6,
      );
      expect(count).toEqual({
        metricName: 'h_count',
        labels: { queue: 'q' },
        value: observed.length,
      });
    }),
    seed,
  );
});
