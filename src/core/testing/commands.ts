/** Short ways to write commands in tests; what is not said has a fixed, unremarkable value. */
import type { BreakerDefaults } from '../breaker-settings.ts';
import type { AskItem, Command, NewTask } from '../command.ts';
import type { AgentId, TaskId } from '../ids.ts';
import type { ScheduleSettings } from '../schedule.ts';
import type { AgentSpec, RetryPolicy, TaskSpec } from '../spec.ts';
import type { TaskError } from '../task.ts';

export const RETRY_IN_TESTS: RetryPolicy = {
  attemptsMax: 3,
  strategy: 'fixed',
  delayMs: 100,
  delayMsMax: 60_000,
  jitter: 0,
  nonRetryable: [],
};

/** For models that know no breakers. */
export const NO_BREAKERS: BreakerDefaults = {
  agent: { enabled: false },
  capability: { enabled: false },
  downstream: { enabled: false },
};

export type SpecOptions = Partial<Omit<TaskSpec, 'retry'>> & {
  readonly retry?: Partial<RetryPolicy>;
};

/** A task of type `email` that any agent of {@link agentSpec} can run. */
export function taskSpec(options: SpecOptions = {}): TaskSpec {
  const type = options.type ?? 'email';
  return {
    namespace: 'default',
    queue: 'default',
    priority: 4,
    requires: { capabilities: [type], labels: {} },
    timeouts: {},
    ...options,
    type,
    retry: { ...RETRY_IN_TESTS, ...options.retry },
  };
}

/** An agent with two slots that offers `email`. */
export function agentSpec(options: Partial<AgentSpec> = {}): AgentSpec {
  return {
    kind: 'general',
    capabilities: ['email'],
    slots: 2,
    labels: {},
    cost: 0,
    weight: 1,
    heartbeatMs: 30_000,
    ...options,
  };
}

export type TaskFields = Partial<Omit<NewTask, 'id' | 'spec'>>;

/** A submit of one task; `fields` are those of the task itself, `spec` what it shares with others. */
export function submit(id: string, spec: SpecOptions = {}, fields: TaskFields = {}): Command {
  const task: NewTask = { id: id as TaskId, spec: 0, payloadBytes: 10, ...fields };
  return { type: 'task.submit', specs: [taskSpec(spec)], tasks: [task] };
}

/** A submit of several tasks that share one spec. */
export function submitAll(tasks: readonly (TaskFields & { readonly id: string })[]): Command {
  const items = tasks.map((task) => ({
    payloadBytes: 10,
    ...task,
    id: task.id as TaskId,
    spec: 0,
  }));
  return { type: 'task.submit', specs: [taskSpec()], tasks: items };
}

/** Settings of a schedule whose tasks are plain; its timing is read by nobody in core. */
export function scheduleSettings(options: Partial<ScheduleSettings> = {}): ScheduleSettings {
  return {
    timing: { type: 'every', intervalMs: 1_000, offsetMs: 0 },
    task: { spec: taskSpec(), fields: { payloadBytes: 2 }, payload: '{}' },
    overlap: 'allow',
    catchUpMs: 10_000,
    catchUp: 'latest',
    jitterMs: 0,
    startAt: 0,
    endAt: 0,
    runsMax: 0,
    ...options,
  };
}

export function setSchedule(
  name: string,
  nextAt: number,
  settings: Partial<ScheduleSettings> = {},
): Command {
  const whole = scheduleSettings(settings);
  return { type: 'schedule.set', namespace: 'default', name, settings: whole, nextAt };
}

/** A firing; without a task id the moment is passed over. */
export function fire(key: string, nominalAt: number, nextAt: number, taskId?: string): Command {
  const id = taskId === undefined ? null : (taskId as TaskId);
  const items = [{ key, nominalAt, nextAt, taskId: id, missed: id === null ? 1 : 0 }];
  return { type: 'schedule.fire', items };
}

export function assign(taskId: string, agentId: string): Command {
  return {
    type: 'task.assign',
    taskIds: [taskId as TaskId],
    agentIds: [agentId as AgentId],
  };
}

export function complete(taskId: string, fencingToken: number): Command {
  const item = { taskId: taskId as TaskId, fencingToken, resultBytes: 5 };
  return { type: 'task.complete', items: [item] };
}

/** A redundant copy's result, by what it is compared by. */
export function vote(taskId: string, fencingToken: number, hash: string): Command {
  const item = { taskId: taskId as TaskId, fencingToken, resultBytes: 5, hash };
  return { type: 'task.complete', items: [item] };
}

export function hedge(taskId: string, fencingToken: number): Command {
  return { type: 'task.hedge', items: [{ taskId: taskId as TaskId, fencingToken }] };
}

export interface FailOptions {
  readonly code?: string;
  readonly message?: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly critique?: string;
  readonly downstream?: string;
}

export function fail(taskId: string, fencingToken: number, options: FailOptions = {}): Command {
  const { code = 'SMTP_DOWN', message = 'no route', retryable = true, ...rest } = options;
  const item = { taskId: taskId as TaskId, fencingToken, error: { code, message }, retryable };
  return { type: 'task.fail', items: [{ ...item, ...rest }] };
}

export function release(taskId: string, fencingToken: number, reason = 'released'): Command {
  return { type: 'task.release', items: [{ taskId: taskId as TaskId, fencingToken }], reason };
}

export const SILENT: TaskError = { code: 'HEARTBEAT_TIMEOUT', message: 'no word' };

export function breakLease(
  taskId: string,
  fencingToken: number,
  error: TaskError = SILENT,
): Command {
  const items = [{ taskId: taskId as TaskId, fencingToken }];
  return { type: 'task.break', items, error, reason: 'heartbeat_timeout' };
}

export function extend(taskId: string, fencingToken: number, runMs = 5_000): Command {
  return { type: 'task.extend', items: [{ taskId: taskId as TaskId, fencingToken }], runMs };
}

export function details(taskId: string, fencingToken: number, text = '{"page":7}'): Command {
  return {
    type: 'task.details',
    items: [{ taskId: taskId as TaskId, fencingToken, details: text }],
  };
}

export type AskOptions = Partial<Omit<AskItem, 'taskId' | 'fencingToken'>>;

/** A question under the key `ok`, to anybody, for ever. */
export function ask(taskId: string, fencingToken: number, options: AskOptions = {}): Command {
  const item = {
    taskId: taskId as TaskId,
    fencingToken,
    key: 'ok',
    message: 'all right?',
    schema: null,
    default: null,
    answerers: null,
    expiresMs: 0,
    ...options,
  };
  return { type: 'task.ask', items: [item] };
}

export interface AnswerOptions {
  readonly key?: string;
  readonly answer?: string;
  readonly by?: string | null;
}

export function answer(taskId: string, fencingToken: number, options: AnswerOptions = {}): Command {
  const given = { key: 'ok', answer: 'true', by: 'ann', ...options };
  return { type: 'task.answer', items: [{ taskId: taskId as TaskId, fencingToken, ...given }] };
}

export function cancel(taskId: string, reason = 'unwanted', graceMs = 0): Command {
  const grace = graceMs === 0 ? {} : { graceMs };
  return { type: 'task.cancel', taskIds: [taskId as TaskId], reason, ...grace };
}

export function output(
  taskId: string,
  fencingToken: number,
  lengths: readonly number[],
  from: number | null = null,
): Command {
  return {
    type: 'task.output',
    items: [{ taskId: taskId as TaskId, fencingToken, from, lengths }],
  };
}

export function retry(taskId: string): Command {
  return { type: 'task.retry', taskIds: [taskId as TaskId] };
}

export function purge(taskId: string): Command {
  return { type: 'dead-letter.purge', taskIds: [taskId as TaskId] };
}

export function register(
  agentId: string,
  spec: Partial<AgentSpec> = {},
  incarnation = 'first',
): Command {
  return {
    type: 'agent.register',
    agentId: agentId as AgentId,
    incarnation,
    spec: agentSpec(spec),
  };
}

export function enroll(
  agentIds: readonly string[],
  specs: readonly Partial<AgentSpec>[],
  specOf: readonly number[],
  incarnation = 'first',
): Command {
  return {
    type: 'agent.enroll',
    incarnation,
    specs: specs.map((spec) => agentSpec(spec)),
    agentIds: agentIds as readonly AgentId[],
    specOf,
  };
}

type AgentCommandType = 'agent.drain' | 'agent.lost' | 'agent.back' | 'agent.remove';

export function agentCommand(type: AgentCommandType, agentId: string): Command {
  return { type, agentId: agentId as AgentId };
}

export const ADVANCE: Command = { type: 'clock.advance' };
