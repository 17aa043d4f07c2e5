import type { LogEntry } from '../replicated-log.ts';
import { BatchReader, type Batch } from './batch-reader.ts';
import type { FileSystem, LogFile } from './file-system.ts';
import { ENTRY_HEADER_BYTES, entryFrameBytes } from './frame.ts';
import { corruptError, releasedError } from './log-errors.ts';
import type { Segment } from './segment-file.ts';

export interface ReadRange {
  readonly fileSystem: FileSystem;
  readonly segments: readonly Segment[];
  readonly afterIndex: number;
  /** Index of the last entry to read: the newest durable one. */
  readonly throughIndex: number;
  /** Throws where the log was closed meanwhile. */
  readonly assertOpen: () => void;
}

/** Streams entries, one chunk of a segment at a time. Bodies are views of the chunk and keep it alive. */
export async function* readEntries(range: ReadRange): AsyncGenerator<LogEntry, void> {
  const { segments, afterIndex, throughIndex } = range;
  for (const [position, segment] of segments.entries()) {
    if (segment.header.baseIndex > throughIndex) return;
    const next = segments[position + 1];
    const endIndex = next?.header.baseIndex ?? Number.POSITIVE_INFINITY;
    if (endIndex - 1 <= afterIndex) continue;
    yield* readSegment(range, segment, Math.min(endIndex - 1, throughIndex));
  }
}

async function* readSegment(
  range: ReadRange,
  segment: Segment,
  lastIndex: number,
): AsyncGenerator<LogEntry, void> {
  const file = await openForReading(range, segment);
  try {
    const reader = new BatchReader(file, segment.header, false);
    while (reader.chain.lastIndex < lastIndex) {
      const batch = reader.takeBuffered() ?? (await reader.next());
      if (batch === undefined) {
        const what = `entry ${reader.chain.lastIndex + 1} became unreadable`;
        throw corruptError(segment.path, reader.stop.recordAt, what);
      }
      range.assertOpen();
      for (const entry of entriesOf(batch, range.afterIndex)) yield entry;
    }
  } finally {
    await file.close();
  }
}

/** The entries of a batch with an index greater than `afterIndex`. */
function entriesOf(batch: Batch, afterIndex: number): LogEntry[] {
  const entries: LogEntry[] = [];
  const { window, after, entryCount } = batch;
  let position = batch.start;
  for (let index = after.lastIndex - entryCount + 1; index <= after.lastIndex; index += 1) {
    const bodyBytes = window.readUInt32LE(position + 4);
    const bodyAt = position + ENTRY_HEADER_BYTES;
    if (index > afterIndex)
      entries.push({ index, body: window.subarray(bodyAt, bodyAt + bodyBytes) });
    position += entryFrameBytes(bodyBytes);
  }
  return entries;
}

async function openForReading(range: ReadRange, segment: Segment): Promise<LogFile> {
  range.assertOpen();
  try {
    return await range.fileSystem.open(segment.path, 'read');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw releasedError(range.afterIndex, segment.header.baseIndex + 1);
  }
}
