import { availableParallelism } from 'node:os';
import { OrchestratorError } from '../../../base/errors.ts';
import type { JobName, JobRequest, JobResult } from '../jobs/job-table.ts';
import { QuantumJobError } from './job-error.ts';
import { JobRunner } from './job-runner.ts';

export interface JobHostOptions {
  /** Jobs at a time, each in a thread of its own. Default 2. */
  readonly jobsMax?: number;
  /** Most bytes for the states of one job; default 2.5 GiB. Free memory bounds it as well. */
  readonly bytesMax?: number;
  /** Jobs that may wait for a thread. Default 1,000. */
  readonly waitingMax?: number;
  /** Threads for one job that is alone. Default one for each processor, 16 at most. */
  readonly threadsMax?: number;
  /** Mebibytes of heap for one job, beside its states. Default 4,096. */
  readonly heapMibMax?: number;
  /** How much its threads stand back behind the caller's, 0 to 19; on Linux alone. Default 0. */
  readonly niceness?: number;
}

/** What one job is run with. */
export interface JobRunOptions {
  /** Aborting it ends the job within 50 ms; `run` rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Takes shares of the work done, 0 … 1, ascending, ten times a second at most. */
  readonly progress?: (fraction: number) => void;
  /** Milliseconds after which the job ends with `QUANTUM_TIME_EXCEEDED`. Default one hour. */
  readonly timeMs?: number;
  /** Bounds its states further. */
  readonly bytesMax?: number;
}

const BYTES_MAX = 2.5 * 2 ** 30;
const HEAP_MIB_MAX = 4096;
const TIME_MS_MAX = 3_600_000;
/** Threads of a kernel team beyond which memory's bandwidth is all used. */
const THREADS_MAX = 16;
/** Share of the free memory that jobs may take together. */
const FREE_SHARE = 0.8;
/** A job that has not reacted by then loses its thread. Within the 50 ms that are promised. */
const CANCEL_GRACE_MS = 35;
/** Beyond its time budget a job is trusted to end by itself for so long. */
const TIME_GRACE_MS = 2_000;
/** Threads without a job end after this time, and their memory with them. */
const IDLE_MS = 60_000;

interface Waiting {
  readonly start: () => void;
}

/**
 * Runs jobs in threads, so that the event loop of the caller stays free whatever they compute.
 *
 * Threads are reused; one that crashes, or does not react to a cancellation, takes its job with it and
 * nothing else.
 */
export class JobHost {
  readonly #jobsMax: number;
  readonly #bytesMax: number;
  readonly #waitingMax: number;
  readonly #threadsMax: number;
  readonly #heapMibMax: number;
  readonly #niceness: number;
  readonly #waiting = new Set<Waiting>();
  readonly #idle: { readonly runner: JobRunner; readonly timer: NodeJS.Timeout }[] = [];
  readonly #runners = new Set<JobRunner>();
  #running = 0;
  #lastId = 0;
  #isClosed = false;

  constructor(options: JobHostOptions = {}) {
    this.#jobsMax = options.jobsMax ?? 2;
    this.#bytesMax = options.bytesMax ?? BYTES_MAX;
    this.#heapMibMax = options.heapMibMax ?? HEAP_MIB_MAX;
    this.#niceness = options.niceness ?? 0;
    this.#waitingMax = options.waitingMax ?? 1000;
    this.#threadsMax = options.threadsMax ?? Math.min(THREADS_MAX, availableParallelism());
  }

  /**
   * The result of a job, once a thread was free for it.
   *
   * @throws QuantumJobError with the job's own code, or QUANTUM_TIME_EXCEEDED, QUANTUM_THREAD_LOST,
   *   QUANTUM_OUT_OF_MEMORY, QUANTUM_HOST_BUSY, QUANTUM_HOST_CLOSED; the signal's reason once it is aborted
   */
  async run<Name extends JobName>(
    name: Name,
    request: JobRequest<Name>,
    options: JobRunOptions = {},
  ): Promise<JobResult<Name>> {
    options.signal?.throwIfAborted();
    await this.#enter(options.signal);
    try {
      if (this.#isClosed) throw hostClosed();
      return (await this.#perform(name, request, options)) as JobResult<Name>;
    } finally {
      this.#leave();
    }
  }

  /** Ends all jobs and threads; resolves once they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiting of this.#waiting) waiting.start();
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer);
    const closed = hostClosed();
    for (const runner of this.#runners) runner.cancel(closed, 0);
    await Promise.all([...this.#runners].map((runner) => runner.end()));
    this.#runners.clear();
  }

  /** Bytes that one more job may take now. */
  get bytesAvailable(): number {
    const free = (process.availableMemory() * FREE_SHARE) / this.#jobsMax;
    return Math.floor(Math.min(this.#bytesMax, free));
  }

  async #perform(name: JobName, request: unknown, options: JobRunOptions): Promise<unknown> {
    const { bytesMax = Infinity, progress = () => undefined, signal } = options;
    signal?.throwIfAborted();
    const timeMs = options.timeMs ?? TIME_MS_MAX;
    const runner = this.#takeRunner();
    const cancel = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const abort = (): void => runner.cancel(reasonOf(signal), CANCEL_GRACE_MS);
    const exceeded = new QuantumJobError(
      'QUANTUM_TIME_EXCEEDED',
      `the computation must end within its budget of ${timeMs} ms, got no end`,
      { timeMs },
    );
    const timer = setTimeout(() => runner.cancel(exceeded, 0), timeMs + TIME_GRACE_MS);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const order = {
        id: ++this.#lastId,
        name,
        request,
        cancel,
        bytesMax: Math.max(1, Math.min(bytesMax, this.bytesAvailable)),
        threads: this.#running === 1 ? this.#threadsMax : 1,
        timeMs,
      };
      const result = await runner.run(order, progress);
      // A search that was told to end answers with its best, which nobody wants any more.
      signal?.throwIfAborted();
      return result;
    } catch (error) {
      // Whatever the thread said about it: it was told to end.
      signal?.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.#giveBack(runner);
    }
  }

  /** Resolves when there is room for one more job. */
  async #enter(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isClosed) throw hostClosed();
    if (this.#running < this.#jobsMax) {
      this.#running++;
      return;
    }
    if (this.#waiting.size >= this.#waitingMax) {
      throw new QuantumJobError(
        'QUANTUM_HOST_BUSY',
        `at most ${this.#waitingMax} jobs may wait for a thread, got one more`,
      );
    }
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(waiting);
        reject(reasonOf(signal));
      };
      const waiting: Waiting = {
        start: () => {
          this.#waiting.delete(waiting);
          signal?.removeEventListener('abort', abort);
          if (this.#isClosed) reject(hostClosed());
          else resolve();
        },
      };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #leave(): void {
    const [next] = this.#waiting;
    // Whoever is next takes over the room.
    if (next === undefined) this.#running--;
    else next.start();
  }

  #takeRunner(): JobRunner {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) break;
      clearTimeout(idle.timer);
      if (!idle.runner.isGone) return idle.runner;
      this.#runners.delete(idle.runner);
    }
    const runner = new JobRunner({ heapMibMax: this.#heapMibMax, niceness: this.#niceness });
    this.#runners.add(runner);
    return runner;
  }

  #giveBack(runner: JobRunner): void {
    if (runner.isGone || this.#isClosed) {
      void runner.end().then(() => this.#runners.delete(runner));
      return;
    }
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((idle) => idle.runner === runner);
      if (at >= 0) this.#idle.splice(at, 1);
      void runner.end().then(() => this.#runners.delete(runner));
    }, IDLE_MS);
    timer.unref();
    this.#idle.push({ runner, timer });
  }
}

function hostClosed(): QuantumJobError {
  return new QuantumJobError('QUANTUM_HOST_CLOSED', 'jobs end with their host, got its end');
}

/** An aborted signal's reason is an error wherever the orchestrator aborts. */
function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  if (reason instanceof Error) return reason;
  return new OrchestratorError('QUANTUM_CANCELED', 'the computation was canceled');
}
