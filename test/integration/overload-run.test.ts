/** A short overload of a real server: the bounds are wide, for machines are slow and shared. */
import { expect, test } from 'vitest';
import { runOverload } from '../../bench/harness/overload-run.ts';

const PLAN = {
  seconds: 5,
  calmSeconds: 2,
  factor: 5,
  connections: 4,
  batch: 20,
  probeRate: 50,
  flags: [],
};

test('under five times its load a server goes on, refuses the lowest, and recovers', async () => {
  const { flood, goodput, overloaded, peak, recoveryMs, rssBytesMax } = await runOverload(PLAN);
  const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
  const takenShare = (from: number, to: number): number => {
    const taken = sum(flood.taken.slice(from, to));
    return taken / (taken + sum(flood.refused.slice(from, to)));
  };
  expect(sum(flood.offered) / flood.seconds).toBeGreaterThan(2 * peak);
  expect(goodput).toBeGreaterThan(0.4 * peak);
  expect(sum(flood.refused)).toBeGreaterThan(0);
  // The first second is the same for all; what comes after makes the difference.
  expect(takenShare(6, 9)).toBeGreaterThan(takenShare(0, 3) + 0.1);
  expect(overloaded.refused).toBe(0);
  expect(overloaded.takenP95).toBeLessThan(5_000);
  expect(recoveryMs).toBeLessThan(30_000);
  expect(rssBytesMax).toBeLessThan(4 * 2 ** 30);
});
