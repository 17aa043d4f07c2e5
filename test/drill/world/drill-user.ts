/** A user of the server for one feature: its requests go on over kills, and what is acknowledged is written down. */
import { setTimeout as delay } from 'node:timers/promises';
import { isOrchestratorError } from '../../../src/base/errors.ts';
import { Rng } from '../../../src/base/rng.ts';
import { Client, TaskError, type TaskHandle } from '../../../src/client/index.ts';
import type { SubmitTask } from '../../../src/contract/index.ts';
import type { Journal } from './journal.ts';
import type { Work } from './work.ts';

/** A task of the drill. */
export type DrillTask = Omit<SubmitTask, 'payload' | 'type'> & {
  readonly type?: string;
  readonly work?: Work;
};

export interface DrillUserOptions {
  readonly feature: string;
  readonly url: string;
  readonly seed: number;
  readonly journal: Journal;
  readonly isOver: () => boolean;
}

/** Wait before a server that is away is asked again, in milliseconds. */
const AWAY_MS = 100;
/** Codes of a server that is away, or about to be; what was asked may have happened. */
const AWAY_CODES = new Set(['SERVER_UNREACHABLE', 'SESSION_EXPIRED', 'STOPPED', 'LOG_CLOSED']);

export class DrillUser {
  readonly client: Client;
  readonly rng: Rng;
  readonly journal: Journal;
  /** Requests that were refused, by code. */
  readonly refusals = new Map<string, number>();
  /** Requests of which nobody knows what became. */
  unknown = 0;
  readonly #options: DrillUserOptions;
  readonly #watched = new Set<Promise<void>>();

  constructor(options: DrillUserOptions) {
    this.#options = options;
    this.client = new Client({ url: options.url, overloadWaitMs: 10_000 });
    this.rng = Rng.fromSeed(options.seed);
    this.journal = options.journal;
  }

  get isOver(): boolean {
    return this.#options.isOver();
  }

  /** Waits for that long, over or not. */
  async idle(ms: number): Promise<void> {
    await delay(ms);
  }

  /** Waits for at most that long, less where the drill is over. */
  async pause(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    while (!this.isOver && performance.now() < endMs) {
      await delay(Math.max(1, Math.min(50, endMs - performance.now())));
    }
  }

  /**
   * Submits tasks; null where it was refused, or nobody knows. With `isWatched` the journal learns how each
   * one ends, as the server tells it.
   */
  async submit(
    tasks: readonly DrillTask[],
    { isWatched = true }: { readonly isWatched?: boolean } = {},
  ): Promise<readonly TaskHandle<unknown>[] | null> {
    const handles = await this.tried(() => this.client.submitMany(tasks.map(submitted)), 1);
    for (const [i, handle] of (handles ?? []).entries()) {
      const { idempotencyKey, namespace = 'default' } = tasks[i] ?? {};
      const key = idempotencyKey === undefined ? {} : { key: `${namespace}\n${idempotencyKey}` };
      this.acknowledged(handle.id, key);
      if (isWatched) this.watch(handle);
    }
    return handles;
  }

  /** Writes down that a task was acknowledged. */
  acknowledged(id: string, key: { readonly key?: string } = {}): void {
    this.journal.write({ type: 'submitted', feature: this.#options.feature, id, ...key });
  }

  /** Writes down how a task ends. */
  watch(handle: TaskHandle<unknown>): void {
    const { id } = handle;
    const watched = handle
      .result()
      .then((result) => this.journal.write({ type: 'result', id, result }))
      .catch((error: unknown) => {
        if (error instanceof TaskError) this.journal.write({ type: 'ended', id, code: error.code });
        else if (!isOrchestratorError(error)) throw error;
      })
      .finally(() => this.#watched.delete(watched));
    this.#watched.add(watched);
  }

  /** Calls a route that may be called again; null where it was refused. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.tried(() => this.client.http.call(method, path, body), 1_000);
  }

  /** Calls a route once; null where it was refused, or nobody knows. */
  async callOnce(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.tried(() => this.client.http.call(method, path, body), 1);
  }

  /** Runs a request, up to `timesMax` times while the server is away; null where it came to nothing. */
  async tried<Answer>(request: () => Promise<Answer>, timesMax: number): Promise<Answer | null> {
    for (let times = 1; ; times++) {
      try {
        return await request();
      } catch (error) {
        if (!isOrchestratorError(error)) throw error;
        if (!AWAY_CODES.has(error.code)) {
          this.refusals.set(error.code, (this.refusals.get(error.code) ?? 0) + 1);
          return null;
        }
        if (times >= timesMax) {
          this.unknown += 1;
          return null;
        }
        await delay(AWAY_MS);
      }
    }
  }

  /** Resolves when all that is watched has ended, or after that time. */
  async told(ms: number): Promise<void> {
    await Promise.race([Promise.allSettled(this.#watched), delay(ms)]);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

function submitted({ type = 'work', work, ...rest }: DrillTask): SubmitTask {
  return { ...rest, type, payload: work ?? {} };
}
