import { invariant } from '../base/invariant.ts';
import { cancelOf } from './cancel.ts';
import { fireAlarm } from './alarms.ts';
import { expireQuestion } from './dialogue.ts';
import { forgetKeys, KEYS_FORGOTTEN_MAX } from './idempotency.ts';
import { forceCancel } from './recall.ts';
import { breakAttempt, failTask, recordFailure, revokeLease } from './settle.ts';
import { reachOf, type Step } from './step.ts';
import { isLeased, startedAtOf, totalUntil, type Task, type TaskError } from './task.ts';
import { moveTask } from './transition.ts';

/** Timers fired by one `clock.advance` whose batch says nothing of it; the leader proposes another. */
export const TIMERS_FIRED_MAX = 10_000;

/** Fires what is due at the state's time, oldest first, and forgets some of the idempotency keys that have expired. */
export function advanceClock(step: Step): void {
  const { state, stepMax } = step;
  const budget = { tasks: reachOf(step) };
  const firedMax = stepMax ?? TIMERS_FIRED_MAX;
  for (let fired = 0; fired < firedMax && budget.tasks > 0; fired++) {
    const alarmAt = state.alarms.nextDueAt ?? Infinity;
    const isAlarm = alarmAt < (state.timers.nextDueAt ?? Infinity);
    const record = isAlarm ? state.alarms.popDue(state.nowMs) : null;
    const task = isAlarm ? null : state.timers.popDue(state.nowMs);
    if (record !== null) fireAlarm(step, record, budget);
    else if (task !== null) {
      fireTimer(step, task);
      // What is due and what is under way share the step.
      if (stepMax !== null) budget.tasks -= 1;
    } else break;
  }
  forgetKeys(state, KEYS_FORGOTTEN_MAX);
}

function fireTimer(step: Step, task: Task): void {
  const { state, events } = step;
  if (task.deadlineAt !== 0 && task.deadlineAt <= state.nowMs) {
    passDeadline(step, task, DEADLINE_EXCEEDED, 'deadline');
    return;
  }
  const until = totalUntil(task);
  if (until !== 0 && until <= state.nowMs) {
    const message = `the task did not end within ${task.profile.spec.timeouts.totalMs} ms`;
    passDeadline(step, task, { code: 'TOTAL_TIMEOUT', message }, 'total_timeout');
    return;
  }
  const cancel = cancelOf(task);
  if (cancel !== null && cancel.until <= state.nowMs) {
    forceCancel(step, task, 'cancel_forced');
    return;
  }
  switch (task.state) {
    case 'scheduled': {
      const reason = task.reason ?? 'delayed';
      moveTask(state, task, 'queued', reason);
      events.push({ type: 'task.queued', task, reason });
      return;
    }
    case 'queued': {
      const { queueMs } = task.profile.spec.timeouts;
      const message = `no attempt started within ${queueMs} ms`;
      failTask(step, task, { code: 'QUEUE_TIMEOUT', message }, 'queue_timeout');
      return;
    }
    case 'running': {
      const { runMs } = task.profile.spec.timeouts;
      const message = `the attempt did not end within ${runMs ?? task.runUntil - startedAtOf(task)} ms`;
      breakAttempt(step, task, { code: 'RUN_TIMEOUT', message }, 'run_timeout');
      return;
    }
    case 'input_required':
      expireQuestion(step, task);
      return;
    default:
      invariant(false, `a ${task.state} task has no timer`);
  }
}

const DEADLINE_EXCEEDED: TaskError = {
  code: 'DEADLINE_EXCEEDED',
  message: 'the task did not finish by its deadline',
};

function passDeadline(step: Step, task: Task, error: TaskError, reason: string): void {
  if (isLeased(task)) {
    revokeLease(step, task, reason);
    recordFailure(step, task, error);
  }
  failTask(step, task, error, reason);
}
