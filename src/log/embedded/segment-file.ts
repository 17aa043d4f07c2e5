import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { OrchestratorError } from '../../base/errors.ts';
import type { FileSystem, LogFile } from './file-system.ts';
import { corruptError, isOutOfSpace, versionError } from './log-errors.ts';
import {
  SEGMENT_HEADER_BYTES,
  SEGMENT_ID_BYTES,
  decodeSegmentHeader,
  encodeSegmentHeader,
  type SegmentHeader,
} from './segment-header.ts';
import { UNFINISHED_SUFFIX, segmentName } from './segment-name.ts';

/** What a disk writes wholly or not at all. */
export const SECTOR_BYTES = 512;

/** A segment on disk. */
export interface Segment {
  readonly path: string;
  readonly header: SegmentHeader;
}

/** Writes all of `source`, however many writes it takes; durable when it resolves. */
export async function writeFully(
  file: LogFile,
  source: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < source.length;) {
    const intoSector = (position + done) % SECTOR_BYTES;
    // What a short write began of a sector is finished before any other sector is touched: a crash then leaves the
    // sectors behind it as they were, and the write is seen to be torn.
    const end = done === 0 || intoSector === 0 ? source.length : done + SECTOR_BYTES - intoSector;
    const written = await file.write(source.subarray(done, end), position + done);
    if (written <= 0) {
      throw new OrchestratorError('EIO', `a write must make progress, got ${written} bytes`);
    }
    done += written;
  }
}

/** Fills `target` as far as the file reaches and returns that part. */
async function readFully(file: LogFile, target: Buffer): Promise<Buffer> {
  let done = 0;
  while (done < target.length) {
    const count = await file.read(target.subarray(done), done);
    if (count === 0) break;
    done += count;
  }
  return target.subarray(0, done);
}

/** @throws OrchestratorError `LOG_CORRUPT` or `LOG_VERSION_UNSUPPORTED` */
export async function readSegmentHeader(
  fileSystem: FileSystem,
  directory: string,
  name: string,
): Promise<Segment> {
  const file = path.join(directory, name);
  const handle = await fileSystem.open(file, 'read');
  try {
    const header = decodeSegmentHeader(await readFully(handle, Buffer.alloc(SEGMENT_HEADER_BYTES)));
    if (header === 'version') throw versionError(file);
    // The header was durable before the file got this name, so a torn write cannot have done it.
    if (header === 'magic' || header === 'damaged') throw corruptError(file, 0, 'damaged header');
    if (segmentName(header.baseIndex, header.id) !== name) {
      throw corruptError(file, 16, 'base index or segment id that the file name contradicts');
    }
    return { path: file, header };
  } finally {
    await handle.close();
  }
}

/**
 * Makes a segment with `zeroedBytes` ready for entries, durable under its name before it resolves.
 *
 * Where the disk has no room, nothing of it is left; after any other failure at most an unfinished file, which the
 * next open removes.
 */
export async function createSegment(
  fileSystem: FileSystem,
  directory: string,
  content: Omit<SegmentHeader, 'id'>,
  zeroedBytes: number,
): Promise<{ readonly segment: Segment; readonly file: LogFile }> {
  const header = { ...content, id: randomBytes(SEGMENT_ID_BYTES) };
  const target = path.join(directory, segmentName(header.baseIndex, header.id));
  const unfinished = target + UNFINISHED_SUFFIX;
  const file = await fileSystem.create(unfinished);
  let current = unfinished;
  try {
    const first = Buffer.alloc(SEGMENT_HEADER_BYTES + zeroedBytes);
    encodeSegmentHeader(header).copy(first);
    await writeFully(file, first, 0);
    await fileSystem.rename(unfinished, target);
    current = target;
    await fileSystem.flushDirectory(directory);
    return { segment: { path: target, header }, file };
  } catch (error) {
    await file.close();
    if (!isOutOfSpace(error)) throw error;
    // Two segments with one base index would be refused at the next open, so the name must be gone for certain.
    await fileSystem.remove(current);
    await fileSystem.flushDirectory(directory);
    throw error;
  }
}
