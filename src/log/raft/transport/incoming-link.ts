import { randomBytes } from 'node:crypto';
import { OrchestratorError } from '../../../base/errors.ts';
import {
  decodeHello,
  encodeHandshake,
  HANDSHAKE_BYTES_MAX,
  NONCE_BYTES,
  transcriptOf,
  unsupportedVersion,
  type Challenge,
  type Hello,
} from './handshake.ts';
import { doubtRefusal, PINGS_UNANSWERED_MAX, refusalOf, type LinkContext } from './link-context.ts';
import { encodeFrame, FrameReader, type PeerFrame } from './peer-frame.ts';
import type { PeerSocket } from './peer-network.ts';

export interface IncomingLinkEvents {
  /** The peer proved who it is. */
  readonly onOpen: (link: IncomingLink, hello: Hello) => void;
  readonly onFrame: (peerId: string, frame: PeerFrame) => void;
  readonly onDown: (link: IncomingLink) => void;
}

/** The connection on which this node hears from one peer. */
export class IncomingLink {
  readonly #context: LinkContext;
  readonly #socket: PeerSocket;
  readonly #events: IncomingLinkEvents;
  readonly #challenge: Challenge;
  readonly #reader = new FrameReader(HANDSHAKE_BYTES_MAX);
  #peerId: string | null = null;
  /** Who the caller says it is. */
  #claimedId: string | null = null;
  #isDown = false;
  #heardMs: number;
  #cancelTimer: () => void;

  constructor(context: LinkContext, socket: PeerSocket, events: IncomingLinkEvents) {
    this.#context = context;
    this.#socket = socket;
    this.#events = events;
    const nonce = randomBytes(NONCE_BYTES).toString('hex');
    const { newest, oldest } = context.versions;
    this.#challenge = { version: oldest, newest, nonce };
    this.#heardMs = context.clock.monotonicMs();
    this.#cancelTimer = context.clock.setTimer(context.bounds.greetingTimeoutMs, () =>
      this.close(),
    );
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
    socket.write(encodeFrame('challenge', encodeHandshake(this.#challenge)));
  }

  get peerId(): string | null {
    return this.#peerId;
  }

  close(): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#cancelTimer();
    this.#socket.destroy();
    this.#events.onDown(this);
  }

  #take(chunk: Buffer): void {
    if (this.#isDown) return;
    this.#heardMs = this.#context.clock.monotonicMs();
    try {
      this.#reader.push(chunk);
      while (!this.#isDown) {
        const frame = this.#reader.next();
        if (frame === undefined) return;
        this.#receive(frame);
      }
    } catch (error) {
      if (!(error instanceof OrchestratorError)) throw error;
      this.refuse(error);
    }
  }

  /** Tells the peer why, then closes. */
  refuse(error: OrchestratorError): void {
    if (this.#isDown) return;
    const peer = this.#peerId ?? this.#claimedId ?? this.#socket.remoteAddress ?? 'unknown';
    this.#context.refusals.note(peer, error);
    this.#isDown = true;
    this.#cancelTimer();
    this.#socket.end(encodeFrame('refusal', encodeHandshake(refusalOf(error))));
    // Whoever keeps sending to a closed door is cut off; whoever reads the reason has time to.
    this.#cancelTimer = this.#context.clock.setTimer(1_000, () => this.#socket.destroy());
    this.#socket.on('close', () => this.#cancelTimer());
    this.#events.onDown(this);
  }

  #receive(frame: PeerFrame): void {
    if (this.#peerId === null) {
      this.#greet(frame);
      return;
    }
    if (frame.kind === 'ping') this.#socket.write(encodeFrame('pong'));
    else this.#events.onFrame(this.#peerId, frame);
  }

  #greet(frame: PeerFrame): void {
    if (frame.kind !== 'hello') {
      throw refusal('PEER_HANDSHAKE_MALFORMED', `a caller must say hello first, got ${frame.kind}`);
    }
    const { authentication, bounds, local } = this.#context;
    const { hello, proof } = decodeHello(frame.payload);
    this.#claimedId = hello.nodeId;
    this.#check(hello);
    const doubt = doubtRefusal(this.#context, this.#socket, hello.nodeId);
    if (doubt !== null) throw refusal(doubt.code, doubt.message);
    const transcript = transcriptOf(this.#challenge, hello);
    if (!authentication.verify('caller', transcript, proof)) {
      const message = `node ${hello.nodeId} must prove that it belongs to cluster ${local.clusterId}: give all nodes the same secret`;
      throw refusal('PEER_UNAUTHENTICATED', message);
    }
    const verdict = this.#context.admit(hello);
    if (verdict !== null) throw refusal(verdict.code, verdict.message);
    this.#peerId = hello.nodeId;
    this.#reader.payloadBytesMax = bounds.frameBytesMax;
    const { incarnation, nodeId } = local;
    const welcome = { nodeId, incarnation, proof: authentication.prove('called', transcript) };
    this.#socket.write(encodeFrame('welcome', encodeHandshake(welcome)));
    this.#cancelTimer();
    this.#armSilence();
    this.#events.onOpen(this, hello);
  }

  #check(hello: Hello): void {
    const { local, versions } = this.#context;
    const { clusterId, nodeId } = local;
    if (hello.version < versions.oldest || hello.version > versions.newest) {
      const { code, message } = unsupportedVersion(versions, String(hello.version));
      throw refusal(code, message);
    }
    if (hello.clusterId !== clusterId) {
      const message = `peers must belong to cluster ${clusterId}, got ${hello.clusterId}: two clusters were given each other's addresses`;
      throw refusal('PEER_CLUSTER_MISMATCH', message);
    }
    if (hello.targetId !== nodeId || hello.nodeId === nodeId) {
      const message = `node ${hello.nodeId} must call ${hello.targetId}, got ${nodeId}: the addresses of two nodes were mixed up`;
      throw refusal('PEER_IDENTITY_MISMATCH', message);
    }
  }

  /** A peer that is there pings; one that fell silent is gone without having said so. */
  #armSilence(): void {
    const { bounds, clock } = this.#context;
    const silenceMsMax = bounds.pingIntervalMs * (PINGS_UNANSWERED_MAX + 2);
    this.#cancelTimer = clock.setTimer(silenceMsMax, () => {
      if (clock.monotonicMs() - this.#heardMs >= silenceMsMax) this.close();
      else this.#armSilence();
    });
  }
}

function refusal(code: string, message: string): OrchestratorError {
  return new OrchestratorError(code, message);
}
