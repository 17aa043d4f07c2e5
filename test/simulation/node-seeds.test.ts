/** Production nodes, a part of the seeds of every push. */
import { expect, test } from 'vitest';
import { runNodeSeed } from './node/run-node-seed.ts';
import { runSeeds } from './run-seeds.ts';
import { replayCommand } from './shrink.ts';

const SEEDS = Math.ceil(Number(process.env['SIMULATION_SEEDS'] ?? 2_000) * 0.05);

test('production nodes keep every promise through their faults and recover from them', async () => {
  const seeds = Array.from({ length: SEEDS }, (_, place) => place + 1);
  const { failures, seeds: count } = await runSeeds(runNodeSeed, seeds);
  expect(count).toBe(SEEDS);
  const lines = failures.map(
    ({ failure, seed }) => `${failure?.message.split('\n')[0]}\n${replayCommand('node', seed, {})}`,
  );
  expect(lines).toEqual([]);
}, 1_000_000);
