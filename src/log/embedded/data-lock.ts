import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OrchestratorError } from '../../base/errors.ts';
import { prepareDataDirectory, unusableError } from './data-directory.ts';
import type { DirectoryLock } from './file-system.ts';

export const LOCK_FILE_NAME = 'lock.sqlite';

const SQLITE_BUSY = 5;

/** A database that nobody refers to is closed when it is collected, and its lock goes with it. */
const held = new Set<DatabaseSync>();

/**
 * Locks a data folder for this process until released; creates the folder where it is missing.
 *
 * The lock is an exclusive SQLite transaction held open on an empty `lock.sqlite`: underneath, a lock of the kernel's
 * (fcntl, or LockFileEx on Windows) that ends with the process, so a kill -9 leaves nothing to clean up, and a table of
 * SQLite's own that also refuses a second holder inside this process, in any thread. Node offers no `flock`, and a file
 * holding a process id cannot tell a dead holder from a living one whose id was used again.
 *
 * On POSIX, closing any other descriptor of `lock.sqlite` inside this process would drop the lock: nothing may open
 * that file but SQLite, and a backup made in-process must skip it. Not meant for network file systems.
 *
 * @throws OrchestratorError `DATA_DIR_LOCKED` while it is held; `DATA_DIR_UNUSABLE` when it cannot be created or opened
 */
export function lockDataDirectory(directory: string): DirectoryLock {
  prepareDataDirectory(directory);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path.join(directory, LOCK_FILE_NAME), { timeout: 0 });
    // The journal stays in memory: a file beside the lock would only be one more thing to explain.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    if (database?.isOpen === true) database.close();
    throw lockError(directory, error);
  }
  held.add(database);
  return {
    release(): void {
      held.delete(database);
      if (database.isOpen) database.close();
    },
  };
}

function lockError(directory: string, cause: unknown): OrchestratorError {
  const details = { directory };
  if (cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY) {
    const message = `one process may use data folder ${directory}, got a second: stop the other one or choose another folder`;
    return new OrchestratorError('DATA_DIR_LOCKED', message, details, { cause });
  }
  return unusableError(directory, cause);
}
