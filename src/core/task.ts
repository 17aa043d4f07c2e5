import type { Tracked } from './change-set.ts';
import type { Question, TaskExtra } from './extra.ts';
import type { TaskLinks } from './flow.ts';
import type { GateUse } from './gate.ts';
import type { AgentId, TaskId } from './ids.ts';
import type { Profile } from './profile.ts';

/** States of a task that core still holds. `completed` and `canceled` tasks leave for the history. */
export type LiveState =
  'scheduled' | 'blocked' | 'queued' | 'running' | 'input_required' | 'failed';
export type TaskState = LiveState | 'completed' | 'canceled';

/** Why the last attempt, or the whole task, failed. */
export interface TaskError {
  /** Stable UPPER_SNAKE code: the agent's, or one of core's own such as `RUN_TIMEOUT`. */
  readonly code: string;
  readonly message: string;
}

/** One attempt that did not complete. */
export interface AttemptFailure {
  readonly attempt: number;
  readonly agentId: AgentId;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly error: TaskError;
}

/**
 * A task as core holds it. Changed in place by core only; every reader treats it as read-only.
 *
 * One flat shape for all states rather than a union: a million of these are held at once and each
 * is read on the hot path, so they share one hidden class.
 */
export interface Task extends Tracked {
  readonly id: TaskId;
  /** Order of submission, from 1. */
  readonly seq: number;
  /** Changed by `changeProfile` only. */
  profile: Profile;
  /** Changed with the payload, when a dead letter is queued again. */
  payloadBytes: number;
  readonly createdAt: number;
  readonly affinityKey: string | null;
  readonly idempotencyKey: string | null;
  /** Moment after which the task must not run any more, or 0. */
  readonly deadlineAt: number;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  state: TaskState;
  /** Why it is in this state, where that is not plain: `delayed`, `retry`, `agent_lost`, … */
  reason: string | null;
  /** When it entered this state. */
  stateAt: number;
  /** Moment a `scheduled` task becomes ready; 0 in other states. */
  runAt: number;
  /** Attempts started so far that count. */
  attempt: number;
  /** Log index of the newest assignment; 0 before the first. */
  fencingToken: number;
  /** The agent of the attempt that runs or waits for input. */
  agentId: AgentId | null;
  /** Moment the running attempt times out, or 0 for never; 0 while it waits for input. */
  runUntil: number;
  /** The delay before the last retry, in milliseconds; decorrelated jitter builds on it. */
  delayMsLast: number;
  /** The newest failures, oldest first; at most {@link FAILURES_KEPT_MAX}. */
  failures: readonly AttemptFailure[];
  /** Final error of a failed task. */
  error: TaskError | null;
  /** What few tasks have: details, questions, answers, a trace context. */
  extra: TaskExtra | null;
  /** How it hangs together with others; null for one that does not. Derived. */
  links: TaskLinks | null;
  /** Gates of its own that it passes to start, or null; derived from `extra.control`. */
  gates: readonly GateUse[] | null;
  /**
   * Its payload as JSON text, while the store needs it in memory; null otherwise. Hangs here so that
   * the store keeps no map of a million ids. Not part of the state: core never reads it.
   */
  payload: string | null;
  /** Its place in a waiting line of the scheduler, or null. Not part of the state either. */
  waiting: object | null;
  /** The share of work it counts in while it runs, or null; the scheduler's. Not part of the state either. */
  share: object | null;
  /** Its place in the index of live tasks, or null. Not part of the state either. */
  listed: object | null;
  /** Who waits for its end, or null; the runtime's. Not part of the state either. */
  listeners: object | null;
  /** Moment the armed timer is due, or 0. Owned by `timers.ts`. */
  dueAt: number;
  /** Place in the timer heap, or -1. Owned by `timers.ts`. */
  timerSlot: number;
}

/** Whether an agent holds a lease of it. */
export function isLeased(task: Task): boolean {
  return task.state === 'running' || task.state === 'input_required';
}

/** The question it waits on, or null. */
export function questionOf(task: Task): Question | null {
  return task.extra?.dialogue?.question ?? null;
}

/** When the attempt of a leased task started. */
export function startedAtOf(task: Task): number {
  return task.extra?.dialogue?.startedAt ?? task.stateAt;
}

/** How much of a leased task's attempt was waiting for answers until `nowMs`, in milliseconds. */
export function waitedMsOf(task: Task, nowMs: number): number {
  const dialogue = task.extra?.dialogue ?? null;
  if (dialogue === null) return 0;
  return dialogue.waitedMs + (dialogue.question === null ? 0 : nowMs - task.stateAt);
}

/** Moment at which its total time is up, or 0 for never. */
export function totalUntil(task: Task): number {
  const { totalMs } = task.profile.spec.timeouts;
  return totalMs === undefined ? 0 : (task.extra?.totalFrom ?? task.createdAt) + totalMs;
}

/** The code of a failure whose only fault is that the result is not what the task asks for. */
export const RESULT_INVALID = 'RESULT_INVALID';

/** Longest critique kept, in UTF-16 units. */
export const CRITIQUE_MAX = 65_536;

/** Failures kept per task; older ones are dropped, their number remains in `attempt`. */
export const FAILURES_KEPT_MAX = 20;

/** Longest error message kept, in UTF-16 units. */
export const ERROR_MESSAGE_MAX = 4_096;
