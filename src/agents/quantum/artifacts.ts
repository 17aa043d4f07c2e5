/** The folder of what is too large for a result. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface Artifact {
  readonly file: string;
  readonly bytes: number;
  readonly changedMs: number;
}

async function list(folder: string): Promise<readonly Artifact[]> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      // Gone since the listing: another task has made room.
      const facts = await stat(file).catch(() => null);
      return facts?.isFile() === true
        ? { file, bytes: facts.size, changedMs: facts.mtimeMs }
        : null;
    }),
  );
  return files.filter((file) => file !== null);
}

/** Removes the oldest files until all that are left take at most `bytesMax`. */
export async function keepNewest(folder: string, bytesMax: number): Promise<void> {
  const files = [...(await list(folder))].sort((a, b) => b.changedMs - a.changedMs);
  let kept = 0;
  for (const { bytes, file } of files) {
    kept += bytes;
    if (kept > bytesMax) await rm(file, { force: true });
  }
}
