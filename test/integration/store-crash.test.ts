/**
 * Kills a process in the middle of its checkpoints, again and again, and reopens what it left.
 *
 * A kill proves that a checkpoint is all or nothing and that history never lags behind it. That
 * commits reach the disk is LMDB's two-step commit: see the decision on the store.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Rng } from '../../src/base/rng.ts';
import { digest, type TaskId } from '../../src/core/index.ts';
import { openStore } from '../../src/store/store.ts';
import { openTables, TABLE, tableOf } from '../../src/store/tables.ts';
import { readTaskKey, taskKey, taskKeyTime } from '../../src/store/task-key.ts';
import { crashPayload } from './store-crash-history.ts';
import { resultOf } from '../../src/store/testing/store-run.ts';
import { withDirectory } from '../../src/store/testing/temporary.ts';
import { NODE_FLAGS } from './node-flags.ts';

const KILLS = Number(process.env['KILLS'] ?? 30);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WRITER = fileURLToPath(new URL('./store-crash-writer.ts', import.meta.url));

/** What the killed processes said, all of them. */
class Said {
  readonly digests = new Map<number, string>();
  readonly finished = new Map<TaskId, { readonly index: number; readonly state: string }>();
  doneLast = 0;
  /** Index up to which every finished task was found in the history. */
  checkedIndex = 0;
  /** Kills that struck between a checkpoint's beginning and its end. */
  interrupted = 0;

  hear(output: string): void {
    let isRunning = false;
    for (const line of output.split('\n').filter((text) => text.endsWith(';'))) {
      const [word, index, ...rest] = line.slice(0, -1).split(' ');
      if (word === 'begin') this.#begin(Number(index), rest[0] ?? '');
      if (word === 'done') this.doneLast = Math.max(this.doneLast, Number(index));
      if (word === 'begin' || word === 'done') isRunning = word === 'begin';
      if (word !== 'finished') continue;
      this.finished.set(rest[0] as TaskId, { index: Number(index), state: rest[1] ?? '' });
    }
    if (isRunning) this.interrupted += 1;
  }

  #begin(index: number, text: string): void {
    // Histories repeat themselves: the same index is the same state in every process.
    expect(this.digests.get(index) ?? text).toBe(text);
    this.digests.set(index, text);
  }
}

async function runAndKill(directory: string, killAfterMs: number): Promise<string> {
  const file = join(directory, 'said');
  const child = spawn(process.execPath, [...NODE_FLAGS, WRITER, directory, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), exited]);
  await delay(killAfterMs);
  child.kill('SIGKILL');
  const [, signal] = await exited;
  expect(signal).toBe('SIGKILL');
  const output = readFileSync(file, 'utf8');
  rmSync(file);
  return output;
}

async function check(directory: string, said: Said): Promise<number> {
  const store = await openStore({ directory });
  const { appliedIndex } = store;
  expect(appliedIndex).toBeGreaterThanOrEqual(said.doneLast);
  const state = store.restore();
  if (state !== null) {
    expect(digest(state)).toBe(said.digests.get(appliedIndex));
    for (const task of state.tasks.values())
      expect(store.payload(task)).toBe(crashPayload(task.id));
  }
  for (const [id, { index, state: finalState }] of said.finished) {
    if (index > appliedIndex) continue;
    // Each is looked at once it is due; that none is lost later is left to samples.
    const isDue = index > said.checkedIndex;
    if (!isDue && taskKeyTime(taskKey(id)) % 13 !== 0) continue;
    const view = store.finished(id);
    expect(view?.state).toBe(finalState);
    expect(view?.payload).toBe(crashPayload(id));
    expect(view?.result).toBe(finalState === 'completed' ? resultOf(id) : null);
  }
  await store.close();
  await checkPayloads(directory);
  said.checkedIndex = appliedIndex;
  return appliedIndex;
}

/** No payload is left behind, and none is missing. */
async function checkPayloads(directory: string): Promise<void> {
  const tables = openTables(directory);
  const idsOf = (number: number): string[] =>
    [...tableOf(tables, number).getKeys()].map((key) => readTaskKey(key, 0));
  expect(idsOf(TABLE.payloads)).toEqual(idsOf(TABLE.tasks));
  await tables.root.close();
}

test(
  `a store whose process is killed ${KILLS} times is a whole checkpoint each time (SEED=${SEED})`,
  async () => {
    await withDirectory(async (directory) => {
      const rng = Rng.fromSeed(SEED);
      const said = new Said();
      const indexes = new Set<number>();
      for (let kill = 0; kill < KILLS; kill++) {
        said.hear(await runAndKill(directory, rng.below(600)));
        indexes.add(await check(directory, said));
      }
      // Otherwise the kills struck no one at work.
      expect(said.interrupted).toBeGreaterThan(KILLS / 3);
      expect(indexes.size).toBeGreaterThan(KILLS / 3);
      expect(said.finished.size).toBeGreaterThan(0);
    });
  },
  KILLS * 20_000,
);
