/** What an attempt tells and asks while it runs: details of a heartbeat, and questions to people. */
import { invariant } from '../base/invariant.ts';
import { nextOrdinal } from '../base/next-ordinal.ts';
import type { Agent } from './agent.ts';
import type { AnswerItem, AskItem, DetailsItem } from './command.ts';
import { NO_EXTRA, type Dialogue, type KeptAnswer, type Question } from './extra.ts';
import { reject, type Rejection } from './rejection.ts';
import { failTask, leasedTask, recordFailure, revokeLease } from './settle.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import { questionOf, startedAtOf, type Task } from './task.ts';
import { agentOf, moveTask } from './transition.ts';

/** Keeps what an attempt says of how far it is, in place of what it said before. */
export function keepDetails({ state }: Step, item: DetailsItem): Rejection | null {
  const task = leasedTask(state, item);
  if ('code' in task) return task;
  state.taskChanges.touch(task);
  task.extra = { ...(task.extra ?? NO_EXTRA), details: item.details };
  return null;
}

/**
 * Lets an attempt wait for the answer to a question. It keeps its lease but not its slot.
 *
 * A key that was answered before is not asked again: the answer is there for the attempt to take.
 * Asking again what is being waited for changes nothing.
 */
export function askQuestion(step: Step, item: AskItem): Rejection | null {
  const { state } = step;
  const task = leasedTask(state, item);
  if ('code' in task) return task;
  const pending = questionOf(task);
  if (pending !== null) {
    if (item.key === null || item.key === pending.key) return null;
    return reject(
      'INPUT_PENDING',
      `an attempt must ask one question at a time, got ${item.key} while it waits on ${pending.key}`,
      { taskId: task.id, key: item.key, pending: pending.key },
    );
  }
  const asked = task.extra?.dialogue?.asked ?? [];
  const key = item.key ?? nextOrdinal(asked);
  const isKept = task.extra?.answers.some((answer) => answer.key === key) === true;
  state.taskChanges.touch(task);
  setDialogue(task, {
    startedAt: startedAtOf(task),
    waitedMs: task.extra?.dialogue?.waitedMs ?? 0,
    asked: asked.includes(key) ? asked : [...asked, key],
    question: isKept ? null : questionFrom(state, task, item, key),
  });
  if (!isKept) waitForAnswer(step, task);
  return null;
}

/** Answers the question that a task waits on; the attempt goes on. The same answer again is fine. */
export function answerQuestion(step: Step, item: AnswerItem): Rejection | null {
  const { key, taskId } = item;
  const task = step.state.tasks.get(taskId);
  if (task === undefined)
    return reject('TASK_NOT_FOUND', 'an answered task must be live', { taskId });
  if (task.state === 'failed') {
    return reject('TASK_FINISHED', 'an answered task must not be finished, got failed', { taskId });
  }
  const kept = task.extra?.answers.find((answer) => answer.key === key);
  if (kept?.answer === item.answer && kept.by === item.by) return null;
  const question = questionOf(task);
  if (question === null || task.fencingToken !== item.fencingToken) {
    const got = kept === undefined ? `a ${task.state} task` : `an answer to ${key} once more`;
    return reject('INPUT_NOT_ASKED', `the task must wait for the answer, got ${got}`, {
      taskId,
      key,
      state: task.state,
    });
  }
  if (question.key !== key) {
    return reject(
      'INPUT_KEY_MISMATCH',
      `the answer must be to ${question.key}, which the task waits on, got ${key}`,
      { taskId, key, pending: question.key },
    );
  }
  const { answerers } = question;
  if (answerers !== null && (item.by === null || !answerers.includes(item.by))) {
    return reject(
      'INPUT_NOT_ALLOWED',
      `the answer must be by one of ${answerers.join(', ')}, got ${item.by ?? 'nobody'}`,
      { taskId, key, by: item.by ?? '' },
    );
  }
  goOn(step, task, { answer: item.answer, by: item.by, reason: null });
  return null;
}

/** What follows when nobody answered in time: the default, or the end of the task. */
export function expireQuestion(step: Step, task: Task): void {
  const question = questionOf(task);
  invariant(question !== null, 'a task that waits for input has a question');
  if (question.default !== null) {
    goOn(step, task, { answer: question.default, by: null, reason: 'expired_default' });
    return;
  }
  revokeLease(step, task, 'input_expired');
  const waitedMs = question.expiresAt - question.askedAt;
  const message = `nobody answered ${question.key} within ${waitedMs} ms`;
  failTask(
    step,
    task,
    recordFailure(step, task, { code: 'INPUT_EXPIRED', message }),
    'input_expired',
  );
}

function questionFrom(state: CoreState, task: Task, item: AskItem, key: string): Question {
  const { answerers, expiresMs, message, schema } = item;
  return {
    key,
    message,
    schema,
    default: item.default,
    answerers,
    askedAt: state.nowMs,
    expiresAt: expiresMs === 0 ? 0 : state.nowMs + expiresMs,
    runLeftMs: task.runUntil === 0 ? null : Math.max(0, task.runUntil - state.nowMs),
  };
}

function waitForAnswer({ state, events }: Step, task: Task): void {
  const agent = agentOf(state, task);
  task.runUntil = 0;
  agent.waiting += 1;
  moveTask(state, task, 'input_required', null);
  events.push({ type: 'task.input_required', task, agent });
}

/** Keeps the answer and lets the attempt run on, with what was left of its time. */
function goOn(
  { state, events }: Step,
  task: Task,
  given: Pick<KeptAnswer, 'answer' | 'by' | 'reason'>,
): void {
  const question = questionOf(task);
  const dialogue = task.extra?.dialogue ?? null;
  invariant(question !== null && dialogue !== null, 'an answered task has a question');
  const agent: Agent = agentOf(state, task);
  const kept: KeptAnswer = { key: question.key, ...given, at: state.nowMs };
  state.taskChanges.touch(task);
  task.extra = { ...(task.extra ?? NO_EXTRA), answers: [...(task.extra?.answers ?? []), kept] };
  const waitedMs = dialogue.waitedMs + state.nowMs - task.stateAt;
  setDialogue(task, { ...dialogue, waitedMs, question: null });
  task.runUntil = question.runLeftMs === null ? 0 : state.nowMs + question.runLeftMs;
  agent.waiting -= 1;
  moveTask(state, task, 'running', null);
  events.push({ type: 'task.input_answered', task, agent, answer: kept });
}

function setDialogue(task: Task, dialogue: Dialogue): void {
  task.extra = { ...(task.extra ?? NO_EXTRA), dialogue };
}
