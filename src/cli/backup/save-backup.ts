/** `uqo backup FILE`. */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import type { HttpApi } from '../../client/index.ts';

export interface SavedBackup {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes the server's backup into a file, which is there once all of it is on the disk.
 *
 * @throws OrchestratorError `FILE_EXISTS`, `FILE_UNWRITABLE`, and those of the server
 */
export async function saveBackup(
  http: HttpApi,
  file: string,
  isReplaced: boolean,
): Promise<SavedBackup> {
  if (existsSync(file) && !isReplaced) {
    const message = `the file must be new, got ${file}: name another, or use --force`;
    throw new OrchestratorError('FILE_EXISTS', message, { file });
  }
  const stream = await http.bytes('/api/v1/backup');
  const partial = `${file}.partial`;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      stream,
      async function* count(chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(partial, { mode: 0o600 }),
    );
    await flush(partial);
    await rename(partial, file);
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
    const message = `${file} must be written whole, got: ${messageOf(error)}`;
    throw new OrchestratorError('FILE_UNWRITABLE', message, { file }, { cause: error });
  } finally {
    await rm(partial, { force: true });
  }
  return { file, bytes, sha256: hash.digest('hex') };
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
