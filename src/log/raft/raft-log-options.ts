import type { NodeId, RaftSettings } from '../../consensus/index.ts';
import type { FileSystem } from '../embedded/file-system.ts';
import type { CommittedSink, RoleView, SnapshotProvider } from './cluster-log.ts';
import type { ShellClock, ShellLogger } from './shell-ports.ts';
import type { TransportOptions } from './transport/tcp-transport.ts';

/** Told of what operators count. Must not throw. */
export interface RaftMeasures {
  /** This node asks for votes, or got enough of them. */
  election(step: 'started' | 'won'): void;
  /** A snapshot of the state: made here, sent to a peer to its end, or taken over from a leader. */
  snapshot(step: 'made' | 'sent' | 'installed'): void;
  /** An entry of this node was committed and applied, so long after it was proposed. */
  committed(durationMs: number): void;
}

export interface RaftLogOptions {
  /** Folder for journal and snapshots of this node alone; made where it is missing. */
  readonly directory: string;
  /** 1–64 of `A-Z a-z 0-9 . _ -`, as node ids are. */
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /**
   * Nodes that found the cluster together; each is given the same ones. Only looked at while the folder is empty. A node
   * that joins a cluster is given none.
   */
  readonly founders?: readonly NodeId[];
  /** `host:port` of other nodes, as far as they are known beforehand; the others are heard of. */
  readonly peers?: Readonly<Record<NodeId, string>>;
  readonly transport: Omit<TransportOptions, 'local' | 'events' | 'admit' | 'clock' | 'logger'>;
  /** The state machine. Without one, committed commands are only kept. */
  readonly sink?: CommittedSink;
  /** Copies of the state. Without them nothing is ever released. */
  readonly snapshots?: SnapshotProvider;
  /** Answers what other nodes forward to this one while it leads. */
  readonly onForwarded?: (kind: number, body: Buffer, from: NodeId) => Promise<Uint8Array>;
  /** Told of every change of role, term, leader or readiness. */
  readonly onRole?: (role: RoleView) => void;
  readonly settings?: Partial<RaftSettings>;
  /** Length of a tick, the unit of times in the settings. Default 5 ms. */
  readonly tickMs?: number;
  /** Largest command. Default 8 MiB. The same on all nodes. */
  readonly entryBytesMax?: number;
  /** Log entries between two snapshots. Default 10,000. */
  readonly snapshotEveryEntries?: number;
  readonly segmentBytes?: number;
  /** Records that the journal writes together, at most; a segment is at least that large. Default 1 MiB. */
  readonly groupBytesMax?: number;
  /** Time within which a forwarded request must be answered. Default 10 s. */
  readonly forwardTimeoutMs?: number;
  /** Longest wait of {@link RaftLog.close} for appends under way. Default 5 s. */
  readonly closeTimeoutMs?: number;
  readonly measures?: RaftMeasures;
  readonly onFlush?: (durationMs: number, bytes: number, entries: number) => void;
  readonly fileSystem?: FileSystem;
  readonly clock?: ShellClock;
  readonly logger?: ShellLogger;
  /** Seed of election timeouts; drawn when absent. */
  readonly seed?: number;
}

export const ENTRY_BYTES_MAX: number = 8 * 1024 * 1024;
