/** What a backup holds, said by the backup itself: without it, or against it, nothing is restored. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { messageOf, OrchestratorError } from '../../base/errors.ts';

export const MANIFEST_FILE = 'manifest.json';
/** The folders of a backup, and the file of the entries. */
export const STORE_FOLDER = 'store';
export const ARTIFACTS_FOLDER = 'artifacts';
export const ENTRIES_FILE = 'entries';

const FORMAT = 1;

/** A file of a backup. */
export interface BackupFile {
  /** Relative, with slashes. */
  readonly path: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface BackupFacts {
  /** Of the program that wrote it. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The entries in it come after this index; the store's checkpoint is this one or a later one. */
  readonly afterIndex: number;
  /** The newest entry in it: what was acknowledged up to there is in the backup. */
  readonly lastIndex: number;
  /** Tasks that had not ended when it was begun. */
  readonly liveTasks: number;
}

export interface BackupManifest extends BackupFacts {
  readonly format: number;
  readonly files: readonly BackupFile[];
}

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const validator = Compile(
  Type.Object({
    format: Type.Literal(FORMAT),
    version: Type.String(),
    createdAt: Count,
    afterIndex: Count,
    lastIndex: Count,
    liveTasks: Count,
    files: Type.Array(
      Type.Object({
        path: Type.String({ minLength: 1 }),
        bytes: Count,
        sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      }),
    ),
  }),
);

/** Describes everything that lies in a folder. Reads all of it. */
export async function describeFolder(
  directory: string,
  facts: BackupFacts,
): Promise<BackupManifest> {
  const files = [];
  for (const path of await filesBelow(directory)) {
    const file = join(directory, path);
    files.push({ path, bytes: (await lstat(file)).size, sha256: await hashOf(file) });
  }
  return { format: FORMAT, ...facts, files };
}

/** @throws OrchestratorError `BACKUP_INVALID` */
export function readManifest(text: string): BackupManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid(`${MANIFEST_FILE} must be JSON, got: ${messageOf(error)}`);
  }
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (format !== FORMAT)
    throw invalid(`a backup must be of format ${FORMAT}, got ${String(format)}`);
  if (validator.Check(json)) return json;
  const [fault] = validator.Errors(json);
  throw invalid(
    `${MANIFEST_FILE} ${fault?.instancePath ?? ''} ${fault?.message ?? 'is not valid'}`,
  );
}

/**
 * Checks that a folder holds exactly what its manifest says. Reads all of it.
 *
 * @throws OrchestratorError `BACKUP_DAMAGED` naming the first file that differs
 */
export async function checkFolder(directory: string, { files }: BackupManifest): Promise<void> {
  const there = new Set(await filesBelow(directory));
  there.delete(MANIFEST_FILE);
  for (const { bytes, path, sha256 } of files) {
    if (!there.delete(path)) throw damaged(path, 'is missing');
    const file = join(directory, path);
    const { size } = await lstat(file);
    if (size !== bytes) throw damaged(path, `must have ${bytes} bytes, got ${size}`);
    if ((await hashOf(file)) !== sha256) throw damaged(path, 'has other bytes than were backed up');
  }
  for (const path of there) throw damaged(path, 'is not part of the backup');
}

function damaged(path: string, what: string): OrchestratorError {
  return new OrchestratorError('BACKUP_DAMAGED', `${path} ${what}: take another backup`, { path });
}

function invalid(message: string): OrchestratorError {
  return new OrchestratorError('BACKUP_INVALID', message);
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted();
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
