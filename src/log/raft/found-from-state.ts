/** A cluster that begins with the state of something that was none. */
import path from 'node:path';
import { genesisBase, type LogBase, type SnapshotMeta } from '../../consensus/index.ts';
import type { FileSystem } from '../embedded/file-system.ts';
import { nodeFileSystem } from '../embedded/node-file-system.ts';
import { openJournal } from './journal/open-journal.ts';
import { ENTRY_BYTES_MAX } from './raft-log-options.ts';
import { sha256Hasher } from './sha256-hasher.ts';
import { SnapshotDepot } from './snapshot-depot.ts';

export interface FoundingState {
  /** Folder to make the node's log in; nothing may be there yet. */
  readonly directory: string;
  readonly clusterId: string;
  readonly nodeId: string;
  /** Index of the newest command in the state: the log goes on behind it. */
  readonly appliedIndex: number;
  /** The state, as a snapshot of the cluster is one. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly fileSystem?: FileSystem;
}

/**
 * Makes the log of the only node of a new cluster, which begins behind a state: as if all of its commands had been
 * committed, and a snapshot of them made. Nodes that join are sent that snapshot.
 *
 * Durable when it resolves.
 */
export async function foundFromState(state: FoundingState): Promise<void> {
  const { appliedIndex, chunks, clusterId, directory, fileSystem, nodeId } = state;
  const files = fileSystem ?? nodeFileSystem;
  const genesis = genesisBase(clusterId, sha256Hasher);
  // One entry more than commands: that which made this node the only voter.
  const index = appliedIndex + 1;
  const configuration = { ...genesis.configuration, voters: [nodeId] };
  const base: LogBase = { ...genesis, index, term: 1, configuration, configurationIndex: index };
  const depot = await SnapshotDepot.open(files, path.join(directory, 'snapshots'));
  const content = await depot.make(index, appliedIndex, chunks);
  await depot.close();
  const snapshot: SnapshotMeta = {
    lastIndex: index,
    lastTerm: base.term,
    lastHash: base.hash,
    configuration,
    configurationIndex: index,
    ...content,
  };
  const journal = await openJournal({
    directory: path.join(directory, 'journal'),
    clusterId,
    nodeId,
    beginning: {
      base,
      commandsBefore: appliedIndex,
      snapshot,
      hardState: { term: base.term, votedFor: null, commitIndex: index },
      entries: [],
    },
    entryBytesMax: ENTRY_BYTES_MAX,
    fileSystem: files,
  });
  await journal.close();
}
