/** How a canceled task goes, at once or after the grace its attempt was given. */
import type { CancelWish } from './extra.ts';
import { afterEnd } from './finish.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { removeTask } from './transition.ts';

/** What its attempt was told of a cancel that is under way, or null. */
export function cancelOf(task: Task): CancelWish | null {
  return task.extra?.cancel ?? null;
}

/** Lets a canceled task go to the history. The caller has ended its attempt. */
export function finishCanceled(step: Step, task: Task, reason: string): void {
  const { state, events } = step;
  removeTask(state, task);
  task.state = 'canceled';
  task.reason = reason;
  task.stateAt = state.nowMs;
  events.push({ type: 'task.canceled', task });
  afterEnd(step, task);
}
