import { Worker } from 'node:worker_threads';
import { messageOf } from '../../../base/errors.ts';
import { invariant } from '../../../base/invariant.ts';
import { jobError, QuantumJobError } from './job-error.ts';
import type { JobOrder, JobReply, JobThreadData } from './job-protocol.ts';

interface Running {
  readonly id: number;
  readonly cancel: Int32Array;
  readonly progress: (fraction: number) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | null;
}

export interface JobRunnerOptions {
  /** Heap beyond which the thread ends, in mebibytes; states are outside of it. */
  readonly heapMibMax: number;
  /** See {@link JobThreadData}. */
  readonly niceness: number;
}

/** The main thread's end of a job thread. */
export class JobRunner {
  readonly #worker: Worker;
  readonly #heapMibMax: number;
  #running: Running | null = null;
  #isGone = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor({ heapMibMax, niceness }: JobRunnerOptions) {
    this.#heapMibMax = heapMibMax;
    // Run from source and from the build alike.
    const file = import.meta.url.endsWith('.ts')
      ? new URL('./job-thread.ts', import.meta.url)
      : new URL('./job-thread.js', import.meta.url);
    this.#worker = new Worker(file, {
      workerData: { niceness } satisfies JobThreadData,
      resourceLimits: { maxOldGenerationSizeMb: heapMibMax },
    });
    this.#worker.unref();
    this.#worker.on('message', (reply: JobReply) => this.#take(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (exitCode) => this.#exit(exitCode));
  }

  /** True once it can do no more jobs. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Resolves with the job's result, rejects with a {@link QuantumJobError}. One at a time. */
  run(order: JobOrder, progress: (fraction: number) => void): Promise<unknown> {
    invariant(this.#running === null && !this.#isGone, 'a thread does one job at a time');
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      const { cancel, id } = order;
      this.#running = { id, cancel, progress, resolve, reject, timer: null };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      this.#worker.postMessage(order);
    });
  }

  /** Ends the job with `error`, at the latest `graceMs` from now; a thread that does not listen is ended. */
  cancel(error: Error, graceMs: number): void {
    const running = this.#running;
    if (running === null || running.timer !== null) return;
    Atomics.store(running.cancel, 0, 1);
    running.timer = setTimeout(() => {
      this.#settle()?.reject(error);
      void this.end();
    }, graceMs);
  }

  /** Resolves once the thread is gone and its memory free. */
  end(): Promise<void> {
    this.#isGone = true;
    void this.#worker.terminate();
    return this.#ended.promise;
  }

  #settle(): Running | null {
    const running = this.#running;
    if (running === null) return null;
    this.#running = null;
    if (running.timer !== null) clearTimeout(running.timer);
    this.#worker.unref();
    return running;
  }

  #take(reply: JobReply): void {
    // Of a job that was given up: its thread is on its way out.
    if (reply.id !== this.#running?.id) return;
    if (reply.kind === 'progress') this.#running.progress(reply.fraction);
    else if (reply.kind === 'done') this.#settle()?.resolve(reply.result);
    else this.#settle()?.reject(jobError(reply.fault));
  }

  #fail(error: unknown): void {
    this.#isGone = true;
    const isHeap = (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
    const code = isHeap ? 'QUANTUM_OUT_OF_MEMORY' : 'QUANTUM_THREAD_LOST';
    const message = isHeap
      ? `a job must need less than ${this.#heapMibMax} MiB beside its states, got more`
      : `the job's thread must go on, got: ${messageOf(error)}`;
    this.#settle()?.reject(new QuantumJobError(code, message, {}, { cause: error }));
  }

  #exit(exitCode: number): void {
    this.#isGone = true;
    const message = `the job's thread must go on, got its end with ${exitCode}`;
    this.#settle()?.reject(new QuantumJobError('QUANTUM_THREAD_LOST', message, { exitCode }));
    this.#ended.resolve();
  }
}
