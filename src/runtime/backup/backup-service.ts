/**
 * Copies of everything, consistent and checked, taken while work goes on.
 *
 * The store is copied as of one moment, then the log from the checkpoint in that copy to the entry that
 * is newest by then: together they are what a crash at that entry would leave. The log behind the
 * checkpoint is held meanwhile. Costs the size of the store once more on the same disk.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { create } from 'tar';
import { OrchestratorError } from '../../base/errors.ts';
import type { CoreState } from '../../core/index.ts';
import type { ReplicatedLog } from '../../log/index.ts';
import type { ArtifactStore, Store } from '../../store/index.ts';
import type { Checkpointer } from '../checkpointer.ts';
import type { Clock } from '../clock.ts';
import {
  ARTIFACTS_FOLDER,
  describeFolder,
  ENTRIES_FILE,
  MANIFEST_FILE,
  STORE_FOLDER,
  type BackupManifest,
} from './backup-manifest.ts';
import { makeStage } from './backup-stage.ts';
import { writeEntries } from './entries-file.ts';

export interface BackupParts {
  readonly state: CoreState;
  readonly log: ReplicatedLog;
  readonly store: Store;
  readonly artifacts: ArtifactStore;
  readonly checkpointer: Checkpointer;
  readonly clock: Clock;
  readonly version: string;
  /** The data folder; null where nothing is in files. */
  readonly directory: string | null;
  readonly copyStore: ((directory: string) => Promise<void>) | null;
}

/** A backup that is ready to be taken away. */
export interface OpenBackup {
  readonly manifest: BackupManifest;
  /** A tar file. What it is made of is removed when the stream is closed, at its end or before. */
  readonly stream: Readable;
}

const READ_BYTES = 1024 * 1024;

export class BackupService {
  readonly #parts: BackupParts;
  #isRunning = false;

  constructor(parts: BackupParts) {
    this.#parts = parts;
  }

  /**
   * Takes a backup of everything that is acknowledged now; one at a time.
   *
   * @throws OrchestratorError `BACKUP_RUNNING`, `BACKUP_UNSUPPORTED`, `STORE_COPY_FAILED`, and those of the log
   */
  async open(): Promise<OpenBackup> {
    const { copyStore, directory } = this.#parts;
    if (directory === null || copyStore === null) {
      const message = 'a backup must be of a data folder, got data in memory';
      throw new OrchestratorError('BACKUP_UNSUPPORTED', message);
    }
    if (this.#isRunning)
      throw new OrchestratorError('BACKUP_RUNNING', 'one backup runs at a time, got a second');
    this.#isRunning = true;
    const stage = await makeStage(directory).catch((error: unknown) => {
      this.#isRunning = false;
      throw error;
    });
    const end = async (): Promise<void> => {
      this.#isRunning = false;
      await rm(stage, { recursive: true, force: true });
    };
    try {
      const manifest = await this.#stage(stage, copyStore);
      return { manifest, stream: archive(stage, manifest, end) };
    } catch (error) {
      await end();
      throw error;
    }
  }

  async #stage(
    stage: string,
    copyStore: (directory: string) => Promise<void>,
  ): Promise<BackupManifest> {
    const { artifacts, checkpointer, clock, log, state, store, version } = this.#parts;
    const createdAt = clock.now();
    const liveTasks = state.tasks.size;
    await mkdir(join(stage, STORE_FOLDER));
    await mkdir(join(stage, ARTIFACTS_FOLDER));
    const letLogGo = checkpointer.holdLog();
    try {
      // What is in the store need not be read from the log.
      await checkpointer.run();
      const afterIndex = store.appliedIndex;
      await copyStore(join(stage, STORE_FOLDER));
      const lastIndex = await writeEntries(log, afterIndex, join(stage, ENTRIES_FILE));
      await artifacts.linkInto(join(stage, ARTIFACTS_FOLDER));
      const facts = { version, createdAt, afterIndex, lastIndex, liveTasks };
      const manifest = await describeFolder(stage, facts);
      await writeFile(join(stage, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
      return manifest;
    } finally {
      letLogGo();
    }
  }
}

function archive(stage: string, { files }: BackupManifest, end: () => Promise<void>): Readable {
  const names = [MANIFEST_FILE, ...files.map(({ path }) => path)];
  const pack = create({ cwd: stage, portable: true, maxReadSize: READ_BYTES }, names);
  const stream = Readable.from(pack, { objectMode: false, highWaterMark: READ_BYTES });
  // Whoever took it has it, or has gone: what is left of it goes at the next start at the latest.
  stream.once('close', () => void end().catch(() => undefined));
  return stream;
}
