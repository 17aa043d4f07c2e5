import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { HardState, SnapshotMeta } from '../../../consensus/index.ts';
import { inspectEmbeddedLog } from '../../embedded/inspect-log.ts';
import { sha256Hasher } from '../sha256-hasher.ts';
import { EntryPositions } from './entry-positions.ts';
import { replayJournal } from './journal-recovery.ts';
import type { JournalIdentity, KnownPeer } from './journal-record.ts';

/** What the journal of a node holds. */
export interface JournalInspection {
  readonly identity: JournalIdentity;
  readonly hardState: HardState;
  readonly segments: number;
  /** The log begins behind this entry. */
  readonly baseIndex: number;
  readonly lastIndex: number;
  /** Commands up to the base, and up to the last entry. */
  readonly baseCommands: number;
  readonly lastCommands: number;
  readonly snapshot: SnapshotMeta | null;
  /** Whether the file of that snapshot is there; true where there is none. */
  readonly hasSnapshotFile: boolean;
  readonly peers: readonly KnownPeer[];
  /** Bytes of an unfinished write, which the next open cuts. */
  readonly tornBytes: number;
}

/**
 * Reads the folder of a node's log, every record of it, without changing a byte; null when there is none. Nobody may have it
 * open.
 *
 * @throws OrchestratorError as opening it would: `LOG_CORRUPT`, `LOG_SEGMENT_MISSING`, `JOURNAL_UNREADABLE`
 */
export async function inspectJournal(directory: string): Promise<JournalInspection | null> {
  const found = await inspectEmbeddedLog(path.join(directory, 'journal'));
  if (found === null) return null;
  const positions = new EntryPositions();
  const content = await replayJournal(found, positions, sha256Hasher);
  if (content === null) return null;
  const { hardState, identity, peers, snapshot } = content;
  const { baseCommands, baseIndex, lastCommands, lastIndex } = positions;
  const { segments, tornBytes } = found;
  return {
    identity,
    hardState,
    segments,
    baseIndex,
    lastIndex,
    baseCommands,
    lastCommands,
    snapshot,
    hasSnapshotFile: snapshot === null || (await hasSnapshot(directory, snapshot.lastIndex)),
    peers,
    tornBytes,
  };
}

async function hasSnapshot(directory: string, index: number): Promise<boolean> {
  const names = await readdir(path.join(directory, 'snapshots')).catch(() => []);
  return names.some((name) => name === `${index}.snapshot`);
}
