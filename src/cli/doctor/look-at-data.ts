/** What the data folder holds, read without changing a byte of it; only while no server has it open. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { open } from 'lmdb';
import { isOrchestratorError, messageOf } from '../../base/errors.ts';
import { lockDataDirectory } from '../../log/index.ts';
import type { FileSystem, LogFile } from '../../log/embedded/file-system.ts';
import { nodeFileSystem } from '../../log/embedded/node-file-system.ts';
import { recoverSegments } from '../../log/embedded/recovery.ts';
import { FORMAT, META_KEY } from '../../store/meta.ts';
import { formatBytes } from '../config/duration.ts';
import { readPid } from '../server/pid-file.ts';
import { bad, odd, ok, type Finding } from './finding.ts';

const RESTORE = 'restore the data folder from a backup; nothing was changed by looking';
/** As the store opens it: more tables than it has. */
const TABLES_MAX = 16;

export async function lookAtData(dataDir: string): Promise<readonly Finding[]> {
  const folder = resolve(dataDir);
  if (!existsSync(join(folder, 'lock.sqlite'))) {
    return [ok('stored data', 'none yet')];
  }
  const lock = tryLock(folder);
  if (!('release' in lock)) return [lock];
  try {
    return [await lookAtLog(join(folder, 'log')), lookAtStore(join(folder, 'store'))];
  } finally {
    lock.release();
  }
}

function tryLock(folder: string): { release(): void } | Finding {
  const check = 'stored data';
  try {
    return lockDataDirectory(folder);
  } catch (error) {
    if (isOrchestratorError(error) && error.code === 'DATA_DIR_LOCKED') {
      const pid = readPid(folder);
      return ok(
        check,
        `in use by ${pid === null ? 'a server' : `process ${pid}`}: not looked into`,
      );
    }
    return bad(check, messageOf(error), 'check the owner and mode of its files');
  }
}

async function lookAtLog(directory: string): Promise<Finding> {
  const check = 'log';
  if (!existsSync(directory)) return ok(check, 'none yet');
  try {
    const found = await recoverSegments(readOnly(nodeFileSystem), directory);
    if (found === undefined) return ok(check, 'empty');
    const { chain, segments, tornBytes } = found;
    const detail = `${segments.length} segments to entry ${chain.lastIndex}, every checksum right`;
    if (tornBytes === 0) return ok(check, detail);
    const torn = `${detail}, then ${tornBytes} bytes of an unfinished write`;
    return odd(
      check,
      torn,
      'nothing to do: they were never acknowledged, and the next start cuts them',
    );
  } catch (error) {
    return bad(check, messageOf(error), RESTORE);
  }
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

function lookAtStore(directory: string): Finding {
  const check = 'store';
  const path = join(directory, 'store.mdb');
  if (!existsSync(path)) return ok(check, 'none yet');
  try {
    const root = open({ path, readOnly: true, maxDbs: TABLES_MAX });
    try {
      const meta = root.openDB<Buffer, Uint8Array>('meta', {
        keyEncoding: 'binary',
        encoding: 'binary',
      });
      const format = meta.getBinary(META_KEY.format)?.readUInt32LE(0);
      const detail = `format ${format ?? 'unknown'}, ${formatBytes(pagesBytes(root.getStats()))} in use`;
      if (format === FORMAT) return ok(check, detail);
      return bad(check, detail, 'open it with the version of this program that wrote it');
    } finally {
      void root.close();
    }
  } catch (error) {
    return bad(check, messageOf(error), RESTORE);
  }
}

function pagesBytes(stats: object): number {
  const { lastPageNumber = 0, pageSize = 0 } = stats as {
    lastPageNumber?: number;
    pageSize?: number;
  };
  return lastPageNumber * pageSize;
}
