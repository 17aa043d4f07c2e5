import { OrchestratorError } from '../../../base/errors.ts';
import type { ShellClock, ShellLogger } from '../shell-ports.ts';
import type { Hello, PeerAuthentication, ProtocolVersions, Refusal } from './handshake.ts';
import type { RefusalNotes } from './refusal-notes.ts';
import type { PeerNetwork, PeerSocket } from './peer-network.ts';

/** What the own node says of itself. */
export interface LocalNode {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Drawn when the node's journal was made. */
  readonly incarnation: string;
}

export interface TransportBounds {
  /** Largest payload of a frame. Default 32 MiB; the same on all nodes. */
  readonly frameBytesMax: number;
  /** Bytes that may wait for one peer. Default 16 MiB. */
  readonly queueBytesMax: number;
  /** Requests to one peer that may wait for an answer, and of one peer that may be worked on. Default 256. */
  readonly requestsMax: number;
  /** Time from a call to a finished greeting. Default 2 s. */
  readonly greetingTimeoutMs: number;
  /** A connection is probed so often, and given up after four probes without an answer. Default 250 ms. */
  readonly pingIntervalMs: number;
  /** First and longest wait before the next call of a peer. Default 50 ms and 2 s. */
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
}

export const TRANSPORT_BOUNDS: TransportBounds = {
  frameBytesMax: 32 * 1024 * 1024,
  queueBytesMax: 16 * 1024 * 1024,
  requestsMax: 256,
  greetingTimeoutMs: 2_000,
  pingIntervalMs: 250,
  backoffMsMin: 50,
  backoffMsMax: 2_000,
};

/** Probes without an answer after which a connection counts as lost. */
export const PINGS_UNANSWERED_MAX = 4;

/** What both kinds of link need. */
export interface LinkContext {
  readonly local: LocalNode;
  readonly versions: ProtocolVersions;
  /** `host:port` of the own port, as others should call it. */
  readonly ownAddress: () => string;
  readonly network: PeerNetwork;
  readonly authentication: PeerAuthentication;
  readonly clock: ShellClock;
  readonly logger: ShellLogger;
  readonly refusals: RefusalNotes;
  readonly bounds: TransportBounds;
  /** A number in [0, 1), for back-off. */
  readonly random: () => number;
  /** Whether a node may speak with this one; a refusal says why not. */
  readonly admit: (peer: Pick<Hello, 'nodeId' | 'incarnation' | 'address'>) => Refusal | null;
}

/** Why the other end of a connection is not taken for a node; null where it is. */
export function doubtRefusal(
  { network }: LinkContext,
  socket: PeerSocket,
  nodeId: string,
): Refusal | null {
  const doubt = network.doubtOf?.(socket, nodeId) ?? null;
  if (doubt === null) return null;
  const message = `node ${nodeId} must show a certificate that names it (CN=${nodeId}, or the DNS name ${nodeId}), got ${doubt}: make it as docs/cluster.md says, or start all nodes with --peer-tls-any-node`;
  return { code: 'PEER_CERTIFICATE_MISMATCH', message };
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof OrchestratorError) return { code: error.code, message: error.message };
  return { code: 'PEER_FAILED', message: 'the other end failed' };
}
