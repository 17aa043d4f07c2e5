import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'backup-stage-';

/** Makes a folder for a backup on its way, on the disk of the data. */
export function makeStage(dataDir: string): Promise<string> {
  return mkdtemp(join(dataDir, PREFIX));
}

/** Removes what backups left that a crash interrupted. */
export async function removeStages(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(PREFIX)) continue;
    await rm(join(dataDir, name), { recursive: true, force: true });
  }
}
