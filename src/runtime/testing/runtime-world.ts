import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invariant } from '../../base/invariant.ts';
import type { AgentHandler, HandlerContext, HandlerTask } from '../../contract/index.ts';
import type { FeedEvent } from '../event-feed.ts';
import { MemoryStorage } from '../../testing/memory-storage.ts';
import { openRuntime, openRuntimeOn, type RuntimeOptions } from '../open-runtime.ts';
import type { Runtime } from '../runtime.ts';
import { ManualClock } from '../../testing/manual-clock.ts';

/** Ids as the runtime brands them. */
export type TaskId = Parameters<Runtime['tasks']['get']>[0];

/** `seed`: 1 unless it is said; null for none, as a server has it. */
interface WorldOptions extends Partial<Omit<RuntimeOptions, 'seed'>> {
  readonly seed?: number | null;
}

/** A storage, and a runtime on it that can be closed and opened again; in a folder it can crash too. */
export class RuntimeWorld {
  readonly clock = new ManualClock();
  /** Null where everything is in a folder. */
  readonly #memory: MemoryStorage | null;
  readonly #folders: string[] = [];
  readonly #options: WorldOptions;
  readonly #open: Runtime[] = [];
  #folder: string;

  /** @param where - memory is opened at once, a folder in a tenth of a second; only that is the real store */
  constructor(options: WorldOptions = {}, where: 'memory' | 'folder' = 'folder') {
    this.#options = options;
    this.#memory = where === 'memory' ? new MemoryStorage() : null;
    this.#folder = where === 'memory' ? '' : this.#newFolder();
  }

  async open(): Promise<Runtime> {
    const { seed = 1, ...options } = this.#options;
    const chance = seed === null ? {} : { seed };
    const terms = { version: '0', clock: this.clock, ...chance, ...options };
    const runtime =
      this.#memory === null
        ? await openRuntime({ dataDir: this.#folder, ...terms })
        : await openRuntimeOn(this.#memory, terms);
    this.#open.push(runtime);
    return runtime;
  }

  /** Goes on with a copy of the folder as it is this moment: what a crash now would leave. */
  crash(): void {
    invariant(this.#memory === null, 'a crash copies a folder');
    const copy = this.#newFolder();
    cpSync(this.#folder, copy, { recursive: true });
    rmSync(join(copy, 'LOCK'), { force: true });
    this.#folder = copy;
  }

  async dispose(): Promise<void> {
    for (const runtime of this.#open) {
      const closed = runtime.close(0);
      this.clock.advance(0);
      await closed;
    }
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  #newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'uqo-runtime-'));
    this.#folders.push(folder);
    return folder;
  }
}

/** One run of a handler, held until the test ends it. */
export interface Run {
  readonly task: HandlerTask;
  readonly context: HandlerContext;
  readonly end: (result?: unknown) => void;
  readonly fail: (error: unknown) => void;
}

/** A handler whose runs are held, and handed to whoever asks for the next. */
export class HeldHandler {
  readonly #runs: Run[] = [];
  readonly #asked: ((run: Run) => void)[] = [];

  /** Runs that nobody asked for yet. */
  get waiting(): number {
    return this.#runs.length;
  }

  readonly handler: AgentHandler<unknown> = (task, context) =>
    new Promise((resolve, reject) => {
      const run = { task, context, end: resolve, fail: reject };
      const asked = this.#asked.shift();
      if (asked === undefined) this.#runs.push(run);
      else asked(run);
    });

  next(): Promise<Run> {
    const run = this.#runs.shift();
    if (run !== undefined) return Promise.resolve(run);
    return new Promise((resolve) => this.#asked.push(resolve));
  }
}

/** Resolves with the next event of a type, of one task or of any. */
export function happens(runtime: Runtime, type: string, taskId?: string): Promise<FeedEvent> {
  return new Promise((resolve) => {
    const listener = {
      taskId: taskId ?? null,
      event: (event: FeedEvent) => {
        if (event.type !== type) return true;
        runtime.feed.remove(listener);
        resolve(event);
        return true;
      },
      closed: () => undefined,
    };
    runtime.feed.listen(listener, null);
  });
}

/** Lets everything that is under way in this process go on for one turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
