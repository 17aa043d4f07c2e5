import { OrchestratorError } from '../../base/errors.ts';
import { decodeFrame, encodeFrame, type NodeId, type RaftMessage } from '../../consensus/index.ts';
import type { PeerDirectory } from './peer-directory.ts';
import type { ShellLogger } from './shell-ports.ts';
import { decodeDigest, encodeDigest, StateDigests, type DigestVerdict } from './state-digests.ts';
import type { CarriedKind } from './transport/tcp-transport.ts';

export interface PeerTrafficOptions {
  readonly clusterId: string;
  /** This node's. */
  readonly nodeId: NodeId;
  readonly directory: PeerDirectory;
  /** Whose states are compared. */
  readonly voters: () => readonly NodeId[];
  readonly onMessage: (from: NodeId, message: RaftMessage) => void;
  /** The state of this node is unlike that of most. */
  readonly onOdd: (error: OrchestratorError) => void;
  readonly logger: ShellLogger;
}

/** What goes between the nodes: messages of the protocol, and digests of their states. */
export class PeerTraffic {
  readonly #options: PeerTrafficOptions;
  readonly #digests: StateDigests;

  constructor(options: PeerTrafficOptions) {
    this.#options = options;
    this.#digests = new StateDigests(options.nodeId);
  }

  /** @returns false where the message went nowhere */
  send(to: NodeId, message: RaftMessage): boolean {
    const { clusterId, directory, nodeId: from } = this.#options;
    const isFlow = FLOW_KINDS.has(message.kind);
    const frame = encodeFrame({ clusterId, from, to, message });
    return directory.send(to, frame, isFlow ? 'bulk' : 'heartbeat');
  }

  /** @throws OrchestratorError `PEER_FRAME_MISROUTED` and those of a frame that is none */
  receive(from: NodeId, kind: Exclude<CarriedKind, 'peers'>, payload: Buffer): void {
    const { clusterId, nodeId, onMessage } = this.#options;
    if (kind === 'digest') {
      const told = decodeDigest(payload);
      if (told !== null) this.#judge(from, told.index, told.digest);
      return;
    }
    const frame = decodeFrame(payload);
    if (frame.clusterId !== clusterId || frame.from !== from || frame.to !== nodeId) {
      const message = `a message must be of its connection's cluster and nodes, got ${frame.from} to ${frame.to} of ${frame.clusterId}`;
      throw new OrchestratorError('PEER_FRAME_MISROUTED', message);
    }
    onMessage(from, frame.message);
  }

  /** Compares the state of this node with that of others, and lets them compare. */
  offerDigest(index: number, digest: Uint8Array): void {
    const { directory, nodeId } = this.#options;
    if (this.#judge(nodeId, index, digest)) {
      directory.broadcast('digest', encodeDigest(index, digest));
    }
  }

  /** @returns whether this node may go on */
  #judge(from: NodeId, index: number, digest: Uint8Array): boolean {
    const { logger, onOdd, voters } = this.#options;
    const verdict: DigestVerdict = this.#digests.take(from, index, digest, voters());
    if (verdict.kind === 'selfOdd') {
      const message = `the state after command ${index} must be that of most nodes, got another: this node stops and keeps its data for an examination; let it join again under a new id`;
      onOdd(new OrchestratorError('STATE_DIVERGED', message, { index }));
      return false;
    }
    if (verdict.kind === 'othersOdd') {
      const { odd } = verdict;
      logger.error('the state of some nodes differs from that of most', { index, odd });
    }
    return true;
  }
}

/** Messages that are held back where a peer does not keep up; all others are small, and only the newest count. */
const FLOW_KINDS: ReadonlySet<RaftMessage['kind']> = new Set([
  'appendRequest',
  'appendResponse',
  'snapshotOffer',
  'snapshotChunk',
  'snapshotResponse',
  'readRequest',
  'readResponse',
]);
