/** Changes asked for by people: cancel, retry a dead letter, purge it. */
import { leaveFailureGroup } from './failure-groups.ts';
import { afterEnd, afterPurge, afterRedrive } from './finish.ts';
import type { TaskId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import type { Step } from './step.ts';
import { isLeased, type Task } from './task.ts';
import { revokeLease } from './settle.ts';
import { endLease, moveTask, removeTask } from './transition.ts';

/** Ends a task that is not finished; a running attempt loses its lease at once. */
export function cancelTask(step: Step, taskId: TaskId, reason: string): Rejection | null {
  const { state, events } = step;
  const task = state.tasks.get(taskId);
  if (task === undefined)
    return reject('TASK_NOT_FOUND', 'a canceled task must be live', { taskId });
  if (task.state === 'failed') {
    return reject('TASK_FINISHED', 'a canceled task must not be finished, got failed', { taskId });
  }
  if (isLeased(task)) {
    revokeLease(step, task, 'canceled');
    endLease(step, task);
  }
  removeTask(state, task);
  task.state = 'canceled';
  task.reason = reason;
  task.stateAt = state.nowMs;
  events.push({ type: 'task.canceled', task });
  afterEnd(step, task);
  return null;
}

/** Queues a dead letter again with all its attempts before it. Its failures stay on record. */
export function retryTask(step: Step, taskId: TaskId): Rejection | null {
  const { events, state } = step;
  const task = deadLetter(state.tasks.get(taskId), taskId);
  if ('code' in task) return task;
  state.taskChanges.touch(task);
  leaveFailureGroup(state, task);
  task.attempt = 0;
  task.error = null;
  task.delayMsLast = 0;
  // Whoever retries one that failed because of its parents wants it to run without those that are over.
  const type = task.links !== null && forgiveParents(task) ? 'task.blocked' : 'task.queued';
  moveTask(state, task, type === 'task.blocked' ? 'blocked' : 'queued', 'redriven');
  events.push({ type, task, reason: 'redriven' });
  afterRedrive(step, task);
  return null;
}

/** Lets a dead letter go to the history. */
export function purgeTask(step: Step, taskId: TaskId): Rejection | null {
  const { events, state } = step;
  const task = deadLetter(state.tasks.get(taskId), taskId);
  if ('code' in task) return task;
  leaveFailureGroup(state, task);
  removeTask(state, task);
  events.push({ type: 'task.purged', task });
  afterPurge(step, task);
  return null;
}

/** Whether it still has parents to wait for. */
function forgiveParents(task: Task): boolean {
  if (task.extra?.flow?.isLost === true) {
    task.extra = { ...task.extra, flow: { ...task.extra.flow, isLost: false } };
  }
  return (task.links?.left ?? 0) > 0;
}

function deadLetter(task: Task | undefined, taskId: TaskId): Task | Rejection {
  if (task === undefined) return reject('TASK_NOT_FOUND', 'a dead letter must be live', { taskId });
  if (task.state === 'failed') return task;
  return reject('TASK_NOT_FAILED', `a dead letter is a failed task, got ${task.state}`, { taskId });
}
