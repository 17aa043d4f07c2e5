import { invariant } from '../base/invariant.ts';
import type { Task, TaskId } from '../core/index.ts';
import { matches, SCAN_MAX_DEFAULT, type Page, type TaskFilter } from './listing.ts';

export interface LiveQuery extends TaskFilter {
  /** Only ids below this one. */
  readonly before?: TaskId;
  /** Most items of the page. */
  readonly limit: number;
  /** Most tasks looked at. Default 10,000. */
  readonly scanMax?: number;
}

/** Tasks of one chunk, at most; a full one is split. */
const CHUNK_TASKS_MAX = 1_024;
/** A chunk this small joins the one before it. */
const CHUNK_TASKS_MIN = CHUNK_TASKS_MAX / 4;

/**
 * The live tasks in order of their ids, for listing.
 *
 * A list of short sorted arrays. Ids come nearly in order, so that adding is an append nearly
 * always; an id out of order finds its place all the same. Memory follows the number of live tasks.
 */
export class LiveIndex {
  /** Never empty chunks, in order. */
  readonly #chunks: Task[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a task that just became live. O(1) in order, O(log n) otherwise. */
  add(task: Task): void {
    this.#size += 1;
    const last = this.#chunks.at(-1);
    if (last === undefined) {
      this.#chunks.push([task]);
      return;
    }
    if ((last.at(-1) as Task).id < task.id) {
      if (last.length < CHUNK_TASKS_MAX) last.push(task);
      else this.#chunks.push([task]);
      return;
    }
    this.#insert(task);
  }

  /** Takes out a task that is no longer live. O(log n). */
  remove(id: TaskId): void {
    const chunkAt = this.#chunkOf(id);
    const chunk = this.#chunks[chunkAt];
    const at = chunk === undefined ? -1 : placeOf(chunk, id);
    if (chunk === undefined || chunk[at]?.id !== id) return;
    this.#size -= 1;
    chunk.splice(at, 1);
    if (chunk.length < CHUNK_TASKS_MIN) this.#shrink(chunkAt, chunk);
  }

  /** The newest matching tasks below `query.before`. O(log n + tasks looked at). */
  page(query: LiveQuery): Page<Task> {
    const scanMax = query.scanMax ?? SCAN_MAX_DEFAULT;
    const items: Task[] = [];
    let scanned = 0;
    let last: TaskId | null = null;
    for (const task of this.#below(query.before)) {
      if (items.length === query.limit || scanned === scanMax) return { items, scannedTo: last };
      scanned += 1;
      last = task.id;
      if (matches(query, { spec: task.profile.spec, state: task.state })) items.push(task);
    }
    return { items, scannedTo: null };
  }

  *#below(before: TaskId | undefined): Generator<Task> {
    let chunkAt = this.#chunks.length - 1;
    let at = (this.#chunks[chunkAt]?.length ?? 0) - 1;
    if (before !== undefined) {
      chunkAt = this.#chunkOf(before);
      const chunk = this.#chunks[chunkAt];
      at = chunk === undefined ? -1 : placeOf(chunk, before) - 1;
    }
    for (; chunkAt >= 0; chunkAt--) {
      const chunk = this.#chunks[chunkAt] as Task[];
      for (; at >= 0; at--) yield chunk[at] as Task;
      at = (this.#chunks[chunkAt - 1]?.length ?? 0) - 1;
    }
  }

  #insert(task: Task): void {
    const chunkAt = Math.max(0, this.#chunkOf(task.id));
    const chunk = this.#chunks[chunkAt] as Task[];
    const at = placeOf(chunk, task.id);
    invariant(chunk[at]?.id !== task.id, () => `a task is added once, got ${task.id} again`);
    chunk.splice(at, 0, task);
    if (chunk.length <= CHUNK_TASKS_MAX) return;
    this.#chunks.splice(chunkAt + 1, 0, chunk.splice(CHUNK_TASKS_MAX / 2));
  }

  #shrink(chunkAt: number, chunk: Task[]): void {
    const before = this.#chunks[chunkAt - 1];
    if (chunk.length === 0) this.#chunks.splice(chunkAt, 1);
    else if (before !== undefined && before.length + chunk.length <= CHUNK_TASKS_MAX / 2) {
      before.push(...chunk);
      this.#chunks.splice(chunkAt, 1);
    }
  }

  /** The last chunk that starts at or below `id`; -1 when there is none. */
  #chunkOf(id: TaskId): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = (this.#chunks[middle] as Task[])[0] as Task;
      if (first.id <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** The first place of the chunk whose id is not below `id`. */
function placeOf(chunk: readonly Task[], id: TaskId): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle] as Task).id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
