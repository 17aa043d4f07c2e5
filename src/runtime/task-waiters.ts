import type { Task, TaskId } from '../core/index.ts';

/** What a waiter is told of the task itself. */
export type FinishedFacts = Pick<Task, 'id' | 'state' | 'error'>;

/** Told once how a task ended; `result` is JSON text. Must not throw. */
export type FinishedListener = (task: FinishedFacts, result: string | null) => void;

/** Those who wait for tasks to finish. O(1) per task that nobody waits for. */
export class TaskWaiters {
  readonly #listeners = new Map<TaskId, FinishedListener | Set<FinishedListener>>();

  get size(): number {
    return this.#listeners.size;
  }

  add(taskId: TaskId, listener: FinishedListener): void {
    const present = this.#listeners.get(taskId);
    // Nearly every task has one waiter: a set for each would double its cost.
    if (present === undefined) this.#listeners.set(taskId, listener);
    else if (present === listener) return;
    else if (present instanceof Set) present.add(listener);
    else this.#listeners.set(taskId, new Set([present, listener]));
  }

  remove(taskId: TaskId, listener: FinishedListener): void {
    const present = this.#listeners.get(taskId);
    if (present === listener) this.#listeners.delete(taskId);
    if (!(present instanceof Set)) return;
    present.delete(listener);
    if (present.size === 0) this.#listeners.delete(taskId);
  }

  finished(task: Task, result: string | null): void {
    if (this.#listeners.size === 0) return;
    const present = this.#listeners.get(task.id);
    if (present === undefined) return;
    this.#listeners.delete(task.id);
    if (!(present instanceof Set)) present(task, result);
    else for (const listener of present) listener(task, result);
  }
}
