import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, OrchestratorError } from '../base/errors.ts';
import { unreachable } from '../base/invariant.ts';
import {
  SENT,
  TAKEN,
  type HistoryTotals,
  type PurgeBounds,
  type WriterData,
  type WriterReply,
  type WriterRequest,
} from './writer-protocol.ts';

/** Requests on their way before the sender has to wait: about 16 MiB of blocks. */
const UNDERWAY_MAX = 64;
/** Pause between two looks at whether the writer has caught up, in milliseconds. */
const PAUSE_MS = 1;

interface Waiter {
  readonly number: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Who hears of what the thread does. */
interface WriterListener {
  /** Everything up to `number` is on disk and readable. */
  readonly committed: (number: number) => void;
  /** The disk is full and the thread waits for space; null when it goes on. */
  readonly stalled: (message: string | null) => void;
}

/** The main thread's end of the writer's thread. */
export class Writer {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #counters: Int32Array;
  readonly #onCommitted: (number: number) => void;
  readonly #onStalled: (message: string | null) => void;
  #waiters: Waiter[] = [];
  #purge: { resolve: (removed: number) => void; reject: (error: Error) => void } | null = null;
  #numberLast = 0;
  #committed = 0;
  #failure: OrchestratorError | null = null;
  #closed: Promise<void> | null = null;
  #totals: HistoryTotals = { count: 0, bytes: 0 };
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  private constructor(directory: string, listener: WriterListener) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#onCommitted = listener.committed;
    this.#onStalled = listener.stalled;
    this.#counters = new Int32Array(new SharedArrayBuffer(8));
    const data: WriterData = { directory, port: port2, counters: this.#counters };
    // Run from source and from the build alike.
    const file = import.meta.url.endsWith('.ts')
      ? new URL('./writer-thread.ts', import.meta.url)
      : new URL('./writer-thread.js', import.meta.url);
    this.#worker = new Worker(file, {
      workerData: data,
      transferList: [port2],
    });
    this.#port.on('message', (message: WriterReply) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#exit());
  }

  /** Starts the thread. */
  static async open(directory: string, listener: WriterListener): Promise<Writer> {
    const writer = new Writer(directory, listener);
    await writer.#ready.promise;
    return writer;
  }

  /** Why nothing can be written any more, or null. */
  get failure(): OrchestratorError | null {
    return this.#failure;
  }

  get totals(): HistoryTotals {
    return this.#totals;
  }

  /** Number of the newest block sent. */
  get numberLast(): number {
    return this.#numberLast;
  }

  /** Requests the thread has not looked at yet. */
  get underway(): number {
    return (this.#counters[SENT] as number) - Atomics.load(this.#counters, TAKEN);
  }

  /** Hands over a block, whose memory moves to the writer's thread. */
  send(block: Buffer): void {
    this.#numberLast += 1;
    const number = this.#numberLast;
    this.#post({ type: 'block', number, block }, [block.buffer as ArrayBuffer]);
  }

  /** Resolves once the thread has few enough requests before it. */
  async room(): Promise<void> {
    while (this.underway > UNDERWAY_MAX && this.#failure === null) await sleep(PAUSE_MS);
  }

  get full(): boolean {
    return this.underway > UNDERWAY_MAX;
  }

  /** Opens the transaction of a checkpoint. */
  begin(): void {
    this.#post({ type: 'begin' });
  }

  /** Ends all writing: what was to be written is lost, and nothing may follow it. */
  fail(cause: unknown): void {
    this.#post({ type: 'abort' });
    this.#fail(cause);
  }

  /** Commits the checkpoint; resolves when it is on disk. */
  async commit(): Promise<void> {
    this.#numberLast += 1;
    this.#post({ type: 'commit', number: this.#numberLast });
    await this.committed(this.#numberLast);
  }

  /**
   * Resolves when everything up to `number` is on disk.
   *
   * @throws OrchestratorError STORE_WRITE_FAILED
   */
  committed(number: number): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (number <= this.#committed) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ number, resolve, reject }));
  }

  /** Names tasks that the next purge leaves, beside those named before. */
  pin(ids: readonly string[]): void {
    if (this.#failure === null && ids.length > 0) this.#post({ type: 'pin', ids });
  }

  /** Removes what is beyond the bounds; resolves to how many records went. One at a time. */
  purge(bounds: PurgeBounds): Promise<number> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#post({ type: 'purge', ...bounds });
    return new Promise((resolve, reject) => (this.#purge = { resolve, reject }));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#post({ type: 'close' });
    await this.#ended.promise;
  }

  #post(request: WriterRequest, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(request, transfer);
    Atomics.add(this.#counters, SENT, 1);
    Atomics.notify(this.#counters, SENT);
  }

  #take(reply: WriterReply): void {
    switch (reply.type) {
      case 'ready':
        this.#totals = reply.totals;
        this.#ready.resolve();
        return;
      case 'committed':
        this.#totals = reply.totals;
        this.#advance(reply.number);
        return;
      case 'purged':
        this.#totals = reply.totals;
        this.#purge?.resolve(reply.removed);
        this.#purge = null;
        return;
      case 'stalled':
        this.#onStalled(reply.message);
        return;
      case 'resumed':
        this.#onStalled(null);
        return;
      case 'failed':
        this.#fail(reply.error);
        return;
      case 'closed':
        this.#port.close();
        return;
      default:
        return unreachable(reply);
    }
  }

  #advance(number: number): void {
    this.#committed = number;
    this.#onCommitted(number);
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.number > number);
    for (const waiter of waiters) if (waiter.number <= number) waiter.resolve();
  }

  #fail(cause: unknown): void {
    this.#failure ??= new OrchestratorError(
      'STORE_WRITE_FAILED',
      `the store must be writable, got ${messageOf(cause)}`,
      {},
      { cause },
    );
    for (const waiter of this.#waiters) waiter.reject(this.#failure);
    this.#waiters = [];
    this.#purge?.reject(this.#failure);
    this.#purge = null;
    this.#ready.reject(this.#failure);
  }

  #exit(): void {
    if (this.#closed === null) this.#fail(new Error('the writer thread ended'));
    this.#port.close();
    this.#ended.resolve();
  }
}
