import { OrchestratorError } from '../base/errors.ts';
import type { LogEntry, LogRecovery, ReplicatedLog } from '../log/index.ts';

/** What outlives a {@link MemoryLog}, as a disk does. */
export interface MemoryDisk {
  readonly bodies: Uint8Array[];
  /** Entries let go of at the front. */
  released: number;
}

interface Waiting {
  readonly body: Uint8Array;
  readonly resolve: (index: number) => void;
  readonly reject: (error: Error) => void;
}

/** A replicated log in memory, with switches for everything a disk can do to it. */
export class MemoryLog implements ReplicatedLog {
  readonly recovery: LogRecovery;
  readonly failed: Promise<Error>;
  readonly #disk: MemoryDisk;
  readonly #entryBytesMax: number;
  readonly #fail: (error: Error) => void;
  #waiting: Waiting[] = [];
  #isHeld = false;
  #isScheduled = false;
  #failure: OrchestratorError | null = null;
  #isClosed = false;
  #isCrashed = false;
  #idle: (() => void)[] = [];
  /** While true, appends are refused with `LOG_FULL`. */
  isFull = false;
  /** While true, the next write fails, and with it the log for good. */
  isBroken = false;

  constructor(
    disk: MemoryDisk = { bodies: [], released: 0 },
    entryBytesMax: number = Number.MAX_SAFE_INTEGER,
  ) {
    this.#disk = disk;
    this.#entryBytesMax = entryBytesMax;
    const lastIndex = disk.released + disk.bodies.length;
    this.recovery = { firstIndex: disk.released + 1, lastIndex, tornBytes: 0 };
    const failed = Promise.withResolvers<Error>();
    this.failed = failed.promise;
    this.#fail = failed.resolve;
  }

  get lastIndex(): number {
    return this.#disk.released + this.#disk.bodies.length;
  }

  /** Appends that wait to become durable. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets nothing become durable until {@link release}. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#schedule();
  }

  /** Whether nothing becomes durable until {@link release}. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The process is no more: what waits is lost, and nobody hears of it. */
  crash(): void {
    this.#isCrashed = true;
    this.#waiting = [];
  }

  append(body: Uint8Array): Promise<number> {
    if (this.#isCrashed) return new Promise(() => undefined);
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (body.byteLength > this.#entryBytesMax) {
      return Promise.reject(
        new OrchestratorError('LOG_ENTRY_TOO_LARGE', 'an entry must not be that large'),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ body, resolve, reject });
      this.#schedule();
    });
  }

  async *read(afterIndex: number): AsyncIterable<LogEntry> {
    if (this.#isClosed) throw closedError();
    for (let index = afterIndex + 1; index <= this.lastIndex; index++) {
      const body = this.#disk.bodies[index - 1 - this.#disk.released];
      if (body !== undefined) yield { index, body };
      await Promise.resolve();
    }
  }

  releaseThrough(index: number): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError());
    const count = Math.max(0, Math.min(index, this.lastIndex) - this.#disk.released);
    this.#disk.bodies.splice(0, count);
    this.#disk.released += count;
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.release();
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isHeld) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#isHeld) this.#write();
    });
  }

  #write(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { body, reject, resolve } of waiting) {
      const error = this.#refusal();
      if (error !== null) {
        reject(error);
        continue;
      }
      this.#disk.bodies.push(Uint8Array.from(body));
      resolve(this.lastIndex);
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #refusal(): OrchestratorError | null {
    if (this.isBroken && this.#failure === null) {
      this.#failure = new OrchestratorError('LOG_FAILED', 'the disk must take writes');
      this.#fail(this.#failure);
    }
    if (this.#failure !== null) return this.#failure;
    return this.isFull ? new OrchestratorError('LOG_FULL', 'the disk must have room') : null;
  }
}

function closedError(): OrchestratorError {
  return new OrchestratorError('LOG_CLOSED', 'the log must be open');
}
