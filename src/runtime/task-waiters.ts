import type { Task } from '../core/index.ts';

/** What a waiter is told of the task itself. */
export type FinishedFacts = Pick<Task, 'id' | 'state' | 'error'>;

/** Told once how a task ended. */
export interface FinishedListener {
  /** `result` is JSON text. Must not throw. */
  finished(task: FinishedFacts, result: string | null): void;
  /** Whether nobody is there to hear it any more; then its place may be given away. */
  readonly isGone?: boolean;
}

/**
 * Those who wait for tasks to finish. They hang on the task itself: waiting costs no map of a million
 * ids, and a task that nobody waits for costs nothing.
 */
export const taskWaiters = {
  /** Adds a listener; the same one again changes nothing. */
  add(task: Task, listener: FinishedListener): void {
    const present = task.listeners as FinishedListener | Set<FinishedListener> | null;
    // Nearly every task has one waiter: a set for each would double its cost.
    if (present === null || present === listener) task.listeners = listener;
    else if (!(present instanceof Set)) {
      task.listeners = present.isGone === true ? listener : new Set([present, listener]);
    } else {
      for (const other of present) if (other.isGone === true) present.delete(other);
      present.add(listener);
    }
  },

  remove(task: Task, listener: FinishedListener): void {
    if (task.listeners === listener) task.listeners = null;
    else if (task.listeners instanceof Set) task.listeners.delete(listener);
  },

  has(task: Task): boolean {
    return task.listeners !== null;
  },

  /** Tells everyone who waits, and forgets them. */
  finished(task: Task, result: string | null): void {
    const present = task.listeners as FinishedListener | Set<FinishedListener> | null;
    if (present === null) return;
    task.listeners = null;
    if (!(present instanceof Set)) present.finished(task, result);
    else for (const listener of present) listener.finished(task, result);
  },
};
