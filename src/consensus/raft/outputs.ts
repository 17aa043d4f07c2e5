/**
 * All a core asks of its shell, in the order it must be begun. A shell that keeps this order, and holds back every
 * `sendAfter` until its write is durable, needs to understand nothing else of Raft.
 */
import type { Configuration, MembershipRefusalCode, NodeId } from './configuration.ts';
import type { HardState, LogBase, RaftEntry, SnapshotMeta } from './log-entry.ts';
import type { RaftMessage } from './messages.ts';
import type { WriteToken } from './inputs.ts';

export type RaftRole = 'follower' | 'preCandidate' | 'candidate' | 'leader' | 'learner' | 'failed';

export type ProposalDropReason =
  'notLeader' | 'termChanged' | 'overload' | 'transferring' | 'tooLarge' | 'failed';

export type ReadRefusalReason = 'notLeader' | 'leadershipLost' | 'overload' | 'timeout' | 'failed';

/** Why a core stopped for good. Its disk is kept; what to do is the shell's and the operator's. */
export type RaftFailureCode =
  | 'WRITE_FAILED'
  /** The hash chain of this log and the leader's differ below entries that should be equal. */
  | 'LOG_DIVERGED'
  /** A leader wants entries truncated that this node knows as committed. */
  | 'COMMITTED_TRUNCATED'
  /** The shell handed over entries that are not those of the log. */
  | 'ENTRIES_WRONG'
  /** Two leaders in one term. */
  | 'TWO_LEADERS';

/**
 * Write in this order: hard state, restart, truncation, entries; then flush if asked to; then `persisted`.
 *
 * A crash may keep any first part of it: a log must never be found ahead of its term, nor a commit index beside entries
 * that it does not count.
 */
export interface PersistOutput {
  readonly kind: 'persist';
  readonly token: WriteToken;
  /** The log is dropped whole and starts anew behind this installed snapshot. */
  readonly restart?: SnapshotMeta;
  /** Entries from here on are dropped before `entries` are written. */
  readonly truncateFrom?: number;
  /** Without gaps behind what the log holds. */
  readonly entries: readonly RaftEntry[];
  readonly hardState?: HardState;
  /** False: only the commit hint moved; the write may become durable with the next one. */
  readonly isSyncNeeded: boolean;
}

export type RaftOutput =
  | PersistOutput
  /** May leave at once, before any write. */
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: RaftMessage }
  /** Must not leave before `after` (and thus all before it) is durable. */
  | {
      readonly kind: 'sendAfter';
      readonly to: NodeId;
      readonly message: RaftMessage;
      readonly after: WriteToken;
    }
  /** Committed and durable here; gap-free, in order. Answer with `applied` when done. */
  | { readonly kind: 'apply'; readonly entries: readonly RaftEntry[] }
  /**
   * Wants entries `from` to `to` (both included) of the log on disk; fewer are fine, at least one, at most `bytesMax`
   * of bodies beyond the first. All writes up to now may be assumed done.
   */
  | {
      readonly kind: 'readEntries';
      readonly requestId: number;
      readonly from: number;
      readonly to: number;
      readonly bytesMax: number;
    }
  /** In the log, not yet committed: `apply` of this index and term is success, another term at it is loss. */
  | {
      readonly kind: 'proposalAccepted';
      readonly proposalId: number;
      readonly index: number;
      readonly term: number;
    }
  /** Not in the log and never will be. */
  | {
      readonly kind: 'proposalDropped';
      readonly proposalId: number;
      readonly reason: ProposalDropReason;
      readonly leader: NodeId | null;
    }
  /** A reader that has applied `index` sees all that was acknowledged before it asked. */
  | { readonly kind: 'readReady'; readonly readId: number; readonly index: number }
  | {
      readonly kind: 'readRefused';
      readonly readId: number;
      readonly reason: ReadRefusalReason;
      readonly leader: NodeId | null;
    }
  | { readonly kind: 'membershipAccepted'; readonly changeId: number; readonly index: number }
  | {
      readonly kind: 'membershipRefused';
      readonly changeId: number;
      readonly code: MembershipRefusalCode;
      /** What must hold, then what was got. */
      readonly message: string;
    }
  /** Another configuration is in force: the shell connects to these nodes. */
  | {
      readonly kind: 'configuration';
      readonly configuration: Configuration;
      readonly index: number;
    }
  | {
      readonly kind: 'transferAborted';
      readonly to: NodeId;
      readonly reason:
        'timeout' | 'notLeader' | 'notVoter' | 'alreadyLeader' | 'pending' | 'leadershipLost';
    }
  /** Entries up to `base.index` may be released once `base` is durable. */
  | { readonly kind: 'compact'; readonly base: LogBase }
  | {
      readonly kind: 'readSnapshotChunk';
      readonly requestId: number;
      readonly snapshotIndex: number;
      readonly offset: number;
      readonly bytesMax: number;
    }
  /** `offset` 0 begins a new file and drops an unfinished one. */
  | {
      readonly kind: 'writeSnapshotChunk';
      readonly requestId: number;
      readonly meta: SnapshotMeta;
      readonly offset: number;
      readonly data: Uint8Array;
      readonly checksum: number;
      readonly isLast: boolean;
    }
  /** All chunks are written: check the digest, swap the state atomically and durably. No `apply` comes meanwhile. */
  | {
      readonly kind: 'installSnapshot';
      readonly requestId: number;
      readonly meta: SnapshotMeta;
    }
  /** Role, term, leader or readiness changed. */
  | {
      readonly kind: 'role';
      readonly role: RaftRole;
      readonly term: number;
      readonly leader: NodeId | null;
      /** Leader: an entry of its own term is committed, so reads and membership changes are possible. */
      readonly isTermReady: boolean;
    }
  /** A peer sent what no correct node sends; the message was ignored. */
  | { readonly kind: 'peerFault'; readonly nodeId: NodeId; readonly message: string }
  /** The last output ever: later inputs are answered by refusals only. */
  | { readonly kind: 'failed'; readonly code: RaftFailureCode; readonly message: string };
