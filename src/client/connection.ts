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

/** Delay before the first attempt to come back, in milliseconds; doubles up to the second. */
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 5_000;

export class Connection {
  readonly #options: ConnectionOptions;
  #socket: WebSocket | null = null;
  #isOpen = false;
  #closed = false;
  #delayMs = RECONNECT_MS_MIN;
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
    });
    this.#socket = socket;
    let reason = 'the connection was lost';
    socket.on('open', () => {
      this.#isOpen = true;
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
      if (frame[0] !== 'problem') this.#delayMs = RECONNECT_MS_MIN;
      this.#options.frame(frame);
    }
  }

  /** Delays are spread so that a fleet does not come back in lockstep. */
  #comeBack(): void {
    const delayMs = this.#delayMs * (0.5 + Math.random() / 2);
    this.#delayMs = Math.min(RECONNECT_MS_MAX, this.#delayMs * 2);
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
