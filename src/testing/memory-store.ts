import type { CoreState, Task, TaskId } from '../core/index.ts';
import {
  matches,
  SCAN_MAX_DEFAULT,
  summaryOfTask,
  type Backlog,
  type CheckpointStats,
  type FinishedPage,
  type FinishedQuery,
  type FinishedSummary,
  type FinishedTask,
  type FinishedView,
  type OutputChunk,
  type OutputRange,
  type Store,
} from '../store/index.ts';

/**
 * A store in memory that never takes a checkpoint: after a crash the log, which keeps everything,
 * gives back all of it. Finished tasks stay for as long as it does.
 */
export class MemoryStore implements Store {
  readonly appliedIndex = 0;
  readonly backlog: Backlog = { count: 0, bytes: 0, full: false, share: 0 };
  readonly #finished = new Map<TaskId, FinishedTask>();
  readonly #output = new Map<TaskId, OutputChunk[]>();
  /** Ids of the finished tasks, newest first; null since another one finished. */
  #sorted: readonly TaskId[] | null = null;

  restore(): CoreState | null {
    return null;
  }

  putPayload(task: Task, json: string): void {
    task.payload = json;
  }

  replacePayload(task: Task, json: string): void {
    task.payload = json;
  }

  payload(task: Task): string | null {
    return task.payload;
  }

  finish(finished: FinishedTask): void {
    this.#finished.set(finished.task.id, finished);
    this.#sorted = null;
  }

  finished(id: TaskId): FinishedView | null {
    const finished = this.#finished.get(id);
    if (finished === undefined) return null;
    const { result, task } = finished;
    return { ...summaryOfTask(finished), payload: task.payload, result };
  }

  summary(id: TaskId): FinishedSummary | null {
    const finished = this.#finished.get(id);
    return finished === undefined ? null : summaryOfTask(finished);
  }

  /** Nothing is ever forgotten here. */
  keep(): void {}

  isFinished(id: TaskId): boolean {
    return this.#finished.has(id);
  }

  /** O(finished tasks), and their sorting where one finished since the last page. */
  list(query: FinishedQuery): FinishedPage {
    const { accepts, before, from = '', isSpent, limit, scanMax = SCAN_MAX_DEFAULT } = query;
    const items: FinishedSummary[] = [];
    if (limit <= 0) return { items, scannedTo: null, scanned: 0 };
    let scanned = 0;
    let last: TaskId | null = null;
    for (const id of this.#newestFirst()) {
      if (before !== undefined && id >= before) continue;
      if (id < from) break;
      const isOver = scanned === scanMax || (scanned > 0 && isSpent?.() === true);
      if (items.length === limit || isOver) return { items, scannedTo: last, scanned };
      scanned += 1;
      last = id;
      const summary = summaryOfTask(this.#finished.get(id) as FinishedTask);
      if (matches(query, summary) && accepts?.(summary) !== false) items.push(summary);
    }
    return { items, scannedTo: null, scanned };
  }

  putOutput(id: TaskId, chunk: OutputChunk): void {
    const chunks = this.#output.get(id) ?? [];
    chunks[chunk.seq] = chunk;
    this.#output.set(id, chunks);
  }

  output(id: TaskId, { from, lengthMax, limit }: OutputRange): readonly OutputChunk[] {
    const items: OutputChunk[] = [];
    let length = 0;
    for (const chunk of (this.#output.get(id) ?? []).slice(from, from + limit)) {
      length += chunk.chunk.length;
      if (items.length > 0 && length > lengthMax) break;
      items.push(chunk);
    }
    return items;
  }

  outputTasks(): readonly TaskId[] {
    return [...this.#output.keys()];
  }

  removeOutput(id: TaskId): void {
    this.#output.delete(id);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  checkpoint(_state: CoreState): Promise<CheckpointStats> {
    const { appliedIndex } = this;
    const nothing = { rows: 0, removed: 0, durationMs: 0, longestSliceMs: 0 };
    return Promise.resolve({ appliedIndex, ...nothing });
  }

  sizeBytes(): number {
    return 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #newestFirst(): readonly TaskId[] {
    this.#sorted ??= [...this.#finished.keys()].toSorted().toReversed();
    return this.#sorted;
  }
}
