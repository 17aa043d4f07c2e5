import { randomInt } from 'node:crypto';
import path from 'node:path';
import { OrchestratorError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import {
  DEFAULT_RAFT_SETTINGS,
  foundCluster,
  genesisBase,
  isNodeId,
  RaftCore,
  type RaftSettings,
  type SnapshotMeta,
} from '../../consensus/index.ts';
import { nodeFileSystem } from '../embedded/node-file-system.ts';
import type { AppliedPosition } from './committed-delivery.ts';
import type { JournalContent } from './journal/journal-recovery.ts';
import { commandsOf, type Journal } from './journal/journal.ts';
import { openJournal, type JournalBeginning } from './journal/open-journal.ts';
import { RaftLog } from './raft-log.ts';
import { ENTRY_BYTES_MAX, type RaftLogOptions } from './raft-log-options.ts';
import { sha256Hasher } from './sha256-hasher.ts';
import { SnapshotDepot } from './snapshot-depot.ts';
import { parsePeerAddress } from './transport/peer-address.ts';

/**
 * Opens a node of a replicated log: brings back its journal, listens for peers, takes part.
 *
 * @throws OrchestratorError `NODE_ID_INVALID`; `LOG_STORE_MISMATCH` when journal and state machine do not belong together;
 *   as opening an embedded log does for its journal, whereupon {@link setJournalAside} is the way back; `JOURNAL_FOREIGN`,
 *   `JOURNAL_UNREADABLE`; `PEERS_INSECURE`, `PEER_ADDRESS_INVALID`, `PEER_PORT_UNUSABLE`
 */
export async function openRaftLog(options: RaftLogOptions): Promise<RaftLog> {
  const settings = settingsOf(options);
  for (const id of [options.clusterId, options.nodeId, ...(options.founders ?? [])]) requireId(id);
  requireReachable(options);
  const journal = await openJournal({
    directory: path.join(options.directory, 'journal'),
    clusterId: options.clusterId,
    nodeId: options.nodeId,
    beginning: beginningOf(options),
    entryBytesMax: Math.max(settings.proposalBytesMax, 64 * 1024),
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
    ...(options.groupBytesMax === undefined ? {} : { groupBytesMax: options.groupBytesMax }),
    ...(options.fileSystem === undefined ? {} : { fileSystem: options.fileSystem }),
    ...(options.onFlush === undefined ? {} : { onFlush: options.onFlush }),
  });
  let log: RaftLog | null = null;
  try {
    const fileSystem = options.fileSystem ?? nodeFileSystem;
    const depot = await SnapshotDepot.open(fileSystem, path.join(options.directory, 'snapshots'));
    const { applied, content } = await alignState(options, journal, depot);
    const core = new RaftCore({
      nodeId: options.nodeId,
      clusterId: options.clusterId,
      settings,
      recovered: { ...content, entries: content.log, appliedIndex: applied.logIndex },
      rng: Rng.fromSeed(options.seed ?? randomInt(2 ** 31)),
      hasher: sha256Hasher,
    });
    log = new RaftLog({ options, settings, core, journal, depot, applied });
    await log.start();
    return log;
  } catch (error) {
    await (log === null ? journal.close() : log.halt());
    throw error;
  }
}

function settingsOf(options: RaftLogOptions): RaftSettings {
  return {
    ...DEFAULT_RAFT_SETTINGS,
    ...options.settings,
    proposalBytesMax:
      options.entryBytesMax ?? options.settings?.proposalBytesMax ?? ENTRY_BYTES_MAX,
  };
}

function requireId(id: string): void {
  if (isNodeId(id)) return;
  const message = `ids of clusters and nodes must be 1 to 64 of A-Z a-z 0-9 . _ -, got ${JSON.stringify(id)}`;
  throw new OrchestratorError('NODE_ID_INVALID', message);
}

/** An address that means "all of mine" means nothing to others. */
function requireReachable({ transport }: RaftLogOptions): void {
  const { host } = parsePeerAddress(transport.listenAddress);
  const isAny = host === '0.0.0.0' || host === '::';
  if (!isAny || transport.publicAddress !== undefined) return;
  const message = `peers must be told where to call this node, got ${host} alone: state publicAddress too`;
  throw new OrchestratorError('PEER_ADDRESS_INVALID', message, { host });
}

function beginningOf({ clusterId, founders }: RaftLogOptions): JournalBeginning {
  if (founders !== undefined && founders.length > 0) {
    return foundCluster(clusterId, founders, sha256Hasher);
  }
  const hardState = { term: 0, votedFor: null, commitIndex: 0 };
  return { base: genesisBase(clusterId, sha256Hasher), hardState, entries: [] };
}

/**
 * Brings journal and state machine in line: a crash may have come between noting a snapshot and installing it, or between
 * installing it and beginning the log behind it.
 */
async function alignState(
  options: RaftLogOptions,
  journal: Journal,
  depot: SnapshotDepot,
): Promise<{ readonly applied: AppliedPosition; readonly content: JournalContent }> {
  const content = journal.takeContent();
  const { positions } = journal;
  const { snapshot } = content;
  const known = options.sink?.appliedIndex ?? positions.commandsAt(content.hardState.commitIndex);
  if (snapshot !== null) {
    const { lastIndex, lastTerm } = snapshot;
    const isInLog = lastIndex >= positions.baseIndex && positions.termAt(lastIndex) === lastTerm;
    if (!isInLog && lastIndex > positions.baseIndex) {
      await install(options, depot, snapshot, known);
      const base = await journal.beginBehind(snapshot);
      const commitIndex = lastIndex;
      const hardState = { ...content.hardState, commitIndex };
      content.log.restartBehind(snapshot);
      const behind = { ...content, base, hardState };
      return { applied: { logIndex: lastIndex, commands: commandsOf(snapshot) }, content: behind };
    }
    if (known < positions.baseCommands) {
      await install(options, depot, snapshot, known);
      return { applied: { logIndex: lastIndex, commands: commandsOf(snapshot) }, content };
    }
  }
  if (known < positions.baseCommands || known > positions.lastCommands) {
    throw mismatch(known, positions.baseCommands, positions.lastCommands);
  }
  return { applied: { logIndex: positions.indexOfCommand(known), commands: known }, content };
}

async function install(
  { sink, snapshots }: RaftLogOptions,
  depot: SnapshotDepot,
  snapshot: SnapshotMeta,
  known: number,
): Promise<void> {
  const commands = commandsOf(snapshot);
  if (sink === undefined || known >= commands) return;
  if (snapshots === undefined || !(await depot.has(snapshot.lastIndex))) {
    throw mismatch(known, commands, commands);
  }
  await snapshots.install({ appliedIndex: commands, chunks: depot.chunks(snapshot.lastIndex) });
}

function mismatch(known: number, first: number, last: number): OrchestratorError {
  const message = `the state must be of a command from ${first} to ${last}, got ${known}: the folders of log and state are of different origin, or one was changed by hand`;
  return new OrchestratorError('LOG_STORE_MISMATCH', message, { appliedIndex: known });
}
