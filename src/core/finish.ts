/** What follows when a task has ended, whatever the way: a list of calls to the features that care. */
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { leaveTree } from './trees.ts';
import { announce } from './waves.ts';

/** Completed, failed for good, or canceled. The task's fields are final. */
export function afterEnd({ state }: Step, task: Task): void {
  if (task.links !== null) announce(state, task, 'ended');
  // A dead letter stays where it counts: it may be redriven.
  if (task.extra !== null && task.state !== 'failed') leaveTree(state, task);
}

/** A dead letter is to run again. */
export function afterRedrive({ state }: Step, task: Task): void {
  if (task.links !== null) announce(state, task, 'revived');
}

/** A dead letter is gone for good. */
export function afterPurge({ state }: Step, task: Task): void {
  if (task.links !== null) announce(state, task, 'purged');
  if (task.extra !== null) leaveTree(state, task);
}
