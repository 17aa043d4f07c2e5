import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of the file that holds the id of the process serving a data folder. */
export const PID_FILE_NAME = 'uqo.pid';

/**
 * Writes this process's id into the data folder; returns what removes it again.
 *
 * The folder must be locked by this process: then any id that stands there is of one that is gone.
 */
export function writePidFile(dataDir: string): () => void {
  const file = join(dataDir, PID_FILE_NAME);
  writeFileSync(file, `${process.pid}\n`);
  return () => {
    if (readPid(dataDir) === process.pid) rmSync(file, { force: true });
  };
}

/** The id in the folder's file, or null. Whether that process still runs is not said. */
export function readPid(dataDir: string): number | null {
  try {
    const pid = Number(readFileSync(join(dataDir, PID_FILE_NAME), 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    // Not there, or not readable: either way it names nobody.
    return null;
  }
}
