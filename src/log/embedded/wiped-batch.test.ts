import { expect, test } from 'vitest';
import { ActiveSegment } from './active-segment.ts';
import { BatchReader } from './batch-reader.ts';
import type { LogFile } from './file-system.ts';
import { encodeBatch, type ChainState } from './frame.ts';
import { HASH_BYTES, SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { examineTail } from './torn-tail.ts';

const ID = Buffer.from('segment0');
const CAPACITY = 64 * 1024;

/** A file whose next batch reaches the disk whole and is refused all the same, and whose power fails later. */
class BadFile implements LogFile {
  readonly bytes: Buffer = Buffer.alloc(SEGMENT_HEADER_BYTES + 4_096);
  isFull = false;
  /** Bytes that are written before the power fails. */
  left = Number.POSITIVE_INFINITY;

  size = (): Promise<number> => Promise.resolve(this.bytes.length);
  close = (): Promise<void> => Promise.resolve();

  read(target: Uint8Array, position: number): Promise<number> {
    const part = this.bytes.subarray(position, position + target.length);
    target.set(part);
    return Promise.resolve(part.length);
  }

  write(source: Uint8Array, position: number): Promise<number> {
    const part = source.subarray(0, Math.min(source.length, this.left));
    this.bytes.set(part, position);
    this.left -= part.length;
    if (part.length < source.length) return Promise.reject(new Error('the power failed'));
    if (!this.isFull) return Promise.resolve(source.length);
    this.isFull = false;
    return Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }));
  }
}

function batch(before: ChainState, sizes: readonly number[]): [Buffer, ChainState] {
  const target = Buffer.alloc(CAPACITY);
  const bodies = sizes.map((size, n) => Buffer.alloc(size, n + 1));
  const { after, sizeBytes } = encodeBatch(target, bodies, ID, before);
  return [target.subarray(0, sizeBytes), after];
}

test('a crash at any byte while a refused batch is wiped leaves no damage', async () => {
  for (const sizes of [[20], [300, 200], [700, 90, 1_300]]) {
    const start = { lastIndex: 0, lastHash: Buffer.alloc(HASH_BYTES), nextBatch: 1 };
    const [first, chain] = batch(start, [111]);
    const [second] = batch(chain, sizes);
    for (let left = 0; left <= 2 * second.length + 200; left++) {
      const file = new BadFile();
      const header = { id: ID, baseIndex: 1, previousHash: Buffer.alloc(HASH_BYTES) };
      const segment = await ActiveSegment.open({
        segment: { path: '', header },
        file,
        position: SEGMENT_HEADER_BYTES,
        capacityBytes: file.bytes.length,
        onFailure: (error) => expect.unreachable(String(error)),
      });
      expect(await segment.write(first)).toBe('durable');
      file.isFull = true;
      file.left = second.length + left;
      await segment.write(second).catch(() => 'the power failed');
      const reader = new BatchReader(file, header, true);
      while ((await reader.next()) !== undefined);
      const { chain: found, stop } = reader;
      // Where nothing was wiped yet the batch is whole, and nobody was told that it is not.
      if (found.lastIndex > 1) continue;
      const tail = await examineTail(file, ID, stop, found.nextBatch);
      expect([left, tail.kind]).not.toEqual([left, 'damaged']);
    }
  }
});
