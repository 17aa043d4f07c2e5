import type {
  PeerAuthentication,
  PeerNetwork,
  RaftLogOptions,
  TlsNetwork,
} from '../../log/index.ts';
import type { RuntimeOptions } from '../open-runtime.ts';
import type { CopyOutcome } from './artifacts/artifact-copier.ts';
import type { Runtime } from '../runtime.ts';

/** Who a node is, and how it finds the others. */
export interface ClusterOptions {
  /** The same on all nodes; guards against two clusters that are joined by mistake. */
  readonly clusterId: string;
  /** 1–64 of `A-Z a-z 0-9 . _ -`; never that of a node that was removed or lost its disk. */
  readonly nodeId: string;
  /** `host:port` to listen on for the other nodes. */
  readonly listenAddress: string;
  /** `host:port` that others are told, where it is another. */
  readonly publicAddress?: string;
  /** `host:port` of the other nodes, by id, as far as they are known. */
  readonly peers: Readonly<Record<string, string>>;
  /** Nodes that found the cluster together; none for one that joins. Only looked at while the folder is empty. */
  readonly founders: readonly string[];
  /** Allows plain TCP beyond this machine. */
  readonly insecurePeers?: boolean;
  readonly authentication?: PeerAuthentication;
  /** What nodes speak over. One that also carries requests to the leader is used for that, too. Default plain TCP. */
  readonly network?: PeerNetwork & Partial<Pick<TlsNetwork, 'connectApi'>>;
  readonly settings?: RaftLogOptions['settings'];
  /** Log entries between two snapshots. Default 10,000. */
  readonly snapshotEveryEntries?: number;
  readonly segmentBytes?: number;
  /** Longest wait until a majority has a small artifact, in milliseconds. Default 30 s; each 4 MiB add a second. */
  readonly artifactWaitMsMax?: number;
}

/** Told of what became of copies of artifacts. Must not throw. */
export interface ArtifactMeasures {
  artifactCopied(outcome: CopyOutcome): void;
}

export interface ClusterNodeOptions extends RuntimeOptions {
  readonly cluster: ClusterOptions;
  readonly measures?: RaftLogOptions['measures'] & ArtifactMeasures;
  /** Base address of this node's API, for the other nodes; known once it listens. */
  readonly apiUrl: () => string | null;
  /** This node leads from now on. */
  readonly onLead?: (runtime: Runtime) => void;
  /** Another node leads, or none: channels that led here, or there through here, are of no more use. */
  readonly onLeaderChanged?: () => void;
}
