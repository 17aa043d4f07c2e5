/** What follows when a task has ended, whatever the way: a list of calls to the features that care. */
import { announce } from './endings.ts';
import { leaveSchedule } from './schedule-tasks.ts';
import { noteEnd } from './stage-ends.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { leaveTree } from './trees.ts';

/** Completed, failed for good, or canceled. The task's fields are final. Plain tasks cost two looks. */
export function afterEnd(step: Step, task: Task): void {
  if (step.state.records.stages.size > 0) noteEnd(step.state, task);
  if (task.links !== null) announce(step.state, task, 'ended');
  if (task.extra === null) return;
  if (task.extra.schedule != null) leaveSchedule(step, task);
  if (task.extra.copies != null || task.extra.copyOf != null) step.state.unsettled.push(task);
  // A dead letter stays where it counts: it may be redriven.
  if (task.extra.family != null && task.state !== 'failed') leaveTree(step.state, task);
}

/** A dead letter is to run again. */
export function afterRedrive({ state }: Step, task: Task): void {
  if (task.links !== null) announce(state, task, 'revived');
}

/** A dead letter is gone for good. */
export function afterPurge({ state }: Step, task: Task): void {
  if (task.links !== null) announce(state, task, 'purged');
  if (task.extra?.family != null) leaveTree(state, task);
}
