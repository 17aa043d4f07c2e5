/** The way back when a majority of a cluster is lost for good: one node that is left goes on alone. */
import path from 'node:path';
import { OrchestratorError } from '../../base/errors.ts';
import {
  encodeConfiguration,
  genesisBase,
  membersOf,
  type Configuration,
  type RaftEntry,
} from '../../consensus/index.ts';
import type { FileSystem } from '../embedded/file-system.ts';
import type { JournalContent } from './journal/journal-recovery.ts';
import { openJournal } from './journal/open-journal.ts';
import { ENTRY_BYTES_MAX } from './raft-log-options.ts';
import { sha256Hasher } from './sha256-hasher.ts';

export interface TakeOverOptions {
  /** Folder of the node's log; nobody may have it open. */
  readonly directory: string;
  readonly clusterId: string;
  readonly nodeId: string;
  readonly fileSystem?: FileSystem;
}

/** What a take-over did. */
export interface TakenOver {
  /** Nodes that are no members any more; their ids are refused for ever. */
  readonly removed: readonly string[];
  /** Entries of commands that this node has: what others had beyond them is lost. */
  readonly commands: number;
}

/**
 * Writes into a node's log that it is the only member, as if a majority had agreed on that.
 *
 * Breaks the promises of the cluster on purpose: entries that only lost nodes had are lost, though they were
 * acknowledged, and entries of this node that no majority had become committed. Any other node of the old
 * cluster that still runs must be stopped first, and never started again with its old folder.
 *
 * @throws OrchestratorError `JOURNAL_MISSING` where there is no log; `JOURNAL_FOREIGN`, and as opening it does
 */
export async function takeOverAlone(options: TakeOverOptions): Promise<TakenOver> {
  const { clusterId, directory, fileSystem, nodeId } = options;
  const journal = await openJournal({
    directory: path.join(directory, 'journal'),
    clusterId,
    nodeId,
    beginning: {
      base: genesisBase(clusterId, sha256Hasher),
      hardState: { term: 0, votedFor: null, commitIndex: 0 },
      entries: [],
    },
    entryBytesMax: ENTRY_BYTES_MAX,
    ...(fileSystem === undefined ? {} : { fileSystem }),
  });
  try {
    const content = journal.takeContent();
    const before = content.log.configuration;
    if (!membersOf(before).includes(nodeId)) throw strange(nodeId);
    const others = membersOf(before).filter((id) => id !== nodeId);
    const entry = soleEntry(content, {
      voters: [nodeId],
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      isAutoLeave: true,
      removed: [...new Set([...before.removed, ...others])].toSorted(),
    });
    await new Promise<void>((resolve, reject) => {
      journal.listen({ onDurable: () => resolve(), onFailed: reject });
      journal.write({
        kind: 'persist',
        token: { seq: 1, generation: 0 },
        entries: [entry],
        hardState: { term: entry.term, votedFor: nodeId, commitIndex: entry.index },
        isSyncNeeded: true,
      });
    });
    return { removed: others, commands: journal.positions.lastCommands };
  } finally {
    await journal.close(true);
  }
}

function soleEntry({ hardState, log }: JournalContent, sole: Configuration): RaftEntry {
  return {
    index: log.lastIndex + 1,
    term: Math.max(hardState.term, log.lastTerm) + 1,
    kind: 'configuration',
    prevHash: log.lastHash,
    body: encodeConfiguration(sole),
  };
}

function strange(nodeId: string): OrchestratorError {
  const message = `the log must be of a member of its cluster, got ${nodeId}, which is none`;
  return new OrchestratorError('NODE_NOT_FOUND', message, { nodeId });
}
