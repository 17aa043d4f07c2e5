/** `uqo task artifacts ID --save DIR`. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import type { HttpApi } from '../../client/index.ts';
import type { ArtifactView } from '../../contract/index.ts';

/** An artifact and where it is now. */
export type SavedArtifact = ArtifactView & { readonly file: string };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Writes artifacts into a folder, each under its name (with its id before it where two have the same)
 * once it is whole and is what the server says it is. An earlier file of that name is replaced.
 *
 * @throws OrchestratorError `ARTIFACT_DAMAGED`, `FILE_UNWRITABLE`, and those of the server
 */
export async function saveArtifacts(
  http: HttpApi,
  artifacts: readonly ArtifactView[],
  directory: string,
): Promise<readonly SavedArtifact[]> {
  await unlessUnwritable(directory, () => mkdir(directory, { recursive: true }));
  const saved: SavedArtifact[] = [];
  for (const artifact of artifacts) {
    const isAlone = artifacts.filter(({ name }) => name === artifact.name).length === 1;
    const name = isAlone ? artifact.name : `${artifact.id}-${artifact.name}`;
    // The name is the server's word, and must not lead out of the folder.
    if (!NAME.test(artifact.name)) throw damaged(artifact, `name ${JSON.stringify(name)}`);
    const file = join(directory, name);
    await save(http, artifact, file);
    saved.push({ ...artifact, file });
  }
  return saved;
}

async function save(http: HttpApi, artifact: ArtifactView, file: string): Promise<void> {
  const stream = await http.bytes(`/api/v1/artifacts/${encodeURIComponent(artifact.id)}`);
  const partial = `${file}.partial`;
  const hash = createHash('sha256');
  try {
    await unlessUnwritable(file, () =>
      pipeline(
        stream,
        async function* digest(chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(partial),
      ),
    );
    const sha256 = hash.digest('hex');
    if (sha256 !== artifact.sha256) throw damaged(artifact, `sha256 ${sha256}`);
    await unlessUnwritable(file, () => rename(partial, file));
  } finally {
    await rm(partial, { force: true });
  }
}

async function unlessUnwritable<Value>(file: string, write: () => Promise<Value>): Promise<Value> {
  try {
    return await write();
  } catch (error) {
    const message = `${file} must be written whole, got: ${messageOf(error)}`;
    throw new OrchestratorError('FILE_UNWRITABLE', message, { file }, { cause: error });
  }
}

function damaged({ id }: ArtifactView, got: string): OrchestratorError {
  const message = `artifact ${id} must come as it was kept, got ${got}`;
  return new OrchestratorError('ARTIFACT_DAMAGED', message, { id });
}
