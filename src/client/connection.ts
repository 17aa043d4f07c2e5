/** A channel that comes back: one WebSocket at a time, opened again when it is lost. */
import WebSocket from 'ws';
import { messageOf } from '../base/errors.ts';
import {
  MESSAGE_BYTES_MAX,
  packMessages,
  unpackMessage,
  type RawFrame,
} from '../contract/index.ts';
import type { ServerAddresses } from './server-addresses.ts';

export interface ConnectionOptions {
  /** Base addresses of the server, `http://…` or `https://…`. */
  readonly addresses: ServerAddresses;
  /** Path of the channel. */
  readonly path: string;
  readonly opened: () => void;
  readonly frame: (frame: RawFrame) => void;
  /** The connection was lost; another attempt follows unless it was closed on purpose. */
  readonly lost: (reason: string) => void;
}

/** Delay before all addresses are tried once more, in milliseconds; doubles up to the second. */
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 5_000;
/** Longest delay before an address that was not tried since the last one was lost, in milliseconds. */
const NEXT_MS_MAX = 10;
/** A node that follows waits for a leader before it answers, so this is more. */
const HANDSHAKE_MS_MAX = 5_000;
/** A connection on which nothing came for so long is asked whether it still is one. */
const PROBE_MS = 2_000;
/** Probes in a row without an answer that end it: its other end may be gone without a word. */
const UNANSWERED_MAX = 2;

export class Connection {
  readonly #options: ConnectionOptions;
  #socket: WebSocket | null = null;
  #isOpen = false;
  #closed = false;
  #delayMs = RECONNECT_MS_MIN;
  /** Addresses that were lost or not reached, one after the other. */
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #out: RawFrame[] = [];
  #scheduled = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#connect();
  }

  /** Sends a frame with whatever else this turn of the event loop sends; false while not open. */
  send(frame: RawFrame): boolean {
    if (!this.#isOpen) return false;
    this.#out.push(frame);
    if (this.#scheduled) return true;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
    return true;
  }

  /** Sends what waits, closes and stays closed. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const socket = this.#socket;
    if (socket === null || socket.readyState === socket.CLOSED) return;
    this.#flush();
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.close(1000);
    const patience = setTimeout(() => socket.terminate(), CLOSE_MS_MAX);
    await gone;
    clearTimeout(patience);
  }

  #connect(): void {
    const { addresses, path } = this.#options;
    const { url } = addresses;
    const address = new URL(path, url);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, {
      maxPayload: MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
    });
    this.#socket = socket;
    let reason = 'the connection was lost';
    socket.on('open', () => {
      this.#isOpen = true;
      endWhenSilent(socket);
      this.#options.opened();
    });
    socket.on('message', (data: Buffer) => this.#message(data));
    socket.on('error', (error) => {
      reason = messageOf(error);
    });
    socket.on('close', (code, text) => {
      // Where there are others, one of them may be where the work is now.
      if (!this.#closed) addresses.leave(url);
      this.#isOpen = false;
      this.#out = [];
      this.#options.lost(text.length > 0 ? `${text.toString()} (${code})` : reason);
      if (!this.#closed) this.#comeBack();
    });
  }

  #message(data: Buffer): void {
    let frames: readonly RawFrame[];
    try {
      frames = unpackMessage(data);
    } catch {
      // A server that speaks something else: the next connection may reach another one.
      this.#socket?.terminate();
      return;
    }
    for (const frame of frames) {
      // Whoever is turned away at once must not come back at once.
      if (frame[0] !== 'problem') {
        this.#delayMs = RECONNECT_MS_MIN;
        this.#failures = 0;
      }
      this.#options.frame(frame);
    }
  }

  /**
   * At once where another address was not tried yet, after a growing delay when none was any good. Delays are
   * spread so that a fleet does not come back in lockstep.
   */
  #comeBack(): void {
    this.#failures += 1;
    let delayMs = Math.random() * NEXT_MS_MAX;
    if (this.#failures >= this.#options.addresses.count) {
      this.#failures = 0;
      delayMs = this.#delayMs * (0.5 + Math.random() / 2);
      this.#delayMs = Math.min(RECONNECT_MS_MAX, this.#delayMs * 2);
    }
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  #flush(): void {
    this.#scheduled = false;
    const frames = this.#out;
    this.#out = [];
    if (frames.length === 0 || !this.#isOpen) return;
    for (const message of packMessages(frames)) this.#socket?.send(message);
  }
}

const CLOSE_MS_MAX = 2_000;

/** Ends a connection whose other end says nothing at all any more, not even to a ping. */
function endWhenSilent(socket: WebSocket): void {
  let unanswered = 0;
  const heard = (): void => {
    unanswered = 0;
  };
  // Counted in probes and not in time: after a pause of this process, what waits in the socket comes first.
  const timer = setInterval(() => {
    if (unanswered > UNANSWERED_MAX) socket.terminate();
    else if (unanswered > 0) socket.ping();
    unanswered += 1;
  }, PROBE_MS);
  timer.unref();
  socket.on('message', heard).on('ping', heard).on('pong', heard);
  socket.once('close', () => clearInterval(timer));
}
