import type { Task } from '../core/index.ts';

/** Takes off a task what an earlier scheduler of the same state hung on it: to another one its places mean nothing. */
export function takeOff(task: Task): void {
  task.waiting = null;
  task.share = null;
}
