/** Makes a data folder of a backup; the program that is to use it does not run yet. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { extract } from 'tar';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import { openEmbeddedLog } from '../../log/index.ts';
import { inspectStore } from '../../store/index.ts';
import { flushPath } from '../flush-path.ts';
import {
  ARTIFACTS_FOLDER,
  checkFolder,
  ENTRIES_FILE,
  MANIFEST_FILE,
  readManifest,
  STORE_FOLDER,
  type BackupManifest,
} from './backup-manifest.ts';
import { restoreEntries } from './entries-file.ts';

export interface RestoreOptions {
  /** The backup: a tar file. */
  readonly file: string;
  /** The folder to make; it may be there if it is empty. Null only checks the backup. */
  readonly dataDir: string | null;
}

/**
 * Unpacks a backup, checks every byte of it, and makes a data folder of it: all of it, or nothing. Holds the event loop
 * while it unpacks.
 *
 * @throws OrchestratorError `BACKUP_NOT_FOUND`, `BACKUP_INVALID` (it is none), `BACKUP_DAMAGED`,
 *   `RESTORE_FOLDER_IN_USE` (the folder is not empty), `RESTORE_FAILED` (the disk)
 */
export async function restoreBackup({ dataDir, file }: RestoreOptions): Promise<BackupManifest> {
  if (!existsSync(file)) {
    const message = `a backup must be there, got ${file}`;
    throw new OrchestratorError('BACKUP_NOT_FOUND', message, { file });
  }
  const target = dataDir === null ? null : resolve(dataDir);
  if (target !== null) await checkTarget(target);
  // Beside what it becomes, so that it takes its place in one step.
  const beside = target ?? resolve(file);
  const stage = await failing(() => {
    return mkdtemp(join(dirname(beside), `.${basename(beside)}-restore-`));
  });
  try {
    unpack(file, stage);
    const manifest = readManifest(await readText(join(stage, MANIFEST_FILE)));
    await checkFolder(stage, manifest);
    if (target !== null) await failing(() => install(stage, target, manifest));
    return manifest;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function checkTarget(target: string): Promise<void> {
  await failing(() => mkdir(dirname(target), { recursive: true }));
  if (!existsSync(target) || (await failing(() => readdir(target))).length === 0) return;
  throw new OrchestratorError(
    'RESTORE_FOLDER_IN_USE',
    `a backup is restored into a new or an empty folder, got ${target}: name another, or move that one away`,
    { directory: target },
  );
}

/** In one go: where it fails, nothing of it is still being written to the folder that is then removed. */
function unpack(file: string, stage: string): void {
  try {
    extract({ file, cwd: stage, strict: true, preserveOwner: false, sync: true });
  } catch (error) {
    throw new OrchestratorError(
      'BACKUP_DAMAGED',
      `a backup must be a whole tar file, got ${file}: ${messageOf(error)}`,
      { file },
      { cause: error },
    );
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const message = `a backup must hold ${MANIFEST_FILE}: the file is none, or was cut off`;
    throw new OrchestratorError('BACKUP_INVALID', message, {}, { cause: error });
  }
}

async function install(stage: string, target: string, manifest: BackupManifest): Promise<void> {
  const made = join(stage, 'data');
  await mkdir(join(made, 'log'), { recursive: true, mode: 0o700 });
  await rename(join(stage, STORE_FOLDER), join(made, 'store'));
  const artifacts = join(stage, ARTIFACTS_FOLDER);
  // A tar file has no empty folders.
  if (existsSync(artifacts)) await rename(artifacts, join(made, 'artifacts'));
  const log = await openEmbeddedLog({
    directory: join(made, 'log'),
    startAfter: manifest.afterIndex,
  });
  try {
    await restoreEntries(join(stage, ENTRIES_FILE), log, manifest.lastIndex);
  } finally {
    await log.close();
  }
  checkStore(join(made, 'store'), manifest);
  await flushBelow(made);
  await rename(made, target);
  await flushPath(dirname(target));
}

/** Brings every file and folder of a folder to the disk, and then the folder. */
async function flushBelow(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const { name, parentPath } of entries) await flushPath(join(parentPath, name));
  await flushPath(directory);
}

function checkStore(directory: string, { afterIndex, lastIndex }: BackupManifest): void {
  const index = inspectStore(directory)?.appliedIndex ?? 0;
  if (index >= afterIndex && index <= lastIndex) return;
  throw new OrchestratorError(
    'BACKUP_DAMAGED',
    `the store of the backup must be at an entry from ${afterIndex} to ${lastIndex}, got ${index}`,
    { afterIndex, lastIndex, index },
  );
}

/** What a disk says of itself becomes an error with a code. */
async function failing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OrchestratorError) throw error;
    const message = `the disk must take the restored data, got: ${messageOf(error)}`;
    throw new OrchestratorError('RESTORE_FAILED', message, {}, { cause: error });
  }
}
