/**
 * Checksums of the blocks of an artifact, kept beside it: what a disk changed by itself is found before anybody reads it.
 *
 *   ID.sums   u32 CRC-32 of the rest | u32 CRC-32 of each block of 1 MiB, the last one shorter; all little-endian
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Bytes that one checksum is of. */
export const BLOCK_BYTES: number = 1024 * 1024;

/** Checksums of the blocks, in their order. */
export type BlockSums = readonly number[];

export function blockCount(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES);
}

/** Reads a file of `bytes` bytes to its end. */
export async function sumFile(
  handle: FileHandle,
  bytes: number,
): Promise<{ readonly sums: BlockSums; readonly sha256: string }> {
  const sums: number[] = [];
  const hash = createHash('sha256');
  for (let block = 0; block < blockCount(bytes); block++) {
    const content = await readBlock(handle, bytes, block);
    sums.push(crc32(content));
    hash.update(content);
  }
  return { sums, sha256: hash.digest('hex') };
}

/** Checksums alone, at a tenth of the time. */
export async function sumBlocks(handle: FileHandle, bytes: number): Promise<BlockSums> {
  const sums: number[] = [];
  for (let block = 0; block < blockCount(bytes); block++) {
    sums.push(crc32(await readBlock(handle, bytes, block)));
  }
  return sums;
}

export function isBlock(content: Uint8Array, sums: BlockSums, block: number): boolean {
  return crc32(content) === sums[block];
}

/** One block of a file of `bytes` bytes; shorter than it must be where the file is. */
export async function readBlock(handle: FileHandle, bytes: number, block: number): Promise<Buffer> {
  const from = block * BLOCK_BYTES;
  const content = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, bytes - from));
  let read = 0;
  while (read < content.length) {
    const { bytesRead } = await handle.read(content, read, content.length - read, from + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return content.subarray(0, read);
}

export function encodeSums(sums: BlockSums): Buffer {
  const file = Buffer.alloc(4 + 4 * sums.length);
  for (const [block, sum] of sums.entries()) file.writeUInt32LE(sum, 4 + 4 * block);
  file.writeUInt32LE(crc32(file.subarray(4)), 0);
  return file;
}

/** Null where it is not what {@link encodeSums} made for so many bytes. */
export function decodeSums(file: Buffer, bytes: number): BlockSums | null {
  const count = blockCount(bytes);
  if (file.length !== 4 + 4 * count || file.readUInt32LE(0) !== crc32(file.subarray(4)))
    return null;
  return Array.from({ length: count }, (_, block) => file.readUInt32LE(4 + 4 * block));
}
