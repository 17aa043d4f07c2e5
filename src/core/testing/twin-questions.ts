/** Questions of attempts and their answers, for the plain twin of core. */
import type { AnswerItem, AskItem } from '../command.ts';
import type { TwinAnswer, TwinTask } from './twin-task.ts';

/** @param task - leased by whoever asks */
export function ask(task: TwinTask, item: AskItem, now: number): string {
  if (task.question !== null) {
    const isSame = item.key === null || item.key === task.question.key;
    return isSame ? 'ok' : 'INPUT_PENDING';
  }
  let [key, ordinal] = [item.key, task.asked.length];
  while (key === null) {
    ordinal += 1;
    if (!task.asked.includes(`${ordinal}`)) key = `${ordinal}`;
  }
  if (!task.asked.includes(key)) task.asked.push(key);
  if (task.answers.some((given) => given.key === key)) return 'ok';
  task.question = {
    key,
    default: item.default,
    answerers: item.answerers,
    expiresAt: item.expiresMs === 0 ? 0 : now + item.expiresMs,
    left: task.runUntil === 0 ? null : Math.max(0, task.runUntil - now),
  };
  task.state = 'input_required';
  task.reason = null;
  task.stateAt = now;
  task.runUntil = 0;
  return 'ok';
}

export function answer(task: TwinTask, item: AnswerItem, now: number): string {
  if (task.state === 'failed') return 'TASK_FINISHED';
  const { answer: text, by, key } = item;
  if (task.answers.some((one) => one.key === key && one.answer === text && one.by === by))
    return 'ok';
  const { question } = task;
  if (question === null || task.token !== item.fencingToken) return 'INPUT_NOT_ASKED';
  if (question.key !== key) return 'INPUT_KEY_MISMATCH';
  if (question.answerers !== null && !question.answerers.some((name) => name === by))
    return 'INPUT_NOT_ALLOWED';
  goOn(task, { key, answer: text, by, reason: null }, now);
  return 'ok';
}

/** The attempt runs on with an answer. */
export function goOn(task: TwinTask, given: TwinAnswer, now: number): void {
  const left = task.question?.left ?? null;
  task.answers.push(given);
  task.question = null;
  task.waited += now - task.stateAt;
  task.state = 'running';
  task.reason = null;
  task.stateAt = now;
  task.runUntil = left === null ? 0 : now + left;
}
