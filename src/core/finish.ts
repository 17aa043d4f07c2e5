/** What follows when a task has ended: completed, failed for good, or canceled. */
import { leaveSchedule } from './schedule-tasks.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';

/** Tells the features that keep an eye on the task. Plain tasks cost one look. */
export function afterEnd(step: Step, task: Task): void {
  if (task.extra === null) return;
  if (task.extra.schedule != null) leaveSchedule(step, task);
}
