/** The data folder: made and tried out before anything is kept in it. */
import { lstatSync, mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf, OrchestratorError } from '../../base/errors.ts';

/** SQLite, which holds the lock, opens no path of more than 512 bytes: `/lock.sqlite` is part of it. */
const PATH_BYTES_MAX = 480;
/** As long as any path that is made below the folder. */
const LONGEST_BELOW = path.join('artifacts', 'x'.repeat(80));

/** What each refusal of the system means here, and what would be right. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'a place where no folder can be made: name one on a disk',
  EACCES: 'no permission: see to its owner and mode, or name another',
  EPERM: 'no permission: see to its owner and mode, or name another',
  EROFS: 'a read-only file system: mount it for writing, or name a folder on another',
  ENOTDIR: 'a file where a folder must be: name a folder',
  EEXIST: 'a file where a folder must be: name a folder',
  ENAMETOOLONG: 'a name or path that is too long for the file system: name a shorter one',
  ELOOP: 'links that lead in a circle: name a folder',
  ENOSPC: 'a full disk: free some space, or name a folder on another',
  EDQUOT: 'a quota that is used up: free some space, or name a folder on another',
};

/**
 * Makes a data folder where it is missing, and makes sure that files can be made in it.
 *
 * @throws OrchestratorError `DATA_DIR_UNUSABLE`
 */
export function prepareDataDirectory(directory: string): void {
  const whole = path.resolve(directory);
  const bytes = Buffer.byteLength(whole);
  if (bytes > PATH_BYTES_MAX) {
    const message = `the path of the data folder must have at most ${PATH_BYTES_MAX} bytes, got ${bytes}: name a shorter one`;
    throw new OrchestratorError('DATA_DIR_UNUSABLE', message, { directory, bytes });
  }
  try {
    makeFolders(whole);
    lstatSync(path.join(whole, LONGEST_BELOW), { throwIfNoEntry: false });
    rmdirSync(mkdtempSync(path.join(whole, '.probe-')));
  } catch (error) {
    throw unusableError(directory, error);
  }
}

/** @param cause - what the system said */
export function unusableError(directory: string, cause: unknown): OrchestratorError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = Object.hasOwn(REASONS, code) ? `${REASONS[code]} (${messageOf(cause)})` : null;
  const message = `data folder ${directory} must be a folder that can be written, got ${reason ?? messageOf(cause)}`;
  return new OrchestratorError('DATA_DIR_UNUSABLE', message, { directory }, { cause });
}

/**
 * Makes a folder and those above it. Node's own recursive way never ends where the system says of a
 * folder whose parent is there that it cannot be found, as Linux does below `/proc`.
 */
function makeFolders(directory: string): void {
  const missing: string[] = [];
  let above = directory;
  for (;;) {
    const found = statSync(above, { throwIfNoEntry: false });
    if (found !== undefined) {
      if (found.isDirectory()) break;
      throw Object.assign(new Error(`${above} is no folder`), { code: 'ENOTDIR' });
    }
    missing.push(above);
    if (path.dirname(above) === above) break;
    above = path.dirname(above);
  }
  for (const folder of missing.toReversed()) makeFolder(folder);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    const isThere = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) throw error;
  }
}
