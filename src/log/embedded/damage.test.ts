import { crc32c } from '@node-rs/crc32';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { SimulatedDisk } from '../../../test/disk/simulated-disk.ts';
import type { ReplicatedLog } from '../replicated-log.ts';
import { openEmbeddedLog } from './embedded-log.ts';
import { COMMIT_BYTES, ENTRY_HEADER_BYTES, entryFrameBytes } from './frame.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

const DIRECTORY = '/log';
const SEED = Number(process.env['SEED'] ?? 20_26);

interface Sample {
  readonly path: string;
  readonly content: Buffer;
  readonly bodies: readonly Buffer[];
  /** Per batch: file offset behind it, and entries up to and including it. */
  readonly batches: readonly { readonly end: number; readonly entries: number }[];
}

function randomBody(rng: Rng, sizeBytes: number): Buffer {
  return Buffer.from(Array.from({ length: sizeBytes }, () => 1 + rng.below(255)));
}

/** A log of one segment whose batches hold bodies of the given sizes. */
async function sampleLog(batchSizes: readonly (readonly number[])[]): Promise<Sample> {
  const rng = Rng.fromSeed(SEED);
  const disk = new SimulatedDisk();
  const log = await open(disk);
  const bodies: Buffer[] = [];
  const batches: { end: number; entries: number }[] = [];
  let end = SEGMENT_HEADER_BYTES;
  for (const sizes of batchSizes) {
    const batch = sizes.map((size) => randomBody(rng, size));
    await Promise.all(batch.map((body) => log.append(body)));
    bodies.push(...batch);
    end += COMMIT_BYTES + sizes.reduce((sum, size) => sum + entryFrameBytes(size), 0);
    batches.push({ end, entries: bodies.length });
  }
  await log.close();
  const [file] = disk.files();
  if (file === undefined) throw new Error('the log left no file');
  return { path: file[0], content: file[1], bodies, batches };
}

function open(disk: SimulatedDisk): Promise<ReplicatedLog> {
  return openEmbeddedLog({ directory: DIRECTORY, segmentBytes: 16 * 1024, fileSystem: disk });
}

async function bodiesOf(log: ReplicatedLog): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  for await (const entry of log.read(log.recovery.firstIndex - 1)) {
    expect(entry.index).toBe(log.recovery.firstIndex + bodies.length);
    bodies.push(Buffer.from(entry.body));
  }
  return bodies;
}

function entriesUpTo(sample: Sample, end: number): number {
  return sample.batches.findLast((batch) => batch.end <= end)?.entries ?? 0;
}

const SIZES = [[5], [40, 0], [90], [520], [64]] as const;

test('a log cut at any byte opens with exactly its whole batches, and takes more', async () => {
  const sample = await sampleLog(SIZES);
  const usedEnd = sample.batches.at(-1)?.end ?? 0;
  for (let size = SEGMENT_HEADER_BYTES; size <= usedEnd + 16; size += 1) {
    for (const isZeroed of [false, true]) {
      const content = Buffer.from(sample.content.subarray(0, isZeroed ? undefined : size));
      content.fill(0, size);
      const disk = new SimulatedDisk();
      disk.put(sample.path, content);
      const kept = sample.bodies.slice(0, entriesUpTo(sample, size));
      const log = await open(disk);
      expect(await bodiesOf(log)).toEqual(kept);
      const added = Buffer.from(`after a cut at ${size}`);
      expect(await log.append(added)).toBe(kept.length + 1);
      await log.close();
      const again = await open(disk);
      expect(again.recovery.tornBytes).toBe(0);
      expect(await bodiesOf(again)).toEqual([...kept, added]);
      await again.close();
    }
  }
});

test('a log cut inside its header is damaged, not new', async () => {
  const sample = await sampleLog([[5]]);
  for (let size = 0; size < SEGMENT_HEADER_BYTES; size += size < 64 ? 1 : 13) {
    const disk = new SimulatedDisk();
    disk.put(sample.path, sample.content.subarray(0, size));
    await expect(open(disk)).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: { offset: 0 } });
  }
});

test('any flipped bit of a header or a batch, even of the last one, is told as damage', async () => {
  const sample = await sampleLog(SIZES);
  const usedEnd = sample.batches.at(-1)?.end ?? 0;
  for (let offset = 0; offset < usedEnd; offset += 1) {
    // The empty part of the header is covered by one checksum: one bit of some of its bytes is enough.
    const isEmpty = offset >= 64 && offset < SEGMENT_HEADER_BYTES - 4;
    if (isEmpty && offset % 31 !== 0) continue;
    for (let bit = 0; bit < (isEmpty ? 1 : 8); bit += 1) {
      const content = Buffer.from(sample.content);
      content[offset] = (content[offset] ?? 0) ^ (1 << bit);
      const disk = new SimulatedDisk();
      disk.put(sample.path, content);
      const refusal = await open(disk).then(
        () => ({ code: `opened with bit ${bit} of byte ${offset} flipped` }),
        (error: unknown) => error,
      );
      expect(refusal).toMatchObject({ code: 'LOG_CORRUPT', details: { file: sample.path } });
      expect(disk.files().get(sample.path)?.equals(content)).toBe(true);
    }
  }
});

test('a byte of any value anywhere never alters an entry, and loses at most the last batch', async () => {
  const sample = await sampleLog(SIZES);
  const rng = Rng.fromSeed(SEED);
  const lastBatchAt = sample.batches.at(-2)?.end ?? 0;
  const beforeLast = sample.batches.at(-2)?.entries ?? 0;
  const usedEnd = sample.batches.at(-1)?.end ?? 0;
  for (let offset = SEGMENT_HEADER_BYTES; offset < sample.content.length;) {
    offset += offset < usedEnd ? 1 : 37;
    for (const value of [0, 0xff, rng.below(256)]) {
      if (sample.content[offset] === value) continue;
      const disk = new SimulatedDisk();
      const content = Buffer.from(sample.content);
      content[offset] = value;
      disk.put(sample.path, content);
      const log = await open(disk).catch((error: unknown) => error);
      if (log instanceof Error) {
        expect(log).toMatchObject({ code: 'LOG_CORRUPT' });
        continue;
      }
      expect(offset).toBeGreaterThanOrEqual(lastBatchAt);
      const opened = log as ReplicatedLog;
      const bodies = await bodiesOf(opened);
      expect(bodies.length).toBeGreaterThanOrEqual(beforeLast);
      expect(bodies).toEqual(sample.bodies.slice(0, bodies.length));
      await opened.close();
    }
  }
});

test('garbage behind the last batch is cut and counted', async () => {
  const sample = await sampleLog([[5], [6]]);
  const usedEnd = sample.batches.at(-1)?.end ?? 0;
  const disk = new SimulatedDisk();
  const content = Buffer.from(sample.content);
  content.fill(0xab, usedEnd + 3, usedEnd + 1003);
  disk.put(sample.path, content);
  const log = await open(disk);
  expect(log.recovery).toEqual({ firstIndex: 1, lastIndex: 2, tornBytes: 1003 });
  await log.close();
  expect(disk.files().get(sample.path)?.equals(sample.content)).toBe(true);
});

test('a torn batch whose body carries old frames of its own segment is still torn', async () => {
  const sample = await sampleLog([[50], [60]]);
  const secondEnd = sample.batches[1]?.end ?? 0;
  const disk = new SimulatedDisk();
  disk.put(sample.path, sample.content);
  const log = await open(disk);
  await log.append(sample.content.subarray(SEGMENT_HEADER_BYTES, secondEnd));
  await log.close();
  const content = disk.files().get(sample.path) ?? Buffer.alloc(0);
  content.fill(0, secondEnd + 300);
  const torn = new SimulatedDisk();
  torn.put(sample.path, content);
  const reopened = await open(torn);
  expect(reopened.recovery.lastIndex).toBe(2);
  expect(reopened.recovery.tornBytes).toBeGreaterThan(0);
  await reopened.close();
});

test('an entry replaced together with all its checksums breaks the chain of hashes', async () => {
  const sample = await sampleLog([[64], [64]]);
  const [first] = sample.batches;
  const commitAt = (first?.end ?? 0) - COMMIT_BYTES;
  const content = Buffer.from(sample.content);
  content.fill('forged', SEGMENT_HEADER_BYTES + ENTRY_HEADER_BYTES, commitAt);
  const checksum = crc32c(content.subarray(SEGMENT_HEADER_BYTES, commitAt + 56));
  content.writeUInt32LE(checksum, commitAt + 56);
  const seal = crc32c(content.subarray(commitAt, commitAt + 60)) & 0xff_ffff;
  content.writeUIntLE(seal, commitAt + 60, 3);
  const disk = new SimulatedDisk();
  disk.put(sample.path, content);
  await expect(open(disk)).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
});
