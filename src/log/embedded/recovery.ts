/**
 * Opens what is on disk: every entry of every segment is checked before the log accepts another.
 *
 * Only bytes that were never acknowledged are cut, and only behind the last batch of the last segment; anything else
 * that does not check refuses to open (see torn-tail.ts for how the two are told apart).
 */
import path from 'node:path';
import { BatchReader } from './batch-reader.ts';
import type { FileSystem } from './file-system.ts';
import type { ChainState } from './frame.ts';
import {
  corruptError,
  duplicateSegmentError,
  foreignFileError,
  missingSegmentError,
} from './log-errors.ts';
import { readSegmentHeader, writeFully, type Segment } from './segment-file.ts';
import { classifyName } from './segment-name.ts';
import { examineTail } from './torn-tail.ts';

/** What a folder holds: nothing yet, or segments that follow each other, oldest first. */
export interface RecoveredLog {
  readonly segments: readonly Segment[];
  readonly chain: ChainState;
  /** Offset in the last segment behind its last batch. */
  readonly endPosition: number;
  readonly tornBytes: number;
}

interface CheckedSegment {
  readonly chain: ChainState;
  readonly endPosition: number;
  readonly tornBytes: number;
}

export async function recoverSegments(
  fileSystem: FileSystem,
  directory: string,
): Promise<RecoveredLog | undefined> {
  const segments = await listSegments(fileSystem, directory);
  let checked: CheckedSegment | undefined;
  for (const [position, segment] of segments.entries()) {
    if (checked !== undefined) checkJoint(directory, segments[position - 1], checked, segment);
    const isLast = position === segments.length - 1;
    checked = await checkSegment(fileSystem, segment, isLast);
  }
  return checked === undefined ? undefined : { segments, ...checked };
}

async function listSegments(fileSystem: FileSystem, directory: string): Promise<Segment[]> {
  const names = [...(await fileSystem.list(directory))].sort();
  const segments: Segment[] = [];
  let hasLeftover = false;
  for (const name of names) {
    const kind = classifyName(name);
    if (kind === 'foreign') throw foreignFileError(directory, name);
    if (kind === 'segment') segments.push(await readSegmentHeader(fileSystem, directory, name));
    if (kind !== 'unfinished') continue;
    await fileSystem.remove(path.join(directory, name));
    hasLeftover = true;
  }
  if (hasLeftover) await fileSystem.flushDirectory(directory);
  for (const [position, segment] of segments.entries()) {
    const next = segments[position + 1];
    if (next?.header.baseIndex !== segment.header.baseIndex) continue;
    throw duplicateSegmentError(directory, [segment.path, next.path]);
  }
  return segments;
}

/** Segments must follow each other by index and by hash. */
function checkJoint(
  directory: string,
  previous: Segment | undefined,
  checked: CheckedSegment,
  next: Segment,
): void {
  const { lastIndex, lastHash } = checked.chain;
  const { baseIndex, previousHash } = next.header;
  if (baseIndex <= lastIndex) {
    throw duplicateSegmentError(directory, [previous?.path ?? '', next.path]);
  }
  if (baseIndex > lastIndex + 1) throw missingSegmentError(directory, lastIndex + 1, baseIndex - 1);
  if (!previousHash.equals(lastHash)) {
    throw corruptError(next.path, 32, 'the hash of the entry before this segment does not match');
  }
}

async function checkSegment(
  fileSystem: FileSystem,
  segment: Segment,
  isLast: boolean,
): Promise<CheckedSegment> {
  const file = await fileSystem.open(segment.path, isLast ? 'write' : 'read');
  try {
    const reader = new BatchReader(file, segment.header, true);
    while ((await reader.next()) !== undefined);
    const { chain, stop } = reader;
    const endPosition = stop.batchAt;
    const tail = await examineTail(file, segment.header.id, stop, chain.nextBatch);
    if (tail.kind === 'clean') return { chain, endPosition, tornBytes: 0 };
    if (tail.kind === 'damaged' || !isLast) {
      const what = `entry ${chain.lastIndex + 1} or one of its batch is damaged: bad record`;
      throw corruptError(segment.path, stop.recordAt, what);
    }
    await writeFully(file, Buffer.alloc(tail.tornBytes), endPosition);
    return { chain, endPosition, tornBytes: tail.tornBytes };
  } finally {
    await file.close();
  }
}
