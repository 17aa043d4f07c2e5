/** What a node stands on: a folder of its own and a log that others keep too. A test may put others in their places. */
import {
  lockDataDirectory,
  openRaftLog,
  type RaftLog,
  type RaftLogOptions,
  type StateSnapshot,
} from '../../log/index.ts';
import type { ArtifactStore, Store } from '../../store/index.ts';
import { makeStage, removeStages } from '../backup/backup-stage.ts';
import { requireNoSingleServer } from '../folder-kind.ts';
import {
  openArtifacts,
  openFolderStore,
  type FolderOptions,
  type StorageGround,
} from '../storage.ts';
import { StateFolder } from './state-folder.ts';

/** Everything that a node keeps beside the log, open. */
export interface NodeFolder {
  /** The folder on the disk whose room counts; null where there is none. */
  readonly directory: string | null;
  /** The store that counts. */
  readonly store: Store;
  readonly artifacts: ArtifactStore;
  /** Writes a copy of the store as of one moment into a folder; null where there are no files to copy. */
  readonly copyTo: ((directory: string) => Promise<void>) | null;
  /** A copy of the newest checkpoint, for another node. */
  takeSnapshot(): Promise<StateSnapshot>;
  /** Puts another node's store in the place of the own one, which stays open until it is forgotten. */
  replace(chunks: AsyncIterable<Uint8Array>): Promise<Store>;
  /** Closes and removes a store that another took the place of. */
  forget(store: Store): Promise<void>;
  /** Lets others open it; called once, after log and store were closed. */
  release(): void;
}

export interface NodePorts {
  openFolder(options: FolderOptions, ground: StorageGround): Promise<NodeFolder>;
  openLog(options: RaftLogOptions): Promise<RaftLog>;
}

export const systemPorts: NodePorts = { openFolder: openNodeFolder, openLog: openRaftLog };

/** @throws OrchestratorError `DATA_DIR_LOCKED`, `DATA_DIR_UNUSABLE`, `ARTIFACTS_UNREADABLE` and others of the store */
async function openNodeFolder(options: FolderOptions, ground: StorageGround): Promise<NodeFolder> {
  const { dataDir } = options;
  const lock = lockDataDirectory(dataDir);
  let folder: StateFolder | null = null;
  try {
    requireNoSingleServer(dataDir);
    await removeStages(dataDir);
    const opened = await StateFolder.open(dataDir, (directory) =>
      openFolderStore(directory, options, ground),
    );
    folder = opened;
    return {
      directory: dataDir,
      get store(): Store {
        return opened.store;
      },
      artifacts: await openArtifacts(options, ground),
      copyTo: (directory) => opened.store.copyTo(directory),
      takeSnapshot: async () => opened.copy(await makeStage(dataDir)),
      replace: (chunks) => opened.replace(chunks),
      forget: (store) => opened.forget(store),
      release: () => lock.release(),
    };
  } catch (error) {
    await folder?.store.close();
    lock.release();
    throw error;
  }
}
