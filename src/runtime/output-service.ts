/** Output of tasks: on its way into the log, and out again to whoever follows it. */
import { isOrchestratorError, OrchestratorError } from '../base/errors.ts';
import type { OutputItem as OutputView, OutputList } from '../contract/index.ts';
import {
  OUTPUT_CHUNKS_MAX,
  OUTPUT_LENGTH_MAX,
  type CoreState,
  type LeaseRef,
  type OutputItem,
  type TaskId,
  type TaskState,
} from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { outputCursor, readOutputCursor } from './output-cursor.ts';
import { refusalError } from './refusal.ts';
import type { RuntimeLogger } from './runtime-logger.ts';

/** How long chunks are gathered, in milliseconds, and how much of them before they go at once. */
const GATHER_MS = 50;
const GATHER_LENGTH = 65_536;
/** Text of one command, at most, in UTF-16 units; a single chunk may be longer. */
const COMMAND_LENGTH_MAX = 1024 * 1024;
/** Text that waits for the log, at most, in UTF-16 units. */
const PENDING_LENGTH_MAX: number = 64 * 1024 * 1024;
/** Pause before what could not be taken is tried again. */
const AGAIN_MS = 250;
const PASSING_CODES = new Set(['OVERLOADED', 'LOG_FULL']);
/** Pause between two looks for output whose time is over. */
const SWEEP_MS = 60_000;
/** How long output is kept after the end of its task, where nothing else is said. */
export const OUTPUT_TTL_MS_DEFAULT = 3_600_000;
/** Text of one page, at most, in UTF-16 units; a single chunk may be longer. */
const PAGE_ITEMS = 100;
const PAGE_LENGTH_MAX = 4 * 1024 * 1024;

export interface OutputServiceParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly propose: CommandLoop['propose'];
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  readonly ttlMs: number;
}

/** Who handed a chunk out, and is to hear what became of it. */
export interface OutputSource {
  /** Chunks of the attempt up to this ordinal, exclusive, are durable. */
  taken(ref: LeaseRef, upTo: number): void;
  refused(ref: LeaseRef, error: OrchestratorError): void;
}

interface Waiting extends LeaseRef {
  readonly from: number | null;
  readonly texts: string[];
  readonly source: OutputSource | null;
  length: number;
}

export class OutputService {
  readonly #parts: OutputServiceParts;
  readonly #followers = new Map<TaskId, Set<() => void>>();
  #waiting: Waiting[] = [];
  #length = 0;
  #isWriting = false;
  #writing: readonly Waiting[] = [];
  #cancelTimer: (() => void) | null = null;
  #cancelSweep: (() => void) | null = null;
  /** Told when nothing waits any more. */
  #idle: (() => void)[] = [];
  /** Tasks of which there may be output in the store. */
  readonly #kept = new Set<TaskId>();
  #isClosed = false;

  constructor(parts: OutputServiceParts) {
    this.#parts = parts;
    for (const id of parts.store.outputTasks()) this.kept(id);
  }

  /** Whether anybody follows any task. */
  get isFollowed(): boolean {
    return this.#followers.size > 0;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && !this.#isWriting;
  }

  /**
   * Takes a chunk of a running attempt, JSON text; it is durable a little later, or `source` hears why not.
   *
   * @param from - its ordinal among the attempt's chunks, from 0; null to follow the last one
   * @throws OrchestratorError `OUTPUT_LIMIT`, `OVERLOADED`
   */
  add(ref: LeaseRef, chunk: string, from: number | null, source: OutputSource | null): void {
    if (this.#isClosed) return;
    this.#checkRoom(ref, chunk);
    const last = this.#waiting.at(-1);
    const isSame = last?.taskId === ref.taskId && last.fencingToken === ref.fencingToken;
    const next = last === undefined || last.from === null ? null : last.from + last.texts.length;
    const hasRoom = last !== undefined && last.length + chunk.length <= COMMAND_LENGTH_MAX;
    if (isSame && from === next && hasRoom && last.source === source) {
      last.texts.push(chunk);
      last.length += chunk.length;
    } else {
      const { fencingToken, taskId } = ref;
      this.#waiting.push({
        taskId,
        fencingToken,
        from,
        texts: [chunk],
        source,
        length: chunk.length,
      });
    }
    this.#length += chunk.length;
    if (this.#length >= GATHER_LENGTH) this.flush();
    else this.#later(GATHER_MS);
  }

  /** Resolves when everything handed out so far is in the log, or was refused. */
  settled(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.flush();
    return idle;
  }

  /** Writes what waits; while one write is under way the next gathers. */
  flush(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const batch: Waiting[] = [];
    let length = 0;
    for (const item of this.#waiting) {
      if (batch.length > 0 && length + item.length > COMMAND_LENGTH_MAX) break;
      batch.push(item);
      length += item.length;
    }
    this.#waiting.splice(0, batch.length);
    this.#length -= length;
    this.#isWriting = true;
    this.#writing = batch;
    void this.#write(batch);
  }

  /**
   * A page of a task's output after `cursor`, from the first chunk without one; null for an unknown task.
   *
   * @throws OrchestratorError `CURSOR_INVALID`, `CURSOR_OTHER_TASK`, `OUTPUT_EXPIRED`
   */
  page(id: TaskId, cursor: string | null, limit: number): OutputList | null {
    const found = this.#find(id);
    if (found === null) return null;
    const { chunks, endedAt, state } = found;
    const from = cursor === null ? 0 : readOutputCursor(cursor, id, chunks);
    if (chunks > 0 && this.#isOver(endedAt)) {
      throw new OrchestratorError(
        'OUTPUT_EXPIRED',
        `output must be read within ${this.#parts.ttlMs} ms after its task has ended`,
        { taskId: id },
      );
    }
    const items = this.#parts.store.output(id, { from, limit, lengthMax: PAGE_LENGTH_MAX });
    const next = items.length === 0 ? from : (items.at(-1)?.seq ?? 0) + 1;
    return {
      items: items.map(({ at, attempt, chunk, seq }) => ({
        seq,
        attempt,
        at: new Date(at).toISOString(),
        chunk: JSON.parse(chunk) as unknown,
        cursor: outputCursor(id, seq + 1),
      })),
      nextCursor: outputCursor(id, next),
      done: endedAt !== null && next >= chunks,
      state,
    };
  }

  /**
   * All chunks of a task in order, from `cursor` to its end, as they come.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, and as {@link page}; `STOPPED`
   */
  async *all(id: TaskId, cursor: string | null, signal?: AbortSignal): AsyncGenerator<OutputView> {
    let at = cursor;
    while (signal?.aborted !== true) {
      if (this.#isClosed)
        throw new OrchestratorError('STOPPED', 'the orchestrator must be running');
      const news = Promise.withResolvers<void>();
      const forget = this.follow(id, news.resolve);
      signal?.addEventListener('abort', () => news.resolve(), { once: true });
      try {
        const page = this.page(id, at, PAGE_ITEMS);
        if (page === null) {
          throw new OrchestratorError('TASK_NOT_FOUND', `a task must be known, got ${id}`);
        }
        yield* page.items;
        at = page.nextCursor;
        if (page.done) return;
        if (page.items.length === 0) await news.promise;
      } finally {
        forget();
      }
    }
  }

  /** Calls `news` whenever there may be more of a task's output, or its end. Returns how to stop that. */
  follow(id: TaskId, news: () => void): () => void {
    const known = this.#followers.get(id) ?? new Set();
    known.add(news);
    this.#followers.set(id, known);
    return () => {
      known.delete(news);
      if (known.size === 0 && this.#followers.get(id) === known) this.#followers.delete(id);
    };
  }

  /** Something was kept of a task, or it ended. */
  wake(id: TaskId): void {
    if (this.#followers.size === 0) return;
    for (const news of this.#followers.get(id) ?? []) news();
  }

  /** There is output of the task in the store from now on. */
  kept(id: TaskId): void {
    this.#kept.add(id);
    this.#cancelSweep ??= this.#parts.clock.setTimer(SWEEP_MS, () => this.#sweep());
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelSweep?.();
    for (const resolve of this.#idle.splice(0)) resolve();
    for (const news of [...this.#followers.values()].flatMap((set) => [...set])) news();
  }

  #checkRoom({ taskId }: LeaseRef, chunk: string): void {
    const known = this.#parts.state.tasks.get(taskId)?.extra?.output ?? null;
    let [chunks, length] = [known?.chunks ?? 0, known?.length ?? 0];
    for (const item of [...this.#writing, ...this.#waiting]) {
      if (item.taskId !== taskId) continue;
      chunks += item.texts.length;
      length += item.length;
    }
    if (chunks >= OUTPUT_CHUNKS_MAX || length + chunk.length > OUTPUT_LENGTH_MAX) {
      throw new OrchestratorError(
        'OUTPUT_LIMIT',
        `a task's output must have at most ${OUTPUT_CHUNKS_MAX} chunks and ${OUTPUT_LENGTH_MAX} characters`,
        { taskId },
      );
    }
    if (this.#length + chunk.length <= PENDING_LENGTH_MAX) return;
    throw new OrchestratorError('OVERLOADED', 'output must not come faster than the log takes it');
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const items = batch.map(({ fencingToken, from, taskId, texts }): OutputItem => ({
      taskId,
      fencingToken,
      from,
      lengths: texts.map((text) => text.length),
    }));
    const texts = batch.flatMap((item) => item.texts);
    try {
      const result = await this.#parts.propose({ type: 'task.output', items }, texts);
      const refused = result.type === 'taken' ? result.refused : null;
      for (const [position, item] of batch.entries()) {
        const rejection = refused?.get(position);
        if (rejection !== undefined) item.source?.refused(item, refusalError(rejection));
        else if (item.from !== null) item.source?.taken(item, item.from + item.texts.length);
      }
    } catch (error) {
      if (!this.#isClosed && isOrchestratorError(error) && PASSING_CODES.has(error.code)) {
        this.#writing = [];
        this.#waiting.unshift(...batch);
        this.#length += batch.reduce((sum, { length }) => sum + length, 0);
        this.#isWriting = false;
        this.#later(AGAIN_MS);
        return;
      }
      this.#parts.logger.warn('output of tasks was not kept', { error: String(error) });
    }
    this.#isWriting = false;
    this.#writing = [];
    if (this.#waiting.length > 0) this.#goOn();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  #goOn(): void {
    if (this.#idle.length > 0 || this.#length >= GATHER_LENGTH) this.flush();
    else this.#later(GATHER_MS);
  }

  #later(ms: number): void {
    if (this.#isClosed) return;
    this.#cancelTimer ??= this.#parts.clock.setTimer(ms, () => {
      this.#cancelTimer = null;
      this.flush();
    });
  }

  #find(id: TaskId): { chunks: number; endedAt: number | null; state: TaskState } | null {
    const { state, store } = this.#parts;
    const task = state.tasks.get(id);
    if (task !== undefined) {
      const endedAt = task.state === 'failed' ? task.stateAt : null;
      return { chunks: task.extra?.output?.chunks ?? 0, endedAt, state: task.state };
    }
    const finished = store.finished(id);
    if (finished === null) return null;
    const chunks = finished.extra?.output?.chunks ?? 0;
    return { chunks, endedAt: finished.finishedAt, state: finished.state };
  }

  #isOver(endedAt: number | null): boolean {
    return endedAt !== null && endedAt + this.#parts.ttlMs <= this.#parts.clock.now();
  }

  /** Lets go of output that nobody may read any more. */
  #sweep(): void {
    this.#cancelSweep = null;
    for (const id of this.#kept) {
      const found = this.#find(id);
      if (found !== null && !this.#isOver(found.endedAt)) continue;
      this.#parts.store.removeOutput(id);
      this.#kept.delete(id);
    }
    if (this.#kept.size > 0 && !this.#isClosed) {
      this.#cancelSweep = this.#parts.clock.setTimer(SWEEP_MS, () => this.#sweep());
    }
  }
}
