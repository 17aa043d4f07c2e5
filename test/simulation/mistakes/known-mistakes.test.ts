import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { runRaftSeed } from '../raft/run-raft-seed.ts';
import { knownMistakes } from './known-mistakes.ts';
import { loadMistaken } from './load-mistaken.ts';

const SEEDS_MAX = 500;
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test.each(knownMistakes)(
  'the simulator finds it when $name',
  async (mistake) => {
    const { adapter, folder } = await loadMistaken(mistake);
    folders.push(folder);
    let failure: string | undefined;
    let seed = 0;
    while (failure === undefined && seed < SEEDS_MAX) {
      seed += 1;
      failure = runRaftSeed(seed, {}, adapter).failure?.rule;
    }
    expect(failure, `nothing seen in ${SEEDS_MAX} seeds`).toBeDefined();
    // The same seed without the mistake is well: what was seen is the mistake.
    expect(runRaftSeed(seed).failure).toBeUndefined();
  },
  1_000_000,
);
