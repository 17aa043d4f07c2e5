/** How an attempt ends: completed, failed, given back, timed out, revoked. */
import type { AttemptError, Completion, LeaseRef } from './command.ts';
import { reject, type Rejection } from './rejection.ts';
import { retryDelayMs } from './retry.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import {
  CRITIQUE_MAX,
  ERROR_MESSAGE_MAX,
  FAILURES_KEPT_MAX,
  isLeased,
  RESULT_INVALID,
  startedAtOf,
  waitedMsOf,
  type AttemptFailure,
  type Task,
  type TaskError,
} from './task.ts';
import { avoidFailed } from './avoid.ts';
import { countEnd, isCounting } from './breaker-calls.ts';
import { cancelOf, finishCanceled } from './cancel.ts';
import { HASH_MAX, HEDGED } from './copies.ts';
import { escalate } from './escalate.ts';
import { extraAfterTask, NO_EXTRA } from './extra.ts';
import { afterEnd } from './finish.ts';
import { joinFailureGroup } from './failure-groups.ts';
import { isUsage, NO_USAGE, type Usage } from './tree.ts';
import { holdForHedge } from './hold-for-hedge.ts';
import { poisonError } from './poison.ts';
import { armTimer, endLease, moveTask, removeTask } from './transition.ts';

/** The leased task whose newest attempt `ref` names, or why there is none. */
export function leasedTask(state: CoreState, ref: LeaseRef): Task | Rejection {
  const task = state.tasks.get(ref.taskId);
  if (task === undefined) {
    return reject('TASK_NOT_FOUND', 'a reported task must be live', { taskId: ref.taskId });
  }
  if (!isLeased(task) || task.fencingToken !== ref.fencingToken) {
    return reject(
      'LEASE_FENCED',
      `the attempt must still be the newest and running, got token ${ref.fencingToken} for a ${task.state} task whose newest is ${task.fencingToken}`,
      {
        taskId: ref.taskId,
        fencingToken: ref.fencingToken,
        newest: task.fencingToken,
        state: task.state,
      },
    );
  }
  return task;
}

export function completeTask(step: Step, item: Completion): Rejection | null {
  const { events, state } = step;
  const task = leasedTask(state, item);
  if ('code' in task) return task;
  if (item.usage !== undefined && !isUsage(item.usage)) return badUsage(task, item.usage);
  const startedAt = startedAtOf(task);
  const waitedMs = waitedMsOf(task, state.nowMs);
  const agent = endLease(step, task, item.usage);
  if (isCounting(step)) {
    const runMs = state.nowMs - startedAt - waitedMs;
    const end = { runMs, code: null, isRetryable: true, downstream: null };
    countEnd(step, task, { agentId: agent.id, ...end });
  }
  if (task.extra?.copyOf != null) keepVote(task, item.hash ?? null, startedAt);
  removeTask(state, task);
  task.agentId = agent.id;
  task.state = 'completed';
  task.reason = null;
  task.stateAt = state.nowMs;
  events.push({ type: 'task.completed', task, agent, startedAt, waitedMs });
  afterEnd(step, task);
  return null;
}

function keepVote(task: Task, hash: string | null, startedAt: number): void {
  if (task.extra?.copyOf == null) return;
  const copyOf = { ...task.extra.copyOf, hash: hash?.slice(0, HASH_MAX) ?? null, startedAt };
  task.extra = { ...task.extra, copyOf };
}

/** Completes a task with the result of one of its copies, wherever it is itself. */
export function adoptResult(step: Step, task: Task, copy: Task): void {
  const { events, state } = step;
  if (isLeased(task)) {
    revokeLease(step, task, HEDGED);
    endLease(step, task);
  }
  removeTask(state, task);
  task.agentId = copy.agentId;
  // The attempt whose result it has: a late report of its own is that of another.
  task.fencingToken = copy.fencingToken;
  task.state = 'completed';
  task.reason = null;
  task.stateAt = state.nowMs;
  events.push({ type: 'task.adopted', task, copy });
  afterEnd(step, task);
}

function badUsage(task: Task, { costUsd, tokens }: Usage): Rejection {
  return reject(
    'USAGE_INVALID',
    `usage must be whole tokens and dollars, neither below 0, got ${tokens} and ${costUsd}`,
    { taskId: task.id },
  );
}

export function failAttempt(step: Step, item: AttemptError): Rejection | null {
  const task = leasedTask(step.state, item);
  if ('code' in task) return task;
  if (item.usage !== undefined && !isUsage(item.usage)) return badUsage(task, item.usage);
  const runMs = runMsOf(task, step.state.nowMs);
  const error = recordFailure(step, task, item.error, item.usage);
  countFailure(step, task, item, runMs);
  if (item.critique !== undefined) keepCritique(task, item.critique);
  const delayMsMin = Math.max(0, item.retryAfterMs ?? 0);
  if (item.retryable) retryTask(step, task, error, { reason: 'retry', delayMsMin });
  else failTask(step, task, error, 'not_retryable');
  return null;
}

/**
 * Ends the attempt for a reason of ours; the task is retried at once while attempts remain
 * and its policy does not name the error's code as final.
 */
export function breakAttempt(step: Step, task: Task, error: TaskError, reason: string): void {
  revokeLease(step, task, reason);
  const runMs = runMsOf(task, step.state.nowMs);
  const kept = recordFailure(step, task, error);
  countFailure(step, task, { retryable: true }, runMs);
  retryTask(step, task, kept, { reason, delayMsMin: -1 });
}

/** Like {@link breakAttempt}, for an attempt named from outside. */
export function breakLease(
  step: Step,
  ref: LeaseRef,
  error: TaskError,
  reason: string,
): Rejection | null {
  const task = leasedTask(step.state, ref);
  if ('code' in task) return task;
  breakAttempt(step, task, error, reason);
  return null;
}

/** Gives an attempt back as if it had never started. */
export function releaseTask(step: Step, ref: LeaseRef, reason: string): Rejection | null {
  const { events, state } = step;
  const task = leasedTask(state, ref);
  if ('code' in task) return task;
  endLease(step, task, NO_USAGE);
  task.attempt -= 1;
  const cancel = cancelOf(task);
  if (cancel !== null) {
    finishCanceled(step, task, cancel.reason);
    return null;
  }
  moveTask(state, task, 'queued', reason);
  events.push({ type: 'task.queued', task, reason });
  return null;
}

/** Lets the attempt run `runMs` from now, or from its answer on while it waits for one. */
export function extendLease(
  { state, events }: Step,
  ref: LeaseRef,
  runMs: number,
): Rejection | null {
  const task = leasedTask(state, ref);
  if ('code' in task) return task;
  state.taskChanges.touch(task);
  const dialogue = task.extra?.dialogue ?? null;
  if (task.extra !== null && dialogue?.question != null) {
    const question = { ...dialogue.question, runLeftMs: runMs };
    task.extra = { ...task.extra, dialogue: { ...dialogue, question } };
  } else {
    task.runUntil = state.nowMs + runMs;
    armTimer(state, task);
  }
  events.push({ type: 'task.extended', task });
  return null;
}

/** Fails the task for good: it stays as a dead letter, unless it was to be canceled anyway. The caller has ended its attempt. */
export function failTask(step: Step, task: Task, error: TaskError, reason: string): void {
  const { state, events } = step;
  const cancel = cancelOf(task);
  if (cancel !== null) {
    finishCanceled(step, task, cancel.reason);
    return;
  }
  moveTask(state, task, 'failed', reason);
  task.error = error;
  if (task.extra !== null) task.extra = extraAfterTask(task.extra);
  joinFailureGroup(state, task);
  events.push({ type: 'task.failed', task });
  afterEnd(step, task);
}

/** Tells whoever runs the attempt that its right is gone. */
export function revokeLease({ events }: Step, task: Task, reason: string): void {
  if (task.agentId === null) return;
  events.push({
    type: 'lease.revoked',
    task,
    agentId: task.agentId,
    fencingToken: task.fencingToken,
    reason,
  });
}

/** Ends the lease and keeps what went wrong; returns the error as it is kept. */
export function recordFailure(
  step: Step,
  task: Task,
  error: TaskError,
  usage: Usage | null = null,
): TaskError {
  const { events, state } = step;
  const startedAt = startedAtOf(task);
  const waitedMs = waitedMsOf(task, state.nowMs);
  const agent = endLease(step, task, usage);
  const failure: AttemptFailure = {
    attempt: task.attempt,
    agentId: agent.id,
    startedAt,
    endedAt: state.nowMs,
    error: { code: error.code, message: cutText(error.message, ERROR_MESSAGE_MAX) },
  };
  task.failures = [...task.failures.slice(1 - FAILURES_KEPT_MAX), failure];
  events.push({ type: 'attempt.failed', task, failure, waitedMs });
  return failure.error;
}

/** How long a leased task's attempt has run, without the time that people took. */
function runMsOf(task: Task, nowMs: number): number {
  return nowMs - startedAtOf(task) - waitedMsOf(task, nowMs);
}

/** Counts the failure that was just recorded for the breakers of whom it may tell something. */
function countFailure(
  step: Step,
  task: Task,
  { downstream, retryable }: Pick<AttemptError, 'retryable' | 'downstream'>,
  runMs: number,
): void {
  const failure = task.failures.at(-1);
  if (failure === undefined) return;
  const { agentId, error } = failure;
  countEnd(step, task, {
    agentId,
    runMs,
    code: error.code,
    isRetryable: retryable,
    downstream: downstream ?? null,
  });
}

/** Half of a surrogate pair would not survive UTF-8, and replicas that restored it would differ. */
function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const cut = text.slice(0, lengthMax);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

interface RetryWish {
  readonly reason: string;
  /** Shortest wait, in milliseconds; below 0 the policy's delay is skipped altogether. */
  readonly delayMsMin: number;
}

function retryTask(step: Step, task: Task, error: TaskError, wish: RetryWish): void {
  const { state, events } = step;
  const policy = task.profile.spec.retry;
  const poison = poisonError(task, error, state.settings);
  if (poison !== null) {
    failTask(step, task, poison, 'poison');
    return;
  }
  if (policy.nonRetryable.includes(error.code)) {
    failTask(step, task, error, 'not_retryable');
    return;
  }
  if (countAttempt(task, error)) {
    if (cancelOf(task) === null && holdForHedge(step, task, error)) return;
    failTask(step, task, error, 'attempts_exhausted');
    return;
  }
  if (cancelOf(task) !== null) {
    failTask(step, task, error, wish.reason);
    return;
  }
  const failedOn = task.failures.at(-1)?.agentId;
  if (failedOn !== undefined) avoidFailed(state, task, failedOn);
  escalate(step, task);
  const delayMs = wish.delayMsMin < 0 ? 0 : nextDelayMs(state, task, wish.delayMsMin);
  if (delayMs === 0) {
    moveTask(state, task, 'queued', wish.reason);
    events.push({ type: 'task.queued', task, reason: wish.reason });
    return;
  }
  state.taskChanges.touch(task);
  task.runAt = state.nowMs + delayMs;
  moveTask(state, task, 'scheduled', wish.reason);
  events.push({ type: 'task.scheduled', task, reason: wish.reason });
}

/** Counts a failed attempt among those of its kind; whether that was the last of them. */
function countAttempt(task: Task, error: TaskError): boolean {
  const { retry, rules } = task.profile.spec;
  const invalid = task.extra?.invalid ?? 0;
  if (error.code !== RESULT_INVALID || rules?.invalid === undefined)
    return task.attempt - invalid >= retry.attemptsMax;
  task.extra = { ...(task.extra ?? NO_EXTRA), invalid: invalid + 1 };
  return invalid + 1 >= rules.invalid.attemptsMax;
}

function keepCritique(task: Task, critique: string): void {
  const text = cutText(critique, CRITIQUE_MAX);
  task.extra = { ...(task.extra ?? NO_EXTRA), critique: text };
}

function nextDelayMs(state: CoreState, task: Task, delayMsMin: number): number {
  const policy = task.profile.spec.retry;
  const delayMs = retryDelayMs(policy, task.attempt, task.delayMsLast, state.rng);
  task.delayMsLast = delayMs;
  return Math.max(delayMs, delayMsMin);
}
