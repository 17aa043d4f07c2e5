import { Worker } from 'node:worker_threads';
import { OrchestratorError } from '../../base/errors.ts';
import type { WindowProblem } from '../../scheduling/index.ts';
import type { PlanOrder, PlanReply } from './plan-protocol.ts';

/** Solves one window at a time, elsewhere than in the event loop. */
export interface PlanSolver {
  /** The agent of each task, after about `budgetMs`. Rejects where it cannot; the next one may work. */
  solve(number: number, problem: WindowProblem, budgetMs: number): Promise<ArrayLike<number>>;
  /** Gives up the window under way, which is late. */
  giveUp(): void;
  /** Ends. */
  close(): void;
}

interface Pending {
  readonly number: number;
  readonly resolve: (assignment: ArrayLike<number>) => void;
  readonly reject: (error: Error) => void;
}

/** Windows that a thread may take to start: where processors are short, as where tasks wait, that takes seconds. */
const WINDOWS_TO_START = 5;
/** Memory of the thread's heap, in mebibytes: a window is small. */
const HEAP_MIB_MAX = 64;

/** A solver in a thread, which is started when it is first needed and again after it was lost. */
export class ThreadSolver implements PlanSolver {
  #worker: Worker | null = null;
  #pending: Pending | null = null;
  /** Windows that were given up while the thread started; null once it has. */
  #givenUp: number | null = 0;

  solve(number: number, problem: WindowProblem, budgetMs: number): Promise<ArrayLike<number>> {
    const worker = this.#worker ?? this.start();
    const order: PlanOrder = { number, problem, budgetMs };
    return new Promise((resolve, reject) => {
      this.#pending = { number, resolve, reject };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(order);
    });
  }

  giveUp(): void {
    if (this.#givenUp === null || ++this.#givenUp >= WINDOWS_TO_START) this.close();
    else this.#fail('nothing, for it is starting');
  }

  close(): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    this.#fail('it was ended');
  }

  /** Another thread. */
  protected start(): Worker {
    // Run from source and from the build alike.
    const file = import.meta.url.endsWith('.ts')
      ? new URL('./plan-thread.ts', import.meta.url)
      : new URL('./plan-thread.js', import.meta.url);
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX } });
    worker.unref();
    worker.on('message', (reply: PlanReply) => this.#take(reply));
    worker.on('error', (error) => this.#lost(worker, error.message));
    worker.on('exit', (exitCode) => this.#lost(worker, `its end with ${exitCode}`));
    this.#worker = worker;
    this.#givenUp = 0;
    return worker;
  }

  #take({ assignment, fault, number }: PlanReply): void {
    this.#givenUp = null;
    const pending = this.#pending;
    if (pending?.number !== number) return;
    if (assignment === null) {
      this.#fail(fault ?? 'nothing');
      return;
    }
    this.#pending = null;
    pending.resolve(assignment);
  }

  #lost(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#fail(why);
  }

  #fail(why: string): void {
    const pending = this.#pending;
    this.#pending = null;
    const message = `a plan's thread must give an assignment, got ${why}`;
    pending?.reject(new OrchestratorError('PLANNER_FAILED', message));
  }
}
