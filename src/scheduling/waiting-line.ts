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

/** Tasks of a line that stand together, oldest first. */
interface Section {
  tasks: WaitingTask[];
  /** Those before it left from the front. */
  first: number;
  /** Those after it that left. */
  gone: number;
}

/** Tasks in one section: no more than that are moved, or looked through, at once. */
const SECTION_MAX = 1_024;
/** Fewer places at the front are not freed. */
const FREED_MIN = 64;

/**
 * Tasks of one lane and priority, oldest first by their turn.
 *
 * New tasks come in the order of their age and join a plain list in O(1), which is kept in sections. Those that come back
 * after younger ones (a retry, a lost agent) go into a heap in O(log n). A task that leaves the
 * middle of the list is only marked, O(log n); a section is swept once marked ones outnumber the others.
 */
export class WaitingLine {
  readonly #sections: Section[] = [];
  #listed = 0;
  /** Made when the first task comes late. */
  #late: IndexedHeap<WaitingTask> | null = null;

  get size(): number {
    return this.#listed + (this.#late?.size ?? 0);
  }

  /** Places held for tasks, also for those that left. O(sections). */
  get held(): number {
    const listed = this.#sections.reduce((sum, { tasks }) => sum + tasks.length, 0);
    return listed + (this.#late?.size ?? 0);
  }

  push(waiting: WaitingTask): void {
    let section = this.#sections.at(-1);
    const last = section?.tasks.at(-1);
    if (last !== undefined && !isOlder(last, waiting)) {
      this.#late ??= new IndexedHeap(isOlder);
      this.#late.push(waiting);
      return;
    }
    if (section === undefined || section.tasks.length === SECTION_MAX) {
      section = { tasks: [], first: 0, gone: 0 };
      this.#sections.push(section);
    }
    section.tasks.push(waiting);
    this.#listed += 1;
  }

  /** The oldest, or null. */
  get head(): WaitingTask | null {
    const [section] = this.#sections;
    const listed = section?.tasks[section.first];
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
    this.#listed -= 1;
    const at = this.#sectionOf(waiting.turn);
    const section = this.#sections[at] as Section;
    section.gone += 1;
    if (at === 0) skipGone(section);
    const listed = section.tasks.length - section.first;
    if (section.gone === listed) this.#sections.splice(at, 1);
    else if (section.gone * 2 > listed) sweep(section);
    // The next one comes to the front with those of it that left before.
    if (at === 0 && section.gone === listed && this.#sections[0] !== undefined) {
      skipGone(this.#sections[0]);
    }
  }

  /** Tasks older than `task`. O(sections), and O(n) where some came late. */
  countOlder(task: Task): number {
    const turn = turnOf(task);
    const at = this.#sectionOf(turn);
    let count = 0;
    for (const { first, gone, tasks } of this.#sections.slice(0, at)) {
      count += tasks.length - first - gone;
    }
    for (const waiting of this.#sections[at]?.tasks ?? []) {
      if (waiting.turn >= turn) break;
      if (!waiting.gone) count += 1;
    }
    const late = this.#late?.items ?? [];
    return count + late.filter((waiting) => waiting.turn < turn).length;
  }

  /** The last section that does not begin after a turn. O(log sections). */
  #sectionOf(turn: number): number {
    let low = 0;
    let high = this.#sections.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const [first] = (this.#sections[middle] as Section).tasks;
      if ((first as WaitingTask).turn <= turn) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Keeps the front of the first section a task that still waits, if it has one. */
function skipGone(section: Section): void {
  while (section.tasks[section.first]?.gone === true) {
    section.first += 1;
    section.gone -= 1;
  }
  if (section.first <= FREED_MIN || section.first * 2 <= section.tasks.length) return;
  section.tasks = section.tasks.slice(section.first);
  section.first = 0;
}

/** Frees the places of tasks that left. */
function sweep(section: Section): void {
  section.tasks = section.tasks.filter(({ gone }) => !gone);
  section.first = 0;
  section.gone = 0;
}

function isOlder(a: WaitingTask, b: WaitingTask): boolean {
  return a.turn < b.turn;
}

/** The place of a task in the order of age, whether it waits or not. */
export function turnOf(task: Task): number {
  return (task.waiting as WaitingTask | null)?.turn ?? task.seq;
}
