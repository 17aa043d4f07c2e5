/** Whole nodes, a part of the seeds of every push; beside the other suites, so that both of two cores have work. */
import { expect, test } from 'vitest';
import { runSeeds } from './run-seeds.ts';
import { replayCommand } from './shrink.ts';
import { runStackSeed } from './stack/run-stack-seed.ts';

const SEEDS = Math.ceil(Number(process.env['SIMULATION_SEEDS'] ?? 2_000) * 0.15);

test('whole nodes keep every promise through their faults and recover from them', async () => {
  const seeds = Array.from({ length: SEEDS }, (_, place) => place + 1);
  const { failures, seeds: count } = await runSeeds(runStackSeed, seeds);
  expect(count).toBe(SEEDS);
  const lines = failures.map(
    ({ failure, seed }) =>
      `${failure?.message.split('\n')[0]}\n${replayCommand('stack', seed, {})}`,
  );
  expect(lines).toEqual([]);
}, 1_000_000);
