/** What the data folder of a node of a cluster holds, read without changing a byte of it; nobody may have it open. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isOrchestratorError, messageOf } from '../../base/errors.ts';
import { inspectJournal, type JournalInspection } from '../../log/index.ts';
import { inspectStore } from '../../store/index.ts';
import { bad, odd, ok, type Finding } from './finding.ts';

const CHECK = 'journal';
const STORE = /^store-\d{6}$/;

/** Whether the folder is that of a node of a cluster. */
export function isNodeFolder(dataDir: string): boolean {
  return existsSync(join(dataDir, 'raft'));
}

/** Name of the store that counts; null where there is none. */
export function storeFolderOf(dataDir: string): string | null {
  const names = readdirSync(dataDir).filter((name) => STORE.test(name));
  return names.toSorted().at(-1) ?? null;
}

/** Journal, identity and votes of a node, its snapshot, and whether its state belongs to them. */
export async function lookAtNode(dataDir: string): Promise<readonly Finding[]> {
  let journal: JournalInspection | null;
  try {
    journal = await inspectJournal(join(dataDir, 'raft'));
  } catch (error) {
    return [bad(CHECK, messageOf(error), adviceFor(error))];
  }
  if (journal === null) return [ok(CHECK, 'none yet')];
  return [
    lookAtJournal(journal),
    lookAtIdentity(journal),
    ...lookAtSnapshot(journal),
    ...lookAtState(journal, dataDir),
  ];
}

function adviceFor(error: unknown): string {
  const code = isOrchestratorError(error) ? error.code : '';
  if (code === 'JOURNAL_UNREADABLE')
    return 'open it with the version of this program that wrote it';
  return 'the other nodes have it all: `uqo cluster remove` this node, and let it join under a new id with an empty folder (docs/cluster.md); the last one left is restored from a backup';
}

function lookAtJournal({ lastIndex, segments, tornBytes }: JournalInspection): Finding {
  const detail = `${segments} segments to entry ${lastIndex}, every checksum right`;
  if (tornBytes === 0) return ok(CHECK, detail);
  const torn = `${detail}, then ${tornBytes} bytes of an unfinished write`;
  return odd(CHECK, torn, 'nothing to do: nobody was told of them, and the next start cuts them');
}

function lookAtIdentity({ hardState, identity, peers }: JournalInspection): Finding {
  const { clusterId, incarnation, nodeId } = identity;
  const { commitIndex, term, votedFor } = hardState;
  const votes = votedFor === null ? 'voted for nobody' : `voted for ${votedFor}`;
  const known = peers.map((peer) => `${peer.nodeId} at ${peer.address}`).join(', ');
  return ok(
    'node',
    `${nodeId} of cluster ${clusterId} (${incarnation}), term ${term}, ${votes}, committed to ${commitIndex}; knows ${known || 'no other'}`,
  );
}

function lookAtSnapshot({ hasSnapshotFile, snapshot }: JournalInspection): Finding[] {
  if (snapshot === null) return [];
  const detail = `of entry ${snapshot.lastIndex}`;
  if (hasSnapshotFile) return [ok('snapshot', detail)];
  const advice =
    'the node makes a new one; until then nobody who is far behind can be helped by it';
  return [odd('snapshot', `${detail}, and its file is gone`, advice)];
}

/** The state must be of a command that the log still follows on. */
function lookAtState(journal: JournalInspection, dataDir: string): Finding[] {
  const name = storeFolderOf(dataDir);
  if (name === null) return [];
  let index: number;
  try {
    index = inspectStore(join(dataDir, name))?.appliedIndex ?? 0;
  } catch {
    // The look at the store itself says so.
    return [];
  }
  const { baseCommands, lastCommands, snapshot } = journal;
  const detail = `command ${index}; the log has ${baseCommands + 1} to ${lastCommands}`;
  if (index >= baseCommands && index <= lastCommands) return [ok('state', detail)];
  if (index < baseCommands && snapshot !== null && journal.hasSnapshotFile) {
    return [odd('state', detail, 'nothing to do: the next start installs the snapshot')];
  }
  const advice =
    'folders of log and state are of different origin: put the right ones together again';
  return [bad('state', detail, advice)];
}
