/**
 * Tells a write that a crash cut short from damage to entries that had been acknowledged.
 *
 * The rules, for a batch that does not check:
 *   T1  batch n + 1 is written only after batch n is durable, so any trace of a later batch (or of a later segment)
 *       proves that this one was whole once: it is damaged
 *   T2  the space ahead is zeros, durably so, before anything is written to it, and a write cut short leaves each
 *       512-byte sector old or new: a batch whose commit is there but none of whose sectors is still zero was whole
 *       once: it is damaged
 *   T3  anything else is a torn write, never acknowledged
 *
 * T2 assumes a disk that writes a sector wholly or not at all. A body with a zero sector of its own hides damage to the
 * last batch from T2, and damage to the last byte of the last commit may look like T3: there, and only there, an
 * acknowledged batch that rotted can be mistaken for a torn one.
 */
import { invariant } from '../../base/invariant.ts';
import type { Stop } from './batch-reader.ts';
import type { LogFile } from './file-system.ts';
import { COMMIT_BYTES, ENTRY_MAGIC, batchNumberAt, isCommitIntact } from './frame.ts';
import { SECTOR_BYTES } from './segment-file.ts';

const CHUNK_BYTES = 64 * 1024;

const ZEROS = Buffer.alloc(CHUNK_BYTES);

export type Tail =
  | { readonly kind: 'clean' }
  | { readonly kind: 'torn'; readonly tornBytes: number }
  | { readonly kind: 'damaged'; readonly recordAt: number };

/**
 * Examines what follows the last valid batch of a segment.
 *
 * @param stop - where reading stopped
 * @param badBatch - number of the batch that did not check
 */
export async function examineTail(
  file: LogFile,
  segmentId: Buffer,
  stop: Stop,
  badBatch: number,
): Promise<Tail> {
  const tail = await readTail(file, stop.batchAt);
  if (tail.length === 0) return { kind: 'clean' };
  const damaged = { kind: 'damaged', recordAt: stop.recordAt } as const;
  const commitAt = findTrace(tail, segmentId, badBatch);
  if (commitAt === 'later batch') return damaged;
  if (commitAt !== undefined && !hasUnwrittenSector(tail, stop.batchAt, commitAt)) return damaged;
  if (isDamagedCommit(tail, stop)) return damaged;
  return { kind: 'torn', tornBytes: tail.length };
}

/** The bytes from `from` to the last one that is not zero. */
async function readTail(file: LogFile, from: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let zeroBytes = 0;
  for (let position = from; ;) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const count = await file.read(chunk, position);
    invariant(count <= CHUNK_BYTES, 'a read returns at most what was asked for');
    if (count === 0) break;
    position += count;
    if (chunk.compare(ZEROS, 0, count, 0, count) === 0) {
      zeroBytes += count;
      continue;
    }
    if (zeroBytes > 0) chunks.push(Buffer.alloc(zeroBytes));
    zeroBytes = 0;
    chunks.push(chunk.subarray(0, count));
  }
  const tail = Buffer.concat(chunks);
  let end = tail.length;
  while (end > 0 && tail[end - 1] === 0) end -= 1;
  return tail.subarray(0, end);
}

/** A trace of a batch after `badBatch` (T1), else the offset of the intact commit of `badBatch` itself, else undefined. */
function findTrace(
  tail: Buffer,
  segmentId: Buffer,
  badBatch: number,
): 'later batch' | number | undefined {
  let commitAt: number | undefined;
  for (let at = tail.indexOf(segmentId); at !== -1; at = tail.indexOf(segmentId, at + 1)) {
    const frameAt = at - 8;
    if (frameAt < 0 || frameAt % 8 !== 0) continue;
    const batch = batchNumberAt(tail, frameAt);
    if (batch > badBatch) return 'later batch';
    if (batch === badBatch && isCommitIntact(tail, frameAt)) commitAt = frameAt;
  }
  return commitAt;
}

/** True if some sector's share of `tail` up to `end` is all zeros, as if it had never been written. */
function hasUnwrittenSector(tail: Buffer, tailAt: number, end: number): boolean {
  for (let start = 0; start < end;) {
    const sectorEnd = Math.min(end, start + SECTOR_BYTES - ((tailAt + start) % SECTOR_BYTES));
    if (tail.compare(ZEROS, 0, sectorEnd - start, start, sectorEnd) === 0) return true;
    start = sectorEnd;
  }
  return false;
}

/** True if the bad record stands where a commit belongs, is written up to its last byte, and misses no sector (T2). */
function isDamagedCommit(tail: Buffer, stop: Stop): boolean {
  const commitAt = stop.recordAt - stop.batchAt;
  const end = commitAt + COMMIT_BYTES;
  if (commitAt === 0 || tail.length < end || (tail[end - 1] ?? 0) === 0) return false;
  if (tail.readUInt32LE(commitAt) === ENTRY_MAGIC) return false;
  return !hasUnwrittenSector(tail, stop.batchAt, end);
}
