import type { PeerSocket } from '../../../src/log/raft/transport/peer-network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Bytes on their way from which on a writer is asked to wait. */
const FULL_BYTES = 64 * 1024;

/** What carries the bytes of a socket, and tells the other end of its closing. */
export interface Carrier {
  bytes(from: SimulatedSocket, chunk: Buffer): void;
  /** `how`: after all bytes, or at once as an error. */
  closing(from: SimulatedSocket, how: 'end' | 'reset'): void;
}

interface Listeners {
  readonly data: ((chunk: Buffer) => void)[];
  readonly error: ((error: Error) => void)[];
  readonly drain: (() => void)[];
  readonly close: (() => void)[];
}

/** One end of a simulated connection, as the production links use it. */
export class SimulatedSocket implements PeerSocket {
  readonly process: SimulatedProcess;
  readonly #carrier: Carrier;
  readonly #listeners: Listeners = { data: [], error: [], drain: [], close: [] };
  #underWay = 0;
  #isFull = false;
  #isEnded = false;
  #isClosed = false;
  /** Set once, when both ends exist. */
  other: SimulatedSocket | null = null;

  constructor(process: SimulatedProcess, carrier: Carrier) {
    this.process = process;
    this.#carrier = carrier;
    process.onDeath(() => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      carrier.closing(this, 'reset');
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  on(event: 'data', listener: (chunk: Buffer) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'drain' | 'close', listener: () => void): this;
  on(event: keyof Listeners, listener: (argument: never) => void): this {
    (this.#listeners[event] as ((argument: never) => void)[]).push(listener);
    return this;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed || this.#isEnded) return false;
    this.#underWay += bytes.length;
    this.#carrier.bytes(this, Buffer.from(bytes));
    this.#isFull = this.#underWay > FULL_BYTES;
    return !this.#isFull;
  }

  cork(): void {
    // Bytes leave one by one here; that they may leave together is the network's affair.
  }

  uncork(): void {
    // See `cork`.
  }

  end(bytes: Uint8Array): void {
    this.write(bytes);
    this.#isEnded = true;
    this.#carrier.closing(this, 'end');
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#close(null);
    this.#carrier.closing(this, 'reset');
  }

  /** So many bytes of this end arrived, or are lost for good. */
  left(bytes: number): void {
    this.#underWay -= bytes;
    if (!this.#isFull || this.#underWay > FULL_BYTES / 2) return;
    this.#isFull = false;
    this.process.run(() => {
      if (!this.#isClosed) for (const listener of this.#listeners.drain) listener();
    });
  }

  arrive(chunk: Buffer): void {
    this.process.run(() => {
      if (!this.#isClosed) for (const listener of this.#listeners.data) listener(chunk);
    });
  }

  /** The other end, or the network between, is gone. */
  lose(code: string | null): void {
    this.process.run(() => {
      if (!this.#isClosed) this.#close(code);
    });
  }

  #close(code: string | null): void {
    this.#isClosed = true;
    if (code !== null) {
      const error = Object.assign(new Error(`${code}: simulated`), { code });
      for (const listener of this.#listeners.error) listener(error);
    }
    this.process.after(0, () => {
      for (const listener of this.#listeners.close) listener();
    });
  }
}
