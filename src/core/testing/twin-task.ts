import type { NewTask } from '../command.ts';
import type { AgentSpec, QueueSettings, TaskSpec } from '../spec.ts';

/** A task as the plain twin of core holds it: everything it ever can have, flat. */
export interface TwinTask {
  readonly id: string;
  readonly order: number;
  spec: TaskSpec;
  readonly createdAt: number;
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
  critique: string | null;
  invalid: number;
  avoid: { agents: string[]; zones: string[] } | null;
  totalFrom: number | null;
  cancel: { reason: string; until: number } | null;
  output: { chunks: number; length: number; token: number; attemptFrom: number } | null;
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

/** When its total time is up; Infinity without such a bound. */
export function totalUntil({ createdAt, spec, totalFrom }: TwinTask): number {
  return (totalFrom ?? createdAt) + (spec.timeouts.totalMs ?? Infinity);
}

/** The earliest bound of the task; Infinity when it has none. */
export function dueAt(task: TwinTask): number {
  if (task.state === 'failed') return Infinity;
  const { queueMs } = task.spec.timeouts;
  const bounds = [task.deadlineAt || Infinity, totalUntil(task)];
  if (task.cancel !== null) bounds.push(task.cancel.until);
  if (task.state === 'scheduled') bounds.push(task.runAt);
  if (task.state === 'queued' && queueMs !== undefined) bounds.push(task.stateAt + queueMs);
  if (task.state === 'running') bounds.push(task.runUntil || Infinity);
  if (task.question !== null) bounds.push(task.question.expiresAt || Infinity);
  return Math.min(...bounds);
}

export interface TwinKey {
  readonly key: string;
  readonly taskId: string;
  readonly bodyHash: string;
  readonly madeAt: number;
}

export interface Lease {
  readonly taskId: string;
  readonly fencingToken: number;
}

export interface TwinAgent {
  readonly id: string;
  spec: AgentSpec;
  incarnation: string;
  state: string;
}

export interface TwinQueue {
  readonly name: string;
  settings: QueueSettings;
  paused: boolean;
}

/** Failures of attempts whose agent is gone or hangs. */
const LOST = / (AGENT_LOST|AGENT_RESTARTED|HEARTBEAT_TIMEOUT)$/;

/** Whether a task that just failed with `code` took so many agents down. */
export function isPoison(task: TwinTask, code: string, agentsMax: number): boolean {
  if (!LOST.test(` ${code}`)) return false;
  const losses = task.failures.filter((line) => LOST.test(line));
  return new Set(losses.map((line) => line.split(' ')[1])).size >= agentsMax;
}

/** A task as it is submitted. */
export function twinTask(
  item: NewTask,
  spec: TaskSpec,
  { now, order }: { readonly now: number; readonly order: number },
): TwinTask {
  const later = item.runAt !== undefined && item.runAt > now;
  return {
    id: item.id,
    order,
    spec,
    createdAt: now,
    deadlineAt: item.deadlineAt ?? 0,
    state: later ? 'scheduled' : 'queued',
    reason: later ? 'delayed' : null,
    stateAt: now,
    runAt: later ? (item.runAt ?? 0) : 0,
    attempt: 0,
    token: 0,
    agentId: null,
    runUntil: 0,
    delayLast: 0,
    failures: [],
    error: null,
    trace: item.traceparent ?? null,
    startedAt: 0,
    waited: 0,
    details: null,
    asked: [],
    question: null,
    answers: [],
    critique: null,
    invalid: 0,
    avoid: null,
    totalFrom: null,
    cancel: null,
    output: null,
  };
}
