/**
 * The connection on which one peer hears from this node: called, greeted, filled, and called again when it breaks.
 *
 *   waiting ─▶ calling ─▶ open ─▶ waiting …   (until closed)
 */
import { randomBytes } from 'node:crypto';
import { messageOf } from '../../../base/errors.ts';
import {
  commonVersion,
  decodeChallenge,
  decodeRefusal,
  decodeWelcome,
  encodeHandshake,
  HANDSHAKE_BYTES_MAX,
  NONCE_BYTES,
  transcriptOf,
  unsupportedVersion,
  type Hello,
  type Refusal,
} from './handshake.ts';
import { doubtRefusal, PINGS_UNANSWERED_MAX, type LinkContext } from './link-context.ts';
import { OutgoingQueue, type Lane } from './outgoing-queue.ts';
import { parsePeerAddress } from './peer-address.ts';
import { encodeFrame, FrameReader, type PeerFrame } from './peer-frame.ts';
import type { PeerSocket } from './peer-network.ts';

/** A connection that lasted so long and breaks is called again at once, to learn whether anybody is there. */
const LASTING_MS = 1_000;
/** Who was removed is not let in again: it asks now and then, in case that it was another's word. */
const REMOVED_MS = 30_000;
/** Bytes given to a socket in one go. */
const WRITE_BYTES = 256 * 1024;
const HEARTBEATS_MAX = 16;

export interface OutgoingLinkEvents {
  readonly onOpen: () => void;
  /** The connection broke; what waited or was on its way is lost. */
  readonly onDown: () => void;
  /** Nobody listens at the address. */
  readonly onRefused: () => void;
  /** The peer does not speak with this node. */
  readonly onTurnedAway: (code: string) => void;
}

export class OutgoingLink {
  readonly #context: LinkContext;
  readonly #peerId: string;
  readonly #events: OutgoingLinkEvents;
  readonly #queue: OutgoingQueue;
  #address: string;
  #socket: PeerSocket | null = null;
  #isOpen = false;
  #version = 0;
  #isClosed = false;
  #isBlocked = false;
  #failures = 0;
  #openedMs = 0;
  #isRefused = false;
  #isRemoved = false;
  #unanswered = 0;
  #cancelTimer: () => void = () => undefined;
  #lastWarning = '';

  constructor(context: LinkContext, peerId: string, address: string, events: OutgoingLinkEvents) {
    this.#context = context;
    this.#peerId = peerId;
    this.#address = address;
    this.#events = events;
    const bytesMax = context.bounds.queueBytesMax;
    this.#queue = new OutgoingQueue({ bytesMax, heartbeatsMax: HEARTBEATS_MAX });
    this.#call();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether nobody listened at the last call. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** What is spoken on the connection; null while there is none. */
  get version(): number | null {
    return this.#isOpen ? this.#version : null;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  get address(): string {
    return this.#address;
  }

  /** The peer moved: the next call goes there. */
  set address(address: string) {
    if (address === this.#address) return;
    this.#address = address;
    this.#failures = 0;
    if (!this.#isOpen) this.#break(null);
  }

  /** @returns false where the frame went nowhere: no connection, or a full queue */
  send(frame: Buffer, lane: Lane): boolean {
    if (!this.#isOpen || !this.#queue.push(frame, lane)) return false;
    this.#fill();
    return true;
  }

  /** The peer is there: does not wait for the next call, if one is waited for. */
  hurry(): void {
    if (this.#isClosed || this.#socket !== null) return;
    this.#cancelTimer();
    this.#failures = 0;
    this.#call();
  }

  close(): void {
    this.#isClosed = true;
    this.#break(null);
  }

  #call(): void {
    const { bounds, clock, network } = this.#context;
    let socket: PeerSocket;
    try {
      socket = network.connect(parsePeerAddress(this.#address));
    } catch (error) {
      this.#break(messageOf(error));
      return;
    }
    this.#socket = socket;
    const reader = new FrameReader(HANDSHAKE_BYTES_MAX);
    const greeting = new Greeting(this.#context, this.#peerId, socket);
    const lost = (why: string): void => {
      if (this.#socket === socket) this.#break(why);
    };
    socket.on('data', (chunk: Buffer) => {
      if (this.#socket !== socket) return;
      try {
        reader.push(chunk);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          this.#receive(socket, greeting, frame);
        }
      } catch (error) {
        lost(messageOf(error));
      }
    });
    socket.on('drain', () => {
      this.#isBlocked = false;
      if (this.#socket === socket && this.#isOpen) this.#fill();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket !== socket) return;
      this.#isRefused = !this.#isOpen && error.code === 'ECONNREFUSED';
      this.#break(messageOf(error));
      if (this.#isRefused) this.#events.onRefused();
    });
    socket.on('close', () => lost('the peer closed the connection'));
    this.#cancelTimer = clock.setTimer(bounds.greetingTimeoutMs, () =>
      lost('no greeting came in time'),
    );
  }

  #receive(socket: PeerSocket, greeting: Greeting, frame: PeerFrame): void {
    if (this.#isOpen) {
      if (frame.kind === 'pong') this.#unanswered = 0;
      else if (frame.kind === 'refusal') this.#refused(decodeRefusal(frame.payload));
      return;
    }
    const step = greeting.receive(frame);
    if (step.kind === 'say') socket.write(step.frame);
    else if (step.kind === 'refused') this.#refused(step.refusal);
    else this.#opened(step.version);
  }

  #opened(version: number): void {
    this.#cancelTimer();
    this.#isOpen = true;
    this.#isRefused = false;
    this.#isRemoved = false;
    this.#openedMs = this.#context.clock.monotonicMs();
    this.#version = version;
    this.#isBlocked = false;
    this.#failures = 0;
    this.#unanswered = 0;
    this.#lastWarning = '';
    this.#armPing();
    this.#events.onOpen();
  }

  /** Being refused does not pass by itself: the next call waits as long as any. */
  #refused(refusal: Refusal): void {
    this.#failures = 32;
    this.#isRemoved = refusal.code === 'PEER_REMOVED';
    this.#break(`${refusal.code}: ${refusal.message}`);
    this.#events.onTurnedAway(refusal.code);
  }

  #armPing(): void {
    const { bounds, clock } = this.#context;
    this.#cancelTimer = clock.setTimer(bounds.pingIntervalMs, () => {
      if (this.#unanswered >= PINGS_UNANSWERED_MAX) {
        this.#break('the peer stopped answering');
        return;
      }
      this.#unanswered += 1;
      this.send(encodeFrame('ping'), 'heartbeat');
      this.#armPing();
    });
  }

  #fill(): void {
    const socket = this.#socket;
    if (socket === null || this.#isBlocked) return;
    while (!this.#queue.isEmpty && !this.#isBlocked) {
      const frames = this.#queue.take(WRITE_BYTES);
      socket.cork();
      for (const frame of frames) if (!socket.write(frame)) this.#isBlocked = true;
      socket.uncork();
    }
  }

  /** Drops the connection, if there is one, and calls again later unless closed. */
  #break(why: string | null): void {
    this.#cancelTimer();
    const socket = this.#socket;
    const wasOpen = this.#isOpen;
    this.#socket = null;
    this.#isOpen = false;
    this.#queue.clear();
    socket?.destroy();
    if (why !== null) this.#warn(why);
    if (wasOpen) this.#events.onDown();
    if (this.#isClosed) return;
    const { clock } = this.#context;
    const isLasting = wasOpen && clock.monotonicMs() - this.#openedMs >= LASTING_MS;
    this.#cancelTimer = clock.setTimer(isLasting ? 0 : this.#backoffMs(), () => this.#call());
    this.#failures += 1;
  }

  /** Doubled with each failure, capped, and between half and all of it, so that nodes do not call in step. */
  #backoffMs(): number {
    const { bounds, random } = this.#context;
    const growingMs = Math.min(bounds.backoffMsMax, bounds.backoffMsMin * 2 ** this.#failures);
    const fullMs = this.#isRemoved ? Math.max(REMOVED_MS, growingMs) : growingMs;
    return fullMs * (0.5 + random() / 2);
  }

  /** Says each reason once until the peer was reached: it comes back with every call. */
  #warn(why: string): void {
    if (why === this.#lastWarning) return;
    this.#lastWarning = why;
    const { logger } = this.#context;
    logger.warn('a peer cannot be reached', { peer: this.#peerId, address: this.#address, why });
  }
}

type GreetingStep =
  | { readonly kind: 'say'; readonly frame: Buffer }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'open'; readonly version: number };

/** The caller's side of one greeting. */
class Greeting {
  readonly #context: LinkContext;
  readonly #peerId: string;
  readonly #socket: PeerSocket;
  #transcript: Buffer | null = null;
  #version = 0;

  constructor(context: LinkContext, peerId: string, socket: PeerSocket) {
    this.#context = context;
    this.#peerId = peerId;
    this.#socket = socket;
  }

  receive(frame: PeerFrame): GreetingStep {
    if (frame.kind === 'refusal') {
      return { kind: 'refused', refusal: decodeRefusal(frame.payload) };
    }
    if (frame.kind === 'challenge' && this.#transcript === null) return this.#answer(frame.payload);
    if (frame.kind === 'welcome' && this.#transcript !== null) {
      return this.#check(frame.payload, this.#transcript);
    }
    const message = `a greeting must come in its order, got ${frame.kind}`;
    return { kind: 'refused', refusal: { code: 'PEER_HANDSHAKE_MALFORMED', message } };
  }

  #answer(payload: Buffer): GreetingStep {
    const { authentication, local, ownAddress, versions } = this.#context;
    const doubt = doubtRefusal(this.#context, this.#socket, this.#peerId);
    if (doubt !== null) return { kind: 'refused', refusal: doubt };
    const challenge = decodeChallenge(payload);
    const { newest, version: oldest } = challenge;
    const version = commonVersion(versions, { oldest, newest });
    if (version === null) {
      return { kind: 'refused', refusal: unsupportedVersion(versions, `${oldest} to ${newest}`) };
    }
    this.#version = version;
    const hello: Hello = {
      version,
      ...local,
      targetId: this.#peerId,
      address: ownAddress(),
      nonce: randomBytes(NONCE_BYTES).toString('hex'),
    };
    this.#transcript = transcriptOf(challenge, hello);
    const proof = authentication.prove('caller', this.#transcript);
    return { kind: 'say', frame: encodeFrame('hello', encodeHandshake({ ...hello, proof })) };
  }

  #check(payload: Buffer, transcript: Buffer): GreetingStep {
    const { admit, authentication } = this.#context;
    const { incarnation, nodeId, proof } = decodeWelcome(payload);
    if (nodeId !== this.#peerId || !authentication.verify('called', transcript, proof)) {
      const message = `node ${this.#peerId} must answer at this address and prove it, got ${nodeId}`;
      return { kind: 'refused', refusal: { code: 'PEER_IDENTITY_MISMATCH', message } };
    }
    const refusal = admit({ nodeId, incarnation, address: '' });
    const version = this.#version;
    return refusal === null ? { kind: 'open', version } : { kind: 'refused', refusal };
  }
}
