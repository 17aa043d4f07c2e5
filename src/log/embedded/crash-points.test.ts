/**
 * Stops the machine at every single operation on the disk, for several choices of what survives, and opens again.
 *
 * The workload rolls over segments, releases some, groups entries, and writes some larger than a sector.
 */
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { SimulatedDisk, type CrashChoice } from '../../../test/disk/simulated-disk.ts';
import type { ReplicatedLog } from '../replicated-log.ts';
import { openEmbeddedLog } from './embedded-log.ts';

const SEED = Number(process.env['SEED'] ?? 20_26);
const DIRECTORY = '/log';
const SEGMENT_BYTES = 8 * 1024;

interface History {
  /** Bodies in the order of append; entry i has index i + 1. */
  readonly appended: Buffer[];
  acknowledged: number;
  released: number;
}

const choices: Readonly<Record<string, (rng: Rng) => CrashChoice>> = {
  'nothing unfinished': () => ({ nameChanges: () => 0, keepsSector: () => false }),
  'everything unfinished': () => ({ nameChanges: (count) => count, keepsSector: () => true }),
  'only the last sector': () => ({
    nameChanges: () => 0,
    keepsSector: (ordinal, count) => ordinal === count - 1,
  }),
  'all but the last sector': () => ({
    nameChanges: (count) => count,
    keepsSector: (ordinal, count) => ordinal < count - 1,
  }),
  'any sectors': (rng) => ({
    nameChanges: (count) => rng.below(count + 1),
    keepsSector: () => rng.below(2) === 1,
  }),
};

function open(disk: SimulatedDisk): Promise<ReplicatedLog> {
  return openEmbeddedLog({ directory: DIRECTORY, segmentBytes: SEGMENT_BYTES, fileSystem: disk });
}

/** Runs the workload until it ends or the disk stops answering. */
async function work(disk: SimulatedDisk, history: History, rounds: number): Promise<void> {
  const rng = Rng.fromSeed(SEED);
  const log = await open(disk);
  for (let round = 0; round < rounds; round += 1) {
    const group = Array.from({ length: 1 + rng.below(3) }, () => {
      const body = Buffer.alloc(4 + rng.below(1400), 1 + rng.below(255));
      body.writeUInt32LE(history.appended.push(body));
      return body;
    });
    await Promise.all(
      group.map((body) => log.append(body).then((index) => (history.acknowledged = index))),
    );
    if (round % 6 !== 5) continue;
    history.released = history.acknowledged - 4;
    await log.releaseThrough(history.released);
  }
  await log.close();
}

/** Resolves with false if the disk stopped at operation `stopAt` before the work was done. */
async function runUntil(disk: SimulatedDisk, history: History, stopAt: number): Promise<boolean> {
  let count = 0;
  const stopped = Promise.withResolvers<boolean>();
  disk.fate = ({ kind }) => {
    if (kind === 'read') return 'proceed';
    count += 1;
    if (count < stopAt) return 'proceed';
    stopped.resolve(false);
    return 'hang';
  };
  return Promise.race([stopped.promise, work(disk, history, 14).then(() => true)]);
}

async function checkSurvivor(disk: SimulatedDisk, history: History): Promise<void> {
  const log = await open(disk);
  const { firstIndex, lastIndex } = log.recovery;
  expect(lastIndex).toBeGreaterThanOrEqual(history.acknowledged);
  expect(lastIndex).toBeLessThanOrEqual(history.appended.length);
  expect(firstIndex).toBeLessThanOrEqual(history.released + 1);
  let index = firstIndex;
  for await (const entry of log.read(firstIndex - 1)) {
    expect(entry.index).toBe(index);
    expect(Buffer.from(entry.body).equals(history.appended[index - 1] ?? Buffer.alloc(0))).toBe(
      true,
    );
    index += 1;
  }
  expect(index).toBe(lastIndex + 1);
  expect(await log.append(Buffer.from('more'))).toBe(lastIndex + 1);
  await log.close();
  const again = await open(disk);
  expect(again.recovery).toEqual({ firstIndex, lastIndex: lastIndex + 1, tornBytes: 0 });
  await again.close();
}

test.each(Object.keys(choices))(
  'a machine that stops at any moment and keeps %s finds every acknowledged entry',
  async (name) => {
    let stopAt = 1;
    for (; ; stopAt += 1) {
      const history: History = { appended: [], acknowledged: 0, released: 0 };
      const disk = new SimulatedDisk();
      const isDone = await runUntil(disk, history, stopAt);
      const choice = choices[name]?.(Rng.fromSeed(SEED + stopAt));
      if (choice === undefined) throw new Error(`no choice called ${name}`);
      await checkSurvivor(disk.afterCrash(choice), history).catch((error: unknown) => {
        throw new Error(`stopped at operation ${stopAt}, SEED=${SEED}`, { cause: error });
      });
      if (isDone) break;
    }
    expect(stopAt).toBeGreaterThan(20);
  },
);
