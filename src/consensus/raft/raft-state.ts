/**
 * Everything a core knows; its behaviour is in the modules that change it.
 *
 * `raft-core.ts` has the invariants.
 */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import type { NodeId } from './configuration.ts';
import type { RaftCoreOptions } from './core-contract.ts';
import { Durability } from './durability.ts';
import type { Hasher } from './hasher.ts';
import type { SnapshotMeta } from './log-entry.ts';
import { Outbox } from './outbox.ts';
import type { RaftRole } from './outputs.ts';
import { PendingWrite } from './pending-write.ts';
import type { Progress } from './progress.ts';
import { RaftLogView } from './raft-log-view.ts';
import type { RaftSettings } from './settings.ts';

/** Who asked for a read index. */
export type ReadSource =
  | { readonly kind: 'local'; readonly readId: number }
  | {
      readonly kind: 'peer';
      readonly from: NodeId;
      readonly session: number;
      readonly sequence: number;
    };

/** A read that waits until a heartbeat round begun after it is answered by a quorum. */
export interface RoundRead {
  readonly source: ReadSource;
  readonly index: number;
  readonly round: number;
}

/** What only a leader has; made anew for every term it leads. */
export interface Leadership {
  /** Index of the empty entry that began the term. */
  readonly firstIndex: number;
  readonly peers: Map<NodeId, Progress>;
  heartbeatElapsed: number;
  /** Newest heartbeat round sent. */
  round: number;
  /** Tick at which each unconfirmed round was sent, for leases. */
  roundsSent: { round: number; atTick: number }[];
  confirmedRound: number;
  /** `lease` reads are good before this tick. */
  leaseUntilTick: number;
  /** Reads not yet part of a round. */
  readsWaiting: ReadSource[];
  roundReads: RoundRead[];
  transfer: { readonly to: NodeId; elapsedTicks: number; isSent: boolean } | null;
  /** Somebody may have been told to campaign at once: leases are off for the rest of the term. */
  isLeaseLost: boolean;
  /** Own proposals not committed yet, oldest first. */
  uncommitted: { index: number; bytes: number }[];
  uncommittedBytes: number;
}

/** A snapshot this node is receiving. */
export interface SnapshotReceiving {
  readonly meta: SnapshotMeta;
  readonly from: NodeId;
  nextOffset: number;
  /** `draining`: complete, but the state machine has not applied all it was given. */
  phase: 'receiving' | 'writing' | 'draining' | 'installing';
  requestId: number;
  chunkBytes: number;
  isLastChunk: boolean;
}

/** A read asked of the leader by this follower. */
export interface ForwardedRead {
  readonly readId: number;
  readonly sinceTick: number;
}

export interface RaftState {
  readonly nodeId: NodeId;
  readonly settings: RaftSettings;
  readonly hasher: Hasher;
  readonly rng: Rng;
  readonly log: RaftLogView;
  readonly durability: Durability;
  readonly pending: PendingWrite;
  readonly outbox: Outbox;
  role: RaftRole;
  term: number;
  votedFor: NodeId | null;
  leader: NodeId | null;
  commitIndex: number;
  writtenCommitIndex: number;
  /** Handed out for applying through here. */
  applyingIndex: number;
  appliedIndex: number;
  /** Entries handed out and not applied, oldest first. */
  applying: { index: number; bytes: number }[];
  applyingBytes: number;
  applyReadRequestId: number | null;
  snapshot: SnapshotMeta | null;
  nowTick: number;
  electionElapsed: number;
  electionTimeout: number;
  votes: Map<NodeId, boolean>;
  leadership: Leadership | null;
  receiving: SnapshotReceiving | null;
  forwardedReads: Map<number, ForwardedRead>;
  readonly readSession: number;
  readSequence: number;
  requestSequence: number;
  failure: { readonly message: string } | null;
}

function recoveredLog({ hasher, recovered, settings }: RaftCoreOptions): RaftLogView {
  const { base, entries } = recovered;
  const isFilled = entries instanceof RaftLogView;
  const log = isFilled ? entries : new RaftLogView(base, hasher);
  invariant(log.base.index === base.index, 'a recovered log begins at its base');
  if (!isFilled) {
    for (const entry of entries) {
      log.append(entry);
      log.shrinkTail(settings.tailBytesMax, entry.index);
    }
  }
  log.shrinkTail(settings.tailBytesMax, log.lastIndex);
  return log;
}

export function createRaftState(options: RaftCoreOptions): RaftState {
  const { nodeId, settings, hasher, rng, recovered } = options;
  const log = recoveredLog(options);
  const known = Math.max(recovered.hardState.commitIndex, recovered.appliedIndex, log.base.index);
  return {
    nodeId,
    settings,
    hasher,
    rng,
    log,
    durability: new Durability(log.lastIndex),
    pending: new PendingWrite(),
    outbox: new Outbox(),
    role: 'follower',
    term: recovered.hardState.term,
    votedFor: recovered.hardState.votedFor,
    leader: null,
    commitIndex: Math.min(known, log.lastIndex),
    writtenCommitIndex: recovered.hardState.commitIndex,
    applyingIndex: recovered.appliedIndex,
    appliedIndex: recovered.appliedIndex,
    applying: [],
    applyingBytes: 0,
    applyReadRequestId: null,
    snapshot: recovered.snapshot,
    nowTick: 0,
    electionElapsed: 0,
    electionTimeout: settings.electionTicks + rng.below(settings.electionTicks),
    votes: new Map(),
    leadership: null,
    receiving: null,
    forwardedReads: new Map(),
    readSession: rng.u32(),
    readSequence: 0,
    requestSequence: 0,
    failure: null,
  };
}

/** A number for a question to the shell, never used twice. */
export function nextRequestId(state: RaftState): number {
  state.requestSequence += 1;
  return state.requestSequence;
}
