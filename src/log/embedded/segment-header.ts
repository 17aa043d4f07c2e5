/**
 * The first 4 KiB of a segment: written once, durable before the file gets its name, never written again.
 *
 *   offset  bytes
 *        0      8  magic "UQO-LOG\n"
 *        8      4  format version, 1
 *       12      4  size of this header, 4096
 *       16      8  segment id, random: leftovers of another segment are never taken for records of this one
 *       24      8  base index: of the first entry this segment may hold
 *       32     16  hash of the last entry before it; zeros at the start of the log
 *       48   4044  zeros
 *     4092      4  CRC-32C of everything before
 *
 * Integers are little-endian, 64-bit ones at most 2⁵³ - 1. A block of its own keeps it out of reach of a torn write.
 */
import { crc32c } from '@node-rs/crc32';
import { invariant } from '../../base/invariant.ts';

export const SEGMENT_HEADER_BYTES = 4096;
export const HASH_BYTES = 16;
export const SEGMENT_ID_BYTES = 8;

const MAGIC = Buffer.from('UQO-LOG\n', 'latin1');
const VERSION = 1;
const CRC_AT = SEGMENT_HEADER_BYTES - 4;

export interface SegmentHeader {
  readonly id: Buffer;
  readonly baseIndex: number;
  readonly previousHash: Buffer;
}

/** Why 4 KiB at the start of a file are no header: another format, or a damaged one. */
export type HeaderFault = 'magic' | 'version' | 'damaged';

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  invariant(header.id.length === SEGMENT_ID_BYTES, 'a segment id has 8 bytes');
  invariant(header.previousHash.length === HASH_BYTES, 'an entry hash has 16 bytes');
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(SEGMENT_HEADER_BYTES, 12);
  header.id.copy(bytes, 16);
  writeU64(bytes, header.baseIndex, 24);
  header.previousHash.copy(bytes, 32);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
}

export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | HeaderFault {
  if (bytes.length < SEGMENT_HEADER_BYTES) return 'damaged';
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 'magic';
  if (crc32c(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32LE(CRC_AT)) return 'damaged';
  if (bytes.readUInt32LE(8) !== VERSION) return 'version';
  return {
    id: Buffer.from(bytes.subarray(16, 24)),
    baseIndex: readU64(bytes, 24),
    previousHash: Buffer.from(bytes.subarray(32, 48)),
  };
}

export function writeU64(target: Buffer, value: number, position: number): void {
  target.writeUInt32LE(value % 0x1_0000_0000, position);
  target.writeUInt32LE(Math.floor(value / 0x1_0000_0000), position + 4);
}

/** Above 2⁵³ the result is rounded; no valid record holds such a number, so it fails whatever check follows. */
export function readU64(source: Buffer, position: number): number {
  return source.readUInt32LE(position) + source.readUInt32LE(position + 4) * 0x1_0000_0000;
}
