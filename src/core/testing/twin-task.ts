import type { TaskSpec } from '../spec.ts';

/** A task as the plain twin of core holds it: everything it ever can have, flat. */
export interface TwinTask {
  readonly id: string;
  readonly order: number;
  readonly spec: TaskSpec;
  readonly deadlineAt: number;
  state: string;
  reason: string | null;
  stateAt: number;
  runAt: number;
  attempt: number;
  token: number;
  agentId: string | null;
  runUntil: number;
  delayLast: number;
  failures: string[];
  error: string | null;
  readonly trace: string | null;
  startedAt: number;
  waited: number;
  details: string | null;
  asked: string[];
  question: TwinQuestion | null;
  answers: TwinAnswer[];
}

interface TwinQuestion {
  readonly key: string;
  readonly default: string | null;
  readonly answerers: readonly string[] | null;
  readonly expiresAt: number;
  left: number | null;
}

export interface TwinAnswer {
  readonly key: string;
  readonly answer: string;
  readonly by: string | null;
  readonly reason: string | null;
}

/** The earliest bound of the task; Infinity when it has none. */
export function dueAt(task: TwinTask): number {
  if (task.state === 'failed') return Infinity;
  const { queueMs } = task.spec.timeouts;
  const bounds = [task.deadlineAt || Infinity];
  if (task.state === 'scheduled') bounds.push(task.runAt);
  if (task.state === 'queued' && queueMs !== undefined) bounds.push(task.stateAt + queueMs);
  if (task.state === 'running') bounds.push(task.runUntil || Infinity);
  if (task.question !== null) bounds.push(task.question.expiresAt || Infinity);
  return Math.min(...bounds);
}
