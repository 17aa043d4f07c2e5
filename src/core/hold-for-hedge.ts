import { HEDGED, liveCopies, withCopies } from './copies.ts';
import { NO_EXTRA } from './extra.ts';
import type { Step } from './step.ts';
import type { Task, TaskError } from './task.ts';
import { moveTask } from './transition.ts';

/** Lets a task whose attempts are used up wait for a hedge that still runs; false where there is none. */
export function holdForHedge({ events, state }: Step, task: Task, error: TaskError): boolean {
  if (task.extra?.copies == null || liveCopies(state, task).length === 0) return false;
  moveTask(state, task, 'blocked', HEDGED);
  task.extra = withCopies(task.extra ?? NO_EXTRA, { heldError: error });
  events.push({ type: 'task.blocked', task, reason: HEDGED });
  return true;
}
