import { randomBytes } from 'node:crypto';
import { OrchestratorError } from '../../../base/errors.ts';
import {
  RaftLogView,
  type HardState,
  type Hasher,
  type LogBase,
  type RaftEntry,
  type SnapshotMeta,
} from '../../../consensus/index.ts';
import { openEmbeddedLog, type EmbeddedLogOptions } from '../../embedded/embedded-log.ts';
import type { ReplicatedLog } from '../../replicated-log.ts';
import { sha256Hasher } from '../sha256-hasher.ts';
import { EntryPositions } from './entry-positions.ts';
import { Journal } from './journal.ts';
import {
  encodeRecord,
  lonelyEntryBytes,
  type JournalBase,
  type JournalIdentity,
  type JournalRecord,
} from './journal-record.ts';
import { replayJournal, type JournalContent } from './journal-recovery.ts';

const GROUP_BYTES_MAX = 1024 * 1024;
const SEGMENT_BYTES = 32 * 1024 * 1024;
/** Header of a segment, and frames around a group. */
const SEGMENT_OVERHEAD = 8192;

/** What a new node starts from: the founding of its cluster, or an empty log where it joins one. */
export interface JournalBeginning {
  readonly base: LogBase;
  readonly hardState: HardState;
  readonly entries: readonly RaftEntry[];
  /** Of a log that begins behind a state: commands in it, and its snapshot. */
  readonly commandsBefore?: number;
  readonly snapshot?: SnapshotMeta;
}

export interface JournalOptions {
  readonly directory: string;
  readonly clusterId: string;
  readonly nodeId: string;
  /** With what the journal of a new node begins. */
  readonly beginning: JournalBeginning;
  /** Largest body of an entry. */
  readonly entryBytesMax: number;
  /** Default 32 MiB, or what a group takes where that is more. */
  readonly segmentBytes?: number;
  /** Records that one group takes together, at most; default 1 MiB. One entry that is larger goes alone. */
  readonly groupBytesMax?: number;
  readonly fileSystem?: EmbeddedLogOptions['fileSystem'];
  /** Of the chain of entries; SHA-256 by default. */
  readonly hasher?: Hasher;
  /** Random text for a new journal's incarnation; drawn when absent. */
  readonly incarnation?: string;
  /** Called after each durable group. */
  readonly onFlush?: EmbeddedLogOptions['onFlush'];
}

/**
 * Opens the journal of a node, or starts one.
 *
 * @throws OrchestratorError `JOURNAL_FOREIGN` when it belongs to another node or cluster; `JOURNAL_UNREADABLE`; and as
 *   opening an embedded log does
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const {
    directory,
    entryBytesMax,
    fileSystem,
    groupBytesMax = GROUP_BYTES_MAX,
    hasher = sha256Hasher,
    onFlush,
  } = options;
  const largestGroup = Math.max(groupBytesMax, lonelyEntryBytes(entryBytesMax));
  const log = await openEmbeddedLog({
    directory,
    segmentBytes: Math.max(options.segmentBytes ?? SEGMENT_BYTES, largestGroup + SEGMENT_OVERHEAD),
    entryBytesMax: largestGroup,
    ...(fileSystem === undefined ? {} : { fileSystem }),
    ...(onFlush === undefined ? {} : { onFlush }),
  });
  try {
    const positions = new EntryPositions();
    const found = await replayJournal(
      { lastIndex: log.lastIndex, read: () => log.read(log.recovery.firstIndex - 1) },
      positions,
      hasher,
    );
    if (found !== null) requireOwn(found.identity, options);
    const content = found ?? (await beginJournal(log, positions, { ...options, hasher }));
    return new Journal({ log, positions, content, groupBytesMax });
  } catch (error) {
    await log.close();
    throw error;
  }
}

function requireOwn(identity: JournalIdentity, wanted: JournalOptions): void {
  const { clusterId, nodeId } = identity;
  if (clusterId === wanted.clusterId && nodeId === wanted.nodeId) return;
  const message = `the journal in ${wanted.directory} must be that of node ${wanted.nodeId} of cluster ${wanted.clusterId}, got node ${nodeId} of cluster ${clusterId}: start the node under its own id, or give it a folder of its own`;
  throw new OrchestratorError('JOURNAL_FOREIGN', message, { clusterId, nodeId });
}

async function beginJournal(
  log: ReplicatedLog,
  positions: EntryPositions,
  options: JournalOptions & { readonly hasher: Hasher },
): Promise<JournalContent> {
  const { beginning, clusterId, nodeId } = options;
  const { commandsBefore = 0, entries, hardState, snapshot = null } = beginning;
  const incarnation = options.incarnation ?? randomBytes(8).toString('hex');
  const identity: JournalIdentity = { clusterId, nodeId, incarnation };
  const base: JournalBase = { ...beginning.base, commandsBefore };
  const records: readonly JournalRecord[] = [
    { kind: 'identity', identity },
    { kind: 'base', base },
    { kind: 'hardState', hardState },
    ...(snapshot === null ? [] : [{ kind: 'snapshot' as const, meta: snapshot }]),
    { kind: 'entries', firstIndex: base.index + 1, commandsBefore, entries },
  ];
  const group = await log.append(Buffer.concat(records.map(encodeRecord)));
  positions.restart(base.index, base.term, commandsBefore);
  const view = new RaftLogView(base, options.hasher);
  for (const entry of entries) {
    view.append(entry);
    positions.push(entry.term, entry.kind === 'command');
    positions.setGroup(entry.index, group);
  }
  return { identity, base, hardState, snapshot, peers: [], log: view };
}
