/** Raft cores, most seeds of every push; in a file of their own, so that both of two cores have work. */
import { expect, test } from 'vitest';
import { runRaftSeed } from './raft/run-raft-seed.ts';
import { runSeeds } from './run-seeds.ts';
import { replayCommand } from './shrink.ts';

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 2_000);

test('clusters keep every promise through their faults and recover from them', async () => {
  const seeds = Array.from({ length: SEEDS }, (_, place) => place + 1);
  const { failures, seeds: count } = await runSeeds(
    (seed, options) => runRaftSeed(seed, options),
    seeds,
  );
  expect(count).toBe(SEEDS);
  const lines = failures.map(
    ({ failure, seed }) => `${failure?.message.split('\n')[0]}\n${replayCommand('raft', seed, {})}`,
  );
  expect(lines).toEqual([]);
}, 1_000_000);
