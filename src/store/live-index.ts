import { invariant } from '../base/invariant.ts';
import type { Task, TaskId, TaskState } from '../core/index.ts';
import { matches, ScanPace, type Page, type ScanBounds, type TaskFilter } from './listing.ts';

export interface LiveQuery extends TaskFilter, ScanBounds {
  /** Asked of what passes the filter. */
  readonly accepts?: (task: Task) => boolean;
}

/** Tasks of one chunk, at most; a full one is split. */
const CHUNK_TASKS_MAX = 1_024;

/** Some tasks in order of their ids. One that went stays, marked, until half of them have gone. */
interface Chunk {
  tasks: Task[];
  gone: number;
}

/**
 * The live tasks in order of their ids, for listing.
 *
 * A list of short sorted arrays. Ids come nearly in order, so that adding is an append nearly
 * always; an id out of order finds its place all the same. A task knows its chunk, so that taking it
 * out only counts. Memory follows the number of live tasks, at most twice over.
 */
export class LiveIndex {
  /** In order, none of them only of tasks that went. */
  readonly #chunks: Chunk[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a task that just became live. O(1) in order, O(log n) otherwise. */
  add(task: Task): void {
    this.#size += 1;
    const last = this.#chunks.at(-1);
    if (last !== undefined && (last.tasks.at(-1) as Task).id >= task.id) {
      this.#insert(task);
      return;
    }
    const isFull = last === undefined || last.tasks.length >= CHUNK_TASKS_MAX;
    const chunk = isFull ? { tasks: [], gone: 0 } : last;
    if (isFull) this.#chunks.push(chunk);
    chunk.tasks.push(task);
    task.listed = chunk;
  }

  /** Takes out a task that is no longer live. O(1) amortised. */
  remove(task: Task): void {
    const chunk = task.listed as Chunk | null;
    if (chunk === null) return;
    task.listed = null;
    this.#size -= 1;
    chunk.gone += 1;
    if (chunk.gone * 2 <= chunk.tasks.length) return;
    const first = (chunk.tasks[0] as Task).id;
    const left = chunk.tasks.filter((each) => each.listed === chunk);
    if (left.length === 0) this.#chunks.splice(this.#chunkOf(first), 1);
    chunk.tasks = left;
    chunk.gone = 0;
  }

  /** The newest matching tasks below `query.before`. O(log n + tasks looked at). */
  page(query: LiveQuery): Page<Task> {
    const { accepts, before, from = '', limit } = query;
    const items: Task[] = [];
    const pace = new ScanPace(query);
    let last: TaskId | null = null;
    const isNone = query.states?.some(isLiveState) === false;
    for (const task of isNone ? [] : this.#below(before)) {
      if (task.id < from) break;
      if (items.length === limit || pace.isOver())
        return { items, scannedTo: last, scanned: pace.scanned };
      pace.scanned += 1;
      last = task.id;
      if (!matches(query, { spec: task.profile.spec, state: task.state })) continue;
      if (accepts?.(task) !== false) items.push(task);
    }
    return { items, scannedTo: null, scanned: pace.scanned };
  }

  *#below(before: TaskId | undefined): Generator<Task> {
    const from = before === undefined ? this.#chunks.length - 1 : this.#chunkOf(before);
    for (let chunkAt = from; chunkAt >= 0; chunkAt--) {
      const { tasks } = this.#chunks[chunkAt] as Chunk;
      const isFirst = chunkAt === from && before !== undefined;
      let at = isFirst ? placeOf(tasks, before) : tasks.length;
      for (at -= 1; at >= 0; at--) {
        const task = tasks[at] as Task;
        if (task.listed !== null) yield task;
      }
    }
  }

  #insert(task: Task): void {
    const chunkAt = Math.max(0, this.#chunkOf(task.id));
    const chunk = this.#chunks[chunkAt] as Chunk;
    const at = placeOf(chunk.tasks, task.id);
    const isThere = chunk.tasks[at]?.id === task.id && chunk.tasks[at].listed !== null;
    invariant(!isThere, () => `a task is added once, got ${task.id} again`);
    chunk.tasks.splice(at, 0, task);
    task.listed = chunk;
    if (chunk.tasks.length > CHUNK_TASKS_MAX) this.#split(chunkAt, chunk);
  }

  #split(chunkAt: number, chunk: Chunk): void {
    const live = chunk.tasks.filter((task) => task.listed !== null);
    const upper: Chunk = { tasks: live.splice(live.length >> 1), gone: 0 };
    for (const task of upper.tasks) task.listed = upper;
    chunk.tasks = live;
    chunk.gone = 0;
    this.#chunks.splice(chunkAt + 1, 0, upper);
  }

  /** The last chunk that starts at or below `id`; -1 when there is none. */
  #chunkOf(id: TaskId): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = (this.#chunks[middle] as Chunk).tasks[0] as Task;
      if (first.id <= id) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function isLiveState(state: TaskState): boolean {
  return state !== 'completed' && state !== 'canceled';
}

/** The first place whose id is not below `id`. */
function placeOf(tasks: readonly Task[], id: TaskId): number {
  let low = 0;
  let high = tasks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tasks[middle] as Task).id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
