/** Where a runtime keeps everything: a log, and a store beside it. */
import { join } from 'node:path';
import { lockDataDirectory, openEmbeddedLog, type ReplicatedLog } from '../log/index.ts';
import { ArtifactStore, openStore, type LmdbStore, type Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import { removeStages } from './backup/backup-stage.ts';
import { requireNoNode } from './folder-kind.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

/** A log and a store that belong together, open. */
export interface OpenStorage {
  /** What kind of log it is, in one word. */
  readonly kind: string;
  /** The folder on the disk whose room counts; null where there is none. */
  readonly directory: string | null;
  readonly log: ReplicatedLog;
  readonly store: Store;
  /** Large outputs of tasks. */
  readonly artifacts: ArtifactStore;
  /** Writes a copy of the store as of one moment into a folder; null where there are no files to copy. */
  readonly copyStore: ((directory: string) => Promise<void>) | null;
  /** Lets others open it; called once, after both were closed. */
  readonly release: () => void;
}

export interface RuntimeStorage {
  open(ground: StorageGround): Promise<OpenStorage>;
}

export interface FolderOptions {
  /** Folder of everything this orchestrator keeps; made if it is not there. */
  readonly dataDir: string;
  readonly history?: { readonly ageMsMax?: number; readonly countMax?: number };
  readonly payloadCacheBytes?: number;
  /** Bounds of the large outputs that are kept. Default 8 GiB, 10,000 of them. */
  readonly artifacts?: { readonly bytesMax?: number; readonly countMax?: number };
  readonly onFlush?: (durationMs: number, bytes: number, entries: number) => void;
}

/** What everything kept in a folder is opened with. */
export interface StorageGround {
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
}

/** Everything in one folder, which one process may have open at a time. */
export function folderStorage(options: FolderOptions): RuntimeStorage {
  const { dataDir, onFlush } = options;
  return {
    /** @throws OrchestratorError `DATA_DIR_LOCKED`, `DATA_DIR_UNUSABLE`, `LOG_CORRUPT` and others of the log and store */
    open: async (ground) => {
      const lock = lockDataDirectory(dataDir);
      let store: LmdbStore | null = null;
      try {
        requireNoNode(dataDir);
        await removeStages(dataDir);
        const opened = await openFolderStore(join(dataDir, 'store'), options, ground);
        store = opened;
        const artifacts = await openArtifacts(options, ground);
        const log = await openEmbeddedLog({
          directory: join(dataDir, 'log'),
          ...(onFlush === undefined ? {} : { onFlush }),
        });
        return {
          kind: 'embedded',
          directory: dataDir,
          log,
          store,
          artifacts,
          copyStore: (directory) => opened.copyTo(directory),
          release: () => lock.release(),
        };
      } catch (error) {
        await store?.close();
        lock.release();
        throw error;
      }
    },
  };
}

export function openFolderStore(
  directory: string,
  { history, payloadCacheBytes }: FolderOptions,
  { clock, logger }: StorageGround,
): Promise<LmdbStore> {
  return openStore({
    directory,
    now: () => clock.now(),
    onStalled: (message) => {
      if (message === null) logger.info('the store goes on: there is space again');
      else logger.error('the store waits for space on the disk', { error: message });
    },
    ...(payloadCacheBytes === undefined ? {} : { payloadCacheBytes }),
    ...(history === undefined ? {} : { history }),
  });
}

export function openArtifacts(
  { artifacts, dataDir }: FolderOptions,
  { clock }: StorageGround,
): Promise<ArtifactStore> {
  const directory = join(dataDir, 'artifacts');
  return ArtifactStore.open({ directory, now: () => clock.now(), ...artifacts });
}
