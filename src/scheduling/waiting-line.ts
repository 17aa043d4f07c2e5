import type { Task } from '../core/index.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';
import type { Lane } from './lane.ts';

/** A waiting task and where it waits. */
export interface WaitingTask extends HeapItem {
  /** Two that wait alike can change places: see `Waiting.exchange`. */
  task: Task;
  readonly lane: Lane;
  /** Its place in the order of age: `task.seq`, but for those that changed places. */
  readonly turn: number;
  /** As it was when the task came: the lane it stands in must find it even after the task has moved. */
  readonly priority: number;
  /** It left, and is skipped when its turn comes. */
  gone: boolean;
  /** Since when a rate has been in its way, as the head of its lane; 0 for not yet. */
  heldSinceMs: number;
}

/**
 * Tasks of one lane and priority, oldest first by their turn.
 *
 * New tasks come in the order of their age and join a plain list in O(1). Those that come back
 * after younger ones (a retry, a lost agent) go into a heap in O(log n). A task that leaves the
 * middle of the list is only marked; the list is swept once marked ones outnumber the others.
 */
export class WaitingLine {
  #list: WaitingTask[] = [];
  #first = 0;
  #gone = 0;
  /** Made when the first task comes late. */
  #late: IndexedHeap<WaitingTask> | null = null;

  get size(): number {
    return this.#list.length - this.#first - this.#gone + (this.#late?.size ?? 0);
  }

  /** Places held for tasks, also for those that left. */
  get held(): number {
    return this.#list.length + (this.#late?.size ?? 0);
  }

  push(waiting: WaitingTask): void {
    const last = this.#list.at(-1);
    if (this.#first < this.#list.length && last !== undefined && !isOlder(last, waiting)) {
      this.#late ??= new IndexedHeap(isOlder);
      this.#late.push(waiting);
    } else {
      this.#list.push(waiting);
    }
  }

  /** The oldest, or null. */
  get head(): WaitingTask | null {
    const listed = this.#list[this.#first];
    const late = this.#late?.top;
    if (listed === undefined) return late ?? null;
    return late !== undefined && isOlder(late, listed) ? late : listed;
  }

  remove(waiting: WaitingTask): void {
    waiting.gone = true;
    if (waiting.heapSlot >= 0 && this.#late !== null) {
      this.#late.remove(waiting);
      return;
    }
    this.#gone += 1;
    this.#skipGone();
    const listed = this.#list.length - this.#first;
    if (this.#gone > SWEEP_MIN && this.#gone * 2 > listed) this.sweep();
  }

  /** Frees the places of tasks that left. */
  sweep(): void {
    this.#list = this.#list.filter((waiting, at) => at >= this.#first && !waiting.gone);
    this.#first = 0;
    this.#gone = 0;
  }

  /** Tasks older than `task`. O(log n), plus O(n) where tasks left or came late. */
  countOlder(task: Task): number {
    if (this.#gone > 0 || this.#first > 0) this.sweep();
    const turn = turnOf(task);
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#list[middle] as WaitingTask).turn < turn) low = middle + 1;
      else high = middle;
    }
    const late = this.#late?.items ?? [];
    return low + late.filter((waiting) => waiting.turn < turn).length;
  }

  /** Keeps the front of the list a task that still waits. */
  #skipGone(): void {
    while (this.#list[this.#first]?.gone === true) {
      this.#first += 1;
      this.#gone -= 1;
    }
    if (this.#first === this.#list.length) {
      this.#list = [];
      this.#first = 0;
    } else if (this.#first > SWEEP_MIN && this.#first * 2 > this.#list.length) {
      this.#list = this.#list.slice(this.#first);
      this.#first = 0;
    }
  }
}

/** Below this many gone tasks a sweep is not worth its while. */
const SWEEP_MIN = 64;

function isOlder(a: WaitingTask, b: WaitingTask): boolean {
  return a.turn < b.turn;
}

/** The place of a task in the order of age, whether it waits or not. */
export function turnOf(task: Task): number {
  return (task.waiting as WaitingTask | null)?.turn ?? task.seq;
}
