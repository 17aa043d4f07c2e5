import { existsSync } from 'node:fs';
import type { LogEntry } from '../replicated-log.ts';
import type { FileSystem, LogFile } from './file-system.ts';
import { readEntries } from './log-reader.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { recoverSegments } from './recovery.ts';

/** What a log folder holds. */
export interface LogInspection {
  readonly segments: number;
  /** Index of its oldest entry. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Bytes of an unfinished write, which the next open cuts. */
  readonly tornBytes: number;
  /** Its entries, oldest first, as they were checked. */
  read(): AsyncGenerator<LogEntry, void>;
}

/**
 * Checks every record of a log without changing a byte; null when there is none. Nobody may have it open.
 *
 * @throws OrchestratorError as opening it would, such as `LOG_CORRUPT`
 */
export async function inspectEmbeddedLog(directory: string): Promise<LogInspection | null> {
  if (!existsSync(directory)) return null;
  const fileSystem = readOnly(nodeFileSystem);
  const found = await recoverSegments(fileSystem, directory);
  if (found === undefined) return null;
  const { chain, segments, tornBytes } = found;
  const { lastIndex } = chain;
  const firstIndex = segments[0]?.header.baseIndex ?? 1;
  const range = { fileSystem, segments, afterIndex: firstIndex - 1, throughIndex: lastIndex };
  const read = (): AsyncGenerator<LogEntry, void> =>
    readEntries({ ...range, assertOpen: () => undefined });
  return { segments: segments.length, firstIndex, lastIndex, tornBytes, read };
}

/** The same disk with every change left out. */
function readOnly(disk: FileSystem): FileSystem {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    ...disk,
    makeDirectory: nothing,
    rename: nothing,
    remove: nothing,
    flushDirectory: nothing,
    open: async (path) => withoutWrites(await disk.open(path, 'read')),
  };
}

function withoutWrites(file: LogFile): LogFile {
  return {
    size: () => file.size(),
    read: (target, position) => file.read(target, position),
    write: (source) => Promise.resolve(source.length),
    close: () => file.close(),
  };
}
