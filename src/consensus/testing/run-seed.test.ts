import { describe, expect, test } from 'vitest';
import { runSeed } from './run-seed.ts';

const FIRST = Number(process.env['SEED'] ?? 1);
const SEEDS = 60;

describe('a cluster under faults', () => {
  test(`${SEEDS} seeds keep every promise and come to rest once healed`, () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      const { failure } = runSeed(seed);
      expect(failure, `seed ${seed}`).toBeNull();
    }
  });

  test('a seed run twice goes the same way', () => {
    const [one, other] = [runSeed(FIRST, true), runSeed(FIRST, true)];
    expect(one.trace.length).toBeGreaterThan(100);
    expect(other).toEqual(one);
  });
});
