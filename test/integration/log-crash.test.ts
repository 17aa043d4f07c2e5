/**
 * Kills a writing process two hundred times and looks for every entry that it said was durable.
 *
 * A kill proves the order of acknowledging and writing, group commit and recovery of a half-written batch; what the
 * system had not yet told the disk survives a kill, so lost writes are the business of crash-points.test.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Rng } from '../../src/base/rng.ts';
import { openEmbeddedLog } from '../../src/log/index.ts';
import { crashBody } from './log-crash-body.ts';
import { NODE_FLAGS } from './node-flags.ts';

const KILLS = Number(process.env['KILLS'] ?? 200);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WRITER = path.join(import.meta.dirname, 'log-crash-writer.ts');

interface Killed {
  readonly lastIndexAtOpen: number;
  readonly acknowledged: readonly number[];
}

/** Runs a writer, kills it `killAfterMs` after its first acknowledgement, and returns what it had said by then. */
async function runAndKill(directory: string, run: number, rng: Rng): Promise<Killed> {
  const appenders = String([1, 4, 32][rng.below(3)]);
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, WRITER, directory, appenders, String(run)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  const chunks: Buffer[] = [];
  const underLoad = Promise.withResolvers<unknown>();
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (chunk.includes('ack')) underLoad.resolve(undefined);
  });
  const closed = once(child.stdout, 'close');
  await Promise.race([underLoad.promise, exited]);
  await delay(20 + rng.below(100));
  child.kill('SIGKILL');
  const [[, signal]] = await Promise.all([exited, closed]);
  expect(signal).toBe('SIGKILL');
  const lines = Buffer.concat(chunks).toString().split('\n');
  const [, lastIndex] = (lines[0] ?? '').split(' ').map(Number);
  const acknowledged = lines.filter((line) => /^ack \d+;$/.test(line));
  return {
    lastIndexAtOpen: lastIndex ?? Number.NaN,
    acknowledged: acknowledged.map((line) => Number(line.slice(4, -1))),
  };
}

/** Checks entries after `afterIndex`: whole, in order, each once. */
async function checkEntries(
  directory: string,
  afterIndex: number,
  run: number,
): Promise<{ readonly lastIndex: number; readonly tornBytes: number }> {
  const log = await openEmbeddedLog({ directory, segmentBytes: 256 * 1024 });
  let index = afterIndex;
  for await (const entry of log.read(afterIndex)) {
    index += 1;
    expect(entry.index).toBe(index);
    const expected = crashBody(run, index - afterIndex);
    if (!expected.equals(entry.body)) throw new Error(`entry ${index} of run ${run} is altered`);
  }
  await log.releaseThrough(index - 100);
  await log.close();
  return { lastIndex: index, tornBytes: log.recovery.tornBytes };
}

test(`every acknowledged entry survives ${KILLS} kills`, async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'uqo-log-crash-'));
  const rng = Rng.fromSeed(SEED);
  let lastIndex = 0;
  let acknowledged = 0;
  let torn = 0;
  try {
    for (let run = 1; run <= KILLS; run += 1) {
      const killed = await runAndKill(directory, run, rng);
      expect(killed.lastIndexAtOpen).toBe(lastIndex);
      // Acknowledged in order, without a gap: this run's entries from the first on.
      killed.acknowledged.forEach((index, position) =>
        expect(index).toBe(lastIndex + position + 1),
      );
      const highest = killed.acknowledged.at(-1) ?? lastIndex;
      const found = await checkEntries(directory, lastIndex, run);
      lastIndex = found.lastIndex;
      expect(lastIndex).toBeGreaterThanOrEqual(highest);
      acknowledged += killed.acknowledged.length;
      torn += found.tornBytes > 0 ? 1 : 0;
    }
  } catch (error) {
    throw new Error(`log crash test failed with SEED=${SEED}, folder ${directory}`, {
      cause: error,
    });
  }
  rmSync(directory, { recursive: true });
  console.log(`SEED=${SEED}: ${KILLS} kills, ${acknowledged} acknowledged entries, ${torn} torn`);
  expect(acknowledged).toBeGreaterThan(KILLS * 10);
}, 600_000);
