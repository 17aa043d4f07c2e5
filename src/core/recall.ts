/** Changes asked for by people: cancel, retry a dead letter, purge it. */
import { cancelOf, finishCanceled } from './cancel.ts';
import { NO_EXTRA } from './extra.ts';
import { leaveFailureGroup } from './failure-groups.ts';
import { afterPurge, afterRedrive } from './finish.ts';
import { joinSchedule } from './schedule-tasks.ts';
import type { TaskId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import { isLeased, type Task } from './task.ts';
import { revokeLease } from './settle.ts';
import { armTimer, endLease, moveTask, removeTask } from './transition.ts';
import { findKilled, treeOf } from './trees.ts';

/** Longest grace of a cancel, in milliseconds: a day. */
export const CANCEL_GRACE_MS_MAX = 86_400_000;

/**
 * Ends a task that is not finished. A running attempt loses its lease at once or, with a grace, is
 * told and loses it when that is over; asked again, the earlier end counts.
 */
export function cancelTask(
  step: Step,
  taskId: TaskId,
  reason: string,
  graceMs = 0,
): Rejection | null {
  const { state } = step;
  const task = state.tasks.get(taskId);
  if (task === undefined)
    return reject('TASK_NOT_FOUND', 'a canceled task must be live', { taskId });
  if (task.state === 'failed') {
    return reject('TASK_FINISHED', 'a canceled task must not be finished, got failed', { taskId });
  }
  if (!isLeased(task)) finishCanceled(step, task, reason);
  else if (graceMs <= 0) forceCancel(step, task, reason);
  else requestCancel(step, task, reason, state.nowMs + graceMs);
  return null;
}

/** Takes the lease of an attempt back for good. */
export function forceCancel(step: Step, task: Task, reason: string): void {
  revokeLease(step, task, 'canceled');
  endLease(step, task);
  finishCanceled(step, task, reason);
}

function requestCancel({ state, events }: Step, task: Task, reason: string, until: number): void {
  const known = cancelOf(task);
  if (task.agentId === null || (known !== null && known.until <= until)) return;
  const cancel = { reason, requestedAt: known?.requestedAt ?? state.nowMs, until };
  state.taskChanges.touch(task);
  task.extra = { ...(task.extra ?? NO_EXTRA), cancel };
  armTimer(state, task);
  events.push({ type: 'task.cancel_requested', task, agentId: task.agentId, cancel });
}

/** Queues a dead letter again with all its attempts before it. Its failures stay on record. */
export function retryTask(step: Step, taskId: TaskId): Rejection | null {
  const { state } = step;
  const task = redrivable(state, taskId);
  if ('code' in task) return task;
  state.taskChanges.touch(task);
  leaveFailureGroup(state, task);
  task.attempt = 0;
  task.error = null;
  task.delayMsLast = 0;
  requeue(step, task);
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

/**
 * Lets a dead letter wait again: for its parents that live, or for an agent. Whoever redrives one that
 * failed because of its parents wants it to run without those that are over.
 */
export function requeue(step: Step, task: Task): void {
  const { events, state } = step;
  restartTotal(state, task);
  if (task.extra?.flow?.isLost === true) {
    task.extra = { ...task.extra, flow: { ...task.extra.flow, isLost: false } };
  }
  const isBlocked = (task.links?.left ?? 0) > 0;
  moveTask(state, task, isBlocked ? 'blocked' : 'queued', 'redriven');
  if (task.extra !== null) joinSchedule(state, task);
  events.push({ type: isBlocked ? 'task.blocked' : 'task.queued', task, reason: 'redriven' });
  afterRedrive(step, task);
}

/** Counts the total time of a dead letter that is to run again from now. The task was touched. */
export function restartTotal(state: CoreState, task: Task): void {
  if (task.profile.spec.timeouts.totalMs === undefined) return;
  task.extra = { ...(task.extra ?? NO_EXTRA), totalFrom: state.nowMs };
}

/** The task, if it is a dead letter that may run again, or why not: nothing runs in a tree that was killed. */
export function redrivable(state: CoreState, taskId: TaskId): Task | Rejection {
  const task = deadLetter(state.tasks.get(taskId), taskId);
  return 'code' in task ? task : (findKilled(treeOf(state, task)) ?? task);
}

/** The task, if it is a dead letter, or why not. */
function deadLetter(task: Task | undefined, taskId: TaskId): Task | Rejection {
  if (task === undefined) return reject('TASK_NOT_FOUND', 'a dead letter must be live', { taskId });
  if (task.state === 'failed') return task;
  return reject('TASK_NOT_FAILED', `a dead letter is a failed task, got ${task.state}`, { taskId });
}
