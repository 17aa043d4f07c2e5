/**
 * Records inside a segment: entries, and the commit that closes each batch of them.
 *
 *   offset  bytes  entry                              commit
 *        0      4  magic "ENTR"                       magic "CMIT"
 *        4      4  size of the body                   size of the batch's entry frames together
 *        8      8  segment id                         segment id
 *       16      8  batch number, from 1 per segment   batch number
 *       24      8  index                              index of the batch's last entry
 *       32      4  zero                               number of entries
 *       36      4  zero                               zero
 *       40     16  hash of the entry before           hash of the batch's last entry
 *       56         body, zeros up to 8 bytes          CRC-32C of the batch: its entries and the 56 bytes above
 *       60      3                                     low 24 bits of the CRC-32C of the 60 bytes above
 *       63      1                                     end mark
 *
 * Hash of an entry: SHA-256 of its header and body, cut to 16 bytes; the hash of the entry before is part of the
 * header, which makes it a chain. Frames start at multiples of 8, so magic and size, and each 64-bit number, never
 * straddle a sector: a torn write leaves each of them whole or absent.
 */
import { hash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { invariant } from '../../base/invariant.ts';
import { HASH_BYTES, readU64, writeU64 } from './segment-header.ts';

export const ENTRY_HEADER_BYTES = 56;
export const COMMIT_BYTES = 64;
export const ENTRY_MAGIC: number = Buffer.from('ENTR', 'latin1').readUInt32LE();
export const COMMIT_MAGIC: number = Buffer.from('CMIT', 'latin1').readUInt32LE();
/** Last byte of a commit. Two or more bits set, so that flipping one does not make it the zero of an unwritten byte. */
const END_MARK = 0xe5;

/** The state that one batch hands to the next. */
export interface ChainState {
  readonly lastIndex: number;
  readonly lastHash: Buffer;
  readonly nextBatch: number;
}

/** Bytes one entry takes in a batch. */
export function entryFrameBytes(bodyBytes: number): number {
  return Math.ceil((ENTRY_HEADER_BYTES + bodyBytes) / 8) * 8;
}

export function hashFrame(frame: Uint8Array): Buffer {
  return hash('sha256', frame, 'buffer').subarray(0, HASH_BYTES);
}

export function readHash(source: Buffer, position: number): Buffer {
  return source.subarray(position + 40, position + 40 + HASH_BYTES);
}

interface FrameFields {
  readonly magic: number;
  readonly sizeBytes: number;
  readonly batch: number;
  readonly index: number;
  readonly count: number;
  readonly hash: Buffer;
}

function writeFrame(
  target: Buffer,
  position: number,
  segmentId: Buffer,
  fields: FrameFields,
): void {
  target.writeUInt32LE(fields.magic, position);
  target.writeUInt32LE(fields.sizeBytes, position + 4);
  segmentId.copy(target, position + 8);
  writeU64(target, fields.batch, position + 16);
  writeU64(target, fields.index, position + 24);
  target.writeUInt32LE(fields.count, position + 32);
  target.writeUInt32LE(0, position + 36);
  fields.hash.copy(target, position + 40);
}

/**
 * Writes one batch, entries and commit, to the start of `target`, which must have room for it.
 *
 * @returns the chain after it, and the size in bytes
 */
export function encodeBatch(
  target: Buffer,
  bodies: readonly Uint8Array[],
  segmentId: Buffer,
  before: ChainState,
): { readonly after: ChainState; readonly sizeBytes: number } {
  invariant(bodies.length > 0, 'a batch holds at least one entry');
  let position = 0;
  let index = before.lastIndex;
  let lastHash = before.lastHash;
  for (const body of bodies) {
    index += 1;
    const fields = { magic: ENTRY_MAGIC, sizeBytes: body.length, batch: before.nextBatch };
    writeFrame(target, position, segmentId, { ...fields, index, count: 0, hash: lastHash });
    target.set(body, position + ENTRY_HEADER_BYTES);
    const end = position + ENTRY_HEADER_BYTES + body.length;
    lastHash = hashFrame(target.subarray(position, end));
    position += entryFrameBytes(body.length);
    target.fill(0, end, position);
  }
  const commit = { magic: COMMIT_MAGIC, sizeBytes: position, batch: before.nextBatch };
  writeFrame(target, position, segmentId, {
    ...commit,
    index,
    count: bodies.length,
    hash: lastHash,
  });
  target.writeUInt32LE(crc32c(target.subarray(0, position + 56)), position + 56);
  target.writeUInt32LE(commitSeal(target, position), position + 60);
  const after = { lastIndex: index, lastHash, nextBatch: before.nextBatch + 1 };
  return { after, sizeBytes: position + COMMIT_BYTES };
}

function commitSeal(source: Buffer, position: number): number {
  const check = crc32c(source.subarray(position, position + 60));
  return ((check & 0xff_ffff) | (END_MARK << 24)) >>> 0;
}

/** True if the commit at `position` is undamaged in itself, whatever became of its entries. */
export function isCommitIntact(source: Buffer, position: number): boolean {
  return (
    source.length - position >= COMMIT_BYTES &&
    source.readUInt32LE(position) === COMMIT_MAGIC &&
    source.readUInt32LE(position + 60) === commitSeal(source, position)
  );
}

/** The batch number of the frame at `position` if its magic is one, else 0. */
export function batchNumberAt(source: Buffer, position: number): number {
  if (source.length - position < 24) return 0;
  const magic = source.readUInt32LE(position);
  return magic === ENTRY_MAGIC || magic === COMMIT_MAGIC ? readU64(source, position + 16) : 0;
}
