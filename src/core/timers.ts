import { invariant } from '../base/invariant.ts';
import type { Task } from './task.ts';

/**
 * The deadlines of live tasks: a 4-ary heap that knows where each task sits.
 *
 * A task has at most one armed timer (the earliest of its bounds), so a timer that is no longer
 * wanted is removed at once instead of staying until it is due. Arming and removing cost O(log n).
 * Ties are broken by the order of submission, so replicas fire in the same order.
 */
export class Timers {
  readonly #heap: Task[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest due moment, or null when nothing is armed. */
  get nextDueAt(): number | null {
    return this.#heap[0]?.dueAt ?? null;
  }

  /** Arms the task's timer for `dueAt`, moving one that was armed; 0 disarms it. */
  arm(task: Task, dueAt: number): void {
    if (dueAt === task.dueAt) return;
    if (task.timerSlot >= 0) this.#remove(task);
    if (dueAt === 0) return;
    task.dueAt = dueAt;
    this.#heap.push(task);
    this.#rise(task, this.#heap.length - 1);
  }

  /** Takes the earliest task that is due at `nowMs` out of the heap. */
  popDue(nowMs: number): Task | null {
    const task = this.#heap[0];
    if (task === undefined || task.dueAt > nowMs) return null;
    this.#remove(task);
    return task;
  }

  #remove(task: Task): void {
    const slot = task.timerSlot;
    invariant(this.#heap[slot] === task, 'a task sits at the timer slot it names');
    const last = this.#heap.pop() as Task;
    task.dueAt = 0;
    task.timerSlot = -1;
    if (last === task) return;
    this.#sink(last, slot);
    if (last.timerSlot === slot) this.#rise(last, slot);
  }

  #rise(task: Task, from: number): void {
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 2;
      const parent = this.#heap[above] as Task;
      if (!isEarlier(task, parent)) break;
      this.#place(parent, slot);
      slot = above;
    }
    this.#place(task, slot);
  }

  #sink(task: Task, from: number): void {
    let slot = from;
    for (;;) {
      const child = this.#earliestChild(slot);
      if (child < 0 || !isEarlier(this.#heap[child] as Task, task)) break;
      this.#place(this.#heap[child] as Task, slot);
      slot = child;
    }
    this.#place(task, slot);
  }

  #earliestChild(slot: number): number {
    const first = 4 * slot + 1;
    const end = Math.min(first + 4, this.#heap.length);
    let earliest = first < end ? first : -1;
    for (let child = first + 1; child < end; child++) {
      if (isEarlier(this.#heap[child] as Task, this.#heap[earliest] as Task)) earliest = child;
    }
    return earliest;
  }

  #place(task: Task, slot: number): void {
    this.#heap[slot] = task;
    task.timerSlot = slot;
  }
}

function isEarlier(a: Task, b: Task): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.seq < b.seq);
}
