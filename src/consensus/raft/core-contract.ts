/** What a core is to its shell and to a simulator: built from what the disk holds, then stepped. */
import type { Rng } from '../../base/rng.ts';
import type { Configuration, NodeId } from './configuration.ts';
import type { Hasher } from './hasher.ts';
import type { RaftInput } from './inputs.ts';
import type { HardState, LogBase, RaftEntry, SnapshotMeta } from './log-entry.ts';
import type { RaftOutput, RaftRole } from './outputs.ts';
import type { RaftLogView } from './raft-log-view.ts';
import type { RaftSettings } from './settings.ts';

/** What was found on disk. Of a node that was never started: an empty log at the genesis, term 0. */
export interface RecoveredState {
  readonly hardState: HardState;
  /** Newest durable snapshot of this node's state, or null. May be newer than the log: then the log starts anew. */
  readonly snapshot: SnapshotMeta | null;
  /** Where the log begins: that of the last `compact` or `restart`, or `genesisBase(clusterId, hasher)`. */
  readonly base: LogBase;
  /**
   * All entries behind `base`, in order. Read once, one by one; only the newest bodies are kept. Or a log that was filled
   * with them as they were read: then no more of them need be in memory at any time.
   */
  readonly entries: Iterable<RaftEntry> | RaftLogView;
  /** What the state machine has applied durably; entries behind it are handed out again. */
  readonly appliedIndex: number;
}

export interface RaftCoreOptions {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly settings: RaftSettings;
  readonly recovered: RecoveredState;
  /** Seeded anew by each start of the node, and by each node differently. */
  readonly rng: Rng;
  readonly hasher: Hasher;
}

/** How far a leader believes a peer to be. */
export interface ProgressView {
  readonly nodeId: NodeId;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly inFlightMessages: number;
  readonly inFlightBytes: number;
  readonly isRecentlyActive: boolean;
}

/** A frozen copy of what checkers and status pages look at. */
export interface RaftView {
  readonly nodeId: NodeId;
  readonly role: RaftRole;
  readonly term: number;
  readonly votedFor: NodeId | null;
  readonly leader: NodeId | null;
  readonly isTermReady: boolean;
  /** Index before the first entry kept. */
  readonly baseIndex: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly lastHash: Uint8Array;
  /** Durable up to here. */
  readonly stableIndex: number;
  readonly commitIndex: number;
  /** Handed out for applying up to here. */
  readonly applyingIndex: number;
  readonly appliedIndex: number;
  readonly snapshotIndex: number;
  readonly configuration: Configuration;
  readonly configurationIndex: number;
  readonly generation: number;
  readonly transferTarget: NodeId | null;
  readonly progress: readonly ProgressView[];
  readonly readsWaiting: number;
  readonly uncommittedBytes: number;
  readonly tailBytes: number;
}

/**
 * Raft as a function: same construction and same inputs give the same outputs, byte for byte.
 *
 * The constructor may have something to say before the first input: call `step` with a `tick` or `start()` first.
 */
export interface RaftProtocol {
  /** Outputs that opening made necessary (a log restarted behind its snapshot, the configuration, the role). Call once. */
  start(): readonly RaftOutput[];
  step(input: RaftInput): readonly RaftOutput[];
  /** Many inputs as one step: one write and one message to each peer where that is possible. */
  stepAll(inputs: readonly RaftInput[]): readonly RaftOutput[];
  /** Hash of everything later outputs depend on; for run-twice checks and traces. */
  digestState(): Uint8Array;
  inspect(): RaftView;
  /** Term, hash and configuration at `index`, for the description of a snapshot; null where it is not in the log. */
  baseAt(index: number): LogBase | null;
  /** Hash of the entry at `index`, or null where it is compacted or not there. */
  hashAt(index: number): Uint8Array | null;
  /** Term of the entry at `index`, or null where it is compacted or not there. */
  termAt(index: number): number | null;
}
