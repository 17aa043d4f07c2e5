/** What a log that several nodes keep together adds to one that a single machine keeps. */
import type { Configuration, MemberChange, NodeId, RaftView } from '../../consensus/index.ts';
import type { ReplicatedLog } from '../replicated-log.ts';

/** Questions of this kind and above are answered by every node, those below by the leader alone. */
export const ANY_NODE_KIND_MIN = 128;

/** What this node is to its cluster at the moment. */
export interface RoleView {
  readonly role: RaftView['role'];
  readonly term: number;
  /** Whom this node follows, itself when it leads, null when nobody is known to lead. */
  readonly leader: NodeId | null;
  /** Leader: everything committed before its term is known to it, so it may serve. */
  readonly isTermReady: boolean;
}

/** One command that is committed: in the log of every node for ever, at the same place. */
export interface CommittedEntry {
  /** Position among the commands, from 1, without gaps; the index that `append` and `read` speak of. */
  readonly index: number;
  /** Term of the leader that took it. */
  readonly term: number;
  /** To be copied if it is kept: it may be a view of a larger buffer. */
  readonly body: Uint8Array;
  /** True where an `append` of this very object waits for it; it resolves after this was handed out. */
  readonly isOwn: boolean;
}

/** The state machine behind the log, as far as the log must know it. */
export interface CommittedSink {
  /**
   * Takes committed commands, each once, in order, without gaps from {@link CommittedSink.appliedIndex} on.
   *
   * The next ones come after what it returns resolves. What it throws ends this node: its state is no longer known.
   */
  apply(entries: readonly CommittedEntry[]): void | Promise<void>;
  /** Index of the newest command that the state holds durably when the log is opened; 0 = none. */
  readonly appliedIndex: number;
}

/** A copy of the whole state as of one command. */
export interface StateSnapshot {
  /** Index of the newest command in it. */
  readonly appliedIndex: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Copies of the state, for nodes that are too far behind to be sent entries. */
export interface SnapshotProvider {
  /** Begins a copy that is consistent: later commands do not show in it. Read once, to its end or broken off. */
  take(): Promise<StateSnapshot>;
  /**
   * Replaces the state, atomically and durably; what it gets was checked against the digest its maker gave it.
   *
   * May be called again with the same snapshot after a crash.
   */
  install(snapshot: StateSnapshot): Promise<void>;
}

export interface ClusterStatus extends RoleView {
  readonly nodeId: NodeId;
  readonly clusterId: string;
  readonly incarnation: string;
  /** `host:port` where peers reach this node. */
  readonly address: string;
  /** Of commands: newest committed, newest handed to the state machine. */
  readonly committedIndex: number;
  readonly appliedIndex: number;
  /** This node was taken out of the cluster: it will never lead or follow again. */
  readonly isRemoved: boolean;
  readonly configuration: Configuration;
  readonly peers: readonly PeerStatus[];
  /** The core's own view, in positions of the log that also count its own entries. */
  readonly raft: RaftView;
}

export interface PeerStatus {
  readonly nodeId: NodeId;
  /** Null while nobody has told it. */
  readonly address: string | null;
  readonly isReachable: boolean;
  /** On a leader: how many entries the peer lacks; null elsewhere. */
  readonly lagEntries: number | null;
}

/**
 * A log that a quorum keeps.
 *
 * Promises beyond those of {@link ReplicatedLog}
 *   L5  an entry whose `append` resolved is durable on a quorum and comes to every node, at the same index
 *   L6  an append that was rejected with `NOT_LEADER`, `OVERLOADED` or `LOG_ENTRY_TOO_LARGE` is in no log, ever;
 *       after `LEADERSHIP_LOST`, `LOG_FAILED` or `LOG_CLOSED` it may be committed or not
 *   L7  an append fenced by a term is taken only while this node leads in exactly that term
 */
export interface ClusterLog extends ReplicatedLog {
  readonly role: RoleView;

  /**
   * Appends one command; only a leader can.
   *
   * @param term - fences it: refused unless this node leads in exactly that term. Default: the current one
   * @throws OrchestratorError as {@link ReplicatedLog.append}; `NOT_LEADER` (detail `leader`), `LEADERSHIP_LOST`,
   *   `OVERLOADED`
   */
  append(body: Uint8Array, term?: number): Promise<number>;

  /**
   * Resolves with an index once the state machine holds everything that was acknowledged before the call, and all up to
   * that index. Any node may ask.
   *
   * @throws OrchestratorError `NOT_LEADER`, `OVERLOADED`, `READ_TIMEOUT`; ask again, here or elsewhere
   */
  readBarrier(): Promise<number>;

  /**
   * Hands leadership over to a voter; resolves when this node has stopped leading.
   *
   * @throws OrchestratorError `TRANSFER_ABORTED` (detail `reason`)
   */
  transfer(to: NodeId): Promise<void>;

  /**
   * Changes who belongs to the cluster; resolves when the change is committed.
   *
   * @param addresses - `host:port` of nodes that are new
   * @throws OrchestratorError with the code of the refusal, such as `NODE_NOT_CAUGHT_UP`; `LEADERSHIP_LOST`
   */
  changeMembership(
    changes: readonly MemberChange[],
    addresses?: Readonly<Record<NodeId, string>>,
  ): Promise<void>;

  /**
   * Asks the leader, which answers by the handler it was opened with.
   *
   * @throws OrchestratorError what the handler threw; `NO_LEADER`, `PEER_UNREACHABLE`, `PEER_OVERLOADED` when it was not
   *   sent; `PEER_ANSWER_LOST` when it may have been carried out
   */
  forward(kind: number, body: Uint8Array): Promise<Uint8Array>;

  /**
   * Asks any other node, by a kind of {@link ANY_NODE_KIND_MIN} or more; it answers by the handler it was opened with,
   * leader or not.
   *
   * @throws OrchestratorError as {@link ClusterLog.forward}
   */
  ask(to: NodeId, kind: number, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>;

  /** Compares the state with that of other nodes; to be offered by all at the same indexes. */
  offerDigest(index: number, digest: Uint8Array): void;

  status(): ClusterStatus;
}
