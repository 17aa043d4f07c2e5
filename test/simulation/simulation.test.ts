/**
 * Seeds that once failed, and the first of the log suite; `SIMULATION_SEEDS=5000 npm test -- test/simulation` runs more.
 *
 * A failure prints the command that shows it in words; see docs/simulation.md.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runLogSeed } from './log/run-log-seed.ts';
import { runSeeds, type RunSeed } from './run-seeds.ts';
import { replayCommand } from './shrink.ts';
import { suites } from './suites.ts';

const LOG_SEEDS = Math.ceil(Number(process.env['SIMULATION_SEEDS'] ?? 2_000) / 20);
const PATIENCE_MS = 1_000_000;

const regressions = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'regressions.json'), 'utf8'),
) as Readonly<Record<string, readonly number[]>>;

function suite(name: string): RunSeed {
  const run = suites[name];
  if (run === undefined) throw new Error(`there must be a suite ${name}`);
  return run;
}

/** One line a failed seed. */
async function failuresOf(name: string, seeds: readonly number[]): Promise<string[]> {
  const { failures, seeds: count } = await runSeeds(suite(name), seeds);
  expect(count).toBe(seeds.length);
  return failures.map(
    ({ seed, failure }) => `${failure?.message.split('\n')[0]}\n${replayCommand(name, seed, {})}`,
  );
}

function firstSeeds(count: number): number[] {
  return Array.from({ length: count }, (_, place) => place + 1);
}

test.each(Object.keys(regressions))(
  'seeds that once failed the %s suite hold',
  async (name) => {
    expect(await failuresOf(name, regressions[name] ?? [])).toEqual([]);
  },
  PATIENCE_MS,
);

test(
  'a single node finds what it acknowledged, whatever became of disk and power',
  async () => {
    expect(await failuresOf('log', firstSeeds(LOG_SEEDS))).toEqual([]);
  },
  PATIENCE_MS,
);

test('a run that differs from its repetition is a failure', async () => {
  let runs = 0;
  const unsteady: RunSeed = async (seed) => {
    const outcome = await runLogSeed(seed, { faultyMs: 100 });
    runs += 1;
    return { ...outcome, hash: `run ${runs}` };
  };
  const { failures } = await runSeeds(unsteady, [20]);
  expect(failures.map(({ failure }) => failure?.rule)).toEqual(['two runs of one seed differ']);
});
