/** How tasks, agents and queues are shown to the outside. */
import type { AgentView, InputView, QueueView, TaskOutcome, TaskView } from '../contract/index.ts';
import {
  isLeased,
  slotsUsed,
  startedAtOf,
  type Agent,
  type FamilyFacts,
  type FlowFacts,
  type TaskLinks,
  type AttemptFailure,
  type Queue,
  type Question,
  type Task,
  type TaskControl,
  type TaskExtra,
  type TaskRules,
  type TaskSpec,
} from '../core/index.ts';
import type { FinishedSummary, FinishedView } from '../store/index.ts';
import type { LinkKind } from './agent-link.ts';
import { copyFields } from './copy-views.ts';

/** A live task; `payload` is JSON text, or undefined to leave it out. */
export function liveTaskView(task: Task, payload?: string): TaskView {
  const { spec } = task.profile;
  const startedAt = isLeased(task) ? startedAtOf(task) : (task.failures.at(-1)?.startedAt ?? 0);
  const agentId = task.agentId ?? task.failures.at(-1)?.agentId;
  return {
    id: task.id,
    ...specFields(spec),
    state: task.state,
    reason: task.reason,
    attempt: task.attempt,
    createdAt: iso(task.createdAt),
    stateAt: iso(task.stateAt),
    ...moment('runAt', task.runAt),
    ...moment('startedAt', startedAt),
    ...moment('runUntil', task.runUntil),
    ...moment('deadlineAt', task.deadlineAt),
    ...(agentId === undefined ? {} : { agentId }),
    fencingToken: task.fencingToken,
    ...optionalFields(task),
    ...(task.extra === null ? {} : extraFields(task.extra, payload !== undefined)),
    ...(task.links === null ? {} : dependentsOf(task.links)),
    ...schemaField(spec, payload !== undefined),
    payloadBytes: task.payloadBytes,
    ...(payload === undefined ? {} : { payload: JSON.parse(payload) as unknown }),
    ...(task.error === null ? {} : { error: task.error }),
    failures: task.failures.map(failureView),
  };
}

/** A task of the history; with payload and result where they were read. */
export function finishedTaskView(task: FinishedSummary | FinishedView): TaskView {
  const payload = 'payload' in task ? task.payload : null;
  const result = 'result' in task ? task.result : null;
  return {
    id: task.id,
    ...specFields(task.spec),
    state: task.state,
    reason: task.reason,
    attempt: task.attempt,
    createdAt: iso(task.createdAt),
    stateAt: iso(task.finishedAt),
    ...moment('startedAt', task.startedAt),
    ...moment('deadlineAt', task.deadlineAt),
    ...(task.agentId === null ? {} : { agentId: task.agentId }),
    fencingToken: task.fencingToken,
    ...optionalFields(task),
    ...(task.extra === null ? {} : extraFields(task.extra, 'payload' in task)),
    ...schemaField(task.spec, 'payload' in task),
    payloadBytes: task.payloadBytes,
    ...(payload === null ? {} : { payload: JSON.parse(payload) as unknown }),
    ...(result === null ? {} : { result: JSON.parse(result) as unknown }),
    ...(task.error === null ? {} : { error: task.error }),
    failures: task.failures.map(failureView),
  };
}

/** How a task ended; `result` is JSON text. */
export function outcomeOf(
  task: { readonly id: string; readonly state: Task['state']; readonly error: Task['error'] },
  result: string | null,
): TaskOutcome {
  return {
    id: task.id,
    state: task.state,
    ...(result === null ? {} : { result: JSON.parse(result) as unknown }),
    ...(task.state === 'failed' && task.error !== null ? { error: task.error } : {}),
    ...(task.state === 'canceled' ? { error: CANCELED } : {}),
  };
}

const CANCELED = { code: 'CANCELED', message: 'the task was canceled' };

/** How an agent is reached, which only who leads knows. */
export interface AgentReach {
  readonly connection: LinkKind | null;
  readonly isAsleep: boolean;
  /** In milliseconds since 1970; null where that is not known. */
  readonly wakesAt: number | null;
}

export function agentView(agent: Agent, reach: AgentReach): AgentView {
  const { spec } = agent;
  const isBusy = agent.state === 'ready' && slotsUsed(agent) >= spec.slots;
  return {
    id: agent.id,
    kind: spec.kind,
    capabilities: [...spec.capabilities],
    slots: spec.slots,
    running: slotsUsed(agent),
    waiting: agent.waiting,
    labels: { ...spec.labels },
    cost: spec.cost,
    weight: spec.weight,
    heartbeatMs: spec.heartbeatMs,
    state: isBusy ? 'busy' : reach.isAsleep ? 'asleep' : agent.state,
    stateAt: iso(agent.stateAt),
    breaker: agent.breaker?.state ?? 'closed',
    registeredAt: iso(agent.registeredAt),
    ...(spec.availability === undefined ? {} : { availability: { ...spec.availability } }),
    ...(reach.wakesAt === null ? {} : { wakesAt: iso(reach.wakesAt) }),
    connection: reach.connection,
    ...trustFields(agent),
  };
}

function trustFields({ trust }: Agent): Pick<AgentView, 'trust'> {
  return trust === null ? {} : { trust: { ...trust } };
}

export function queueView(queue: Queue, oldestReadyAgeMs: number): QueueView {
  const { name, paused, scheduled, blocked, queued, running, input_required, failed } = queue;
  const { concurrencyMax, depthMax, rate, strategy } = queue.settings;
  return {
    name,
    strategy,
    depthMax,
    ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
    ...(rate === undefined ? {} : { rate: { ...rate } }),
    paused,
    scheduled,
    blocked,
    queued,
    running,
    input_required,
    failed,
    oldestReadyAgeMs,
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

type Moments = 'runAt' | 'startedAt' | 'runUntil' | 'deadlineAt';

function moment<Field extends Moments>(
  field: Field,
  ms: number,
): { readonly [K in Field]?: string } {
  return ms === 0 ? {} : ({ [field]: iso(ms) } as { readonly [K in Field]: string });
}

function specFields(
  spec: Task['profile']['spec'],
): Pick<
  TaskView,
  | 'namespace'
  | 'queue'
  | 'type'
  | 'priority'
  | 'requires'
  | 'retry'
  | 'timeouts'
  | 'concurrency'
  | 'downstreams'
  | 'redundancy'
  | 'hedge'
> {
  const { namespace, queue, type, priority, requires, retry, rules, timeouts } = spec;
  return {
    ...(rules?.concurrency === undefined ? {} : { concurrency: { ...rules.concurrency } }),
    ...(rules?.downstreams === undefined ? {} : { downstreams: [...rules.downstreams] }),
    namespace,
    queue,
    type,
    priority,
    requires: {
      capabilities: [...requires.capabilities],
      labels: { ...requires.labels },
      ...(requires.agent === undefined ? {} : { agent: requires.agent }),
    },
    retry: { ...retry, nonRetryable: [...retry.nonRetryable], ...retryRules(spec.rules) },
    timeouts: { ...timeouts },
    ...(rules?.redundancy === undefined ? {} : { redundancy: { ...rules.redundancy } }),
    ...(rules?.hedge === undefined ? {} : { hedge: { ...rules.hedge } }),
  };
}

function retryRules(rules: TaskRules | undefined): Partial<TaskView['retry']> {
  if (rules === undefined) return {};
  const { avoid, escalate, invalid } = rules;
  const steps = escalate?.map(({ capabilities, labels, ...rest }) => ({
    ...rest,
    ...(capabilities === undefined ? {} : { capabilities: [...capabilities] }),
    ...(labels === undefined ? {} : { labels: { ...labels } }),
  }));
  return {
    ...(steps === undefined ? {} : { escalate: steps }),
    ...(avoid === undefined ? {} : { avoid }),
    ...(invalid === undefined ? {} : { invalid: { ...invalid } }),
  };
}

function schemaField(spec: TaskSpec, isWhole: boolean): Pick<TaskView, 'resultSchema'> {
  const text = spec.rules?.resultSchema;
  return isWhole && text !== undefined ? { resultSchema: JSON.parse(text) as unknown } : {};
}

function optionalFields(
  task: Pick<Task, 'affinityKey' | 'idempotencyKey' | 'metadata'>,
): Pick<TaskView, 'affinityKey' | 'idempotencyKey' | 'metadata'> {
  return {
    ...(task.affinityKey === null ? {} : { affinityKey: task.affinityKey }),
    ...(task.idempotencyKey === null ? {} : { idempotencyKey: task.idempotencyKey }),
    ...(task.metadata === null ? {} : { metadata: { ...task.metadata } }),
  };
}

/** What a list leaves out may be large. A row of an earlier version lacks the slots that came since. */
function extraFields(extra: TaskExtra, isWhole: boolean): Partial<TaskView> {
  const { answers, control, details, dialogue, traceparent, ...rest } = extra;
  const { family, flow, usage }: Partial<TaskExtra> = rest;
  const question = dialogue?.question ?? null;
  return {
    ...(traceparent === null ? {} : { traceparent }),
    ...(flow == null ? {} : flowFields(flow, isWhole)),
    ...(family == null ? {} : familyFields(family)),
    ...(usage == null ? {} : { usage }),
    ...(control == null ? {} : controlView(control)),
    ...(question === null ? {} : { input: inputView(question) }),
    ...scheduleField(extra),
    ...copyFields(extra),
    ...(isWhole && answers.length > 0
      ? {
          answers: answers.map(({ answer, at, by, key, reason }) => ({
            key,
            answer: JSON.parse(answer) as unknown,
            by,
            ...(reason === null ? {} : { reason }),
            at: iso(at),
          })),
        }
      : {}),
    ...(isWhole && details !== null ? { details: JSON.parse(details) as unknown } : {}),
    ...retryFields(rest, isWhole),
  };
}

type RetryField = 'critique' | 'avoid' | 'cancel' | 'outputChunks';

/** A row of an older version has no such slots. */
function retryFields(
  { avoid, cancel, critique, output }: Partial<TaskExtra>,
  isWhole: boolean,
): Pick<TaskView, RetryField> {
  return {
    ...(isWhole && critique != null ? { critique } : {}),
    ...(avoid == null ? {} : { avoid: { agents: [...avoid.agents], zones: [...avoid.zones] } }),
    ...(cancel == null
      ? {}
      : {
          cancel: {
            reason: cancel.reason,
            requestedAt: iso(cancel.requestedAt),
            until: iso(cancel.until),
          },
        }),
    ...(output == null ? {} : { outputChunks: output.chunks }),
  };
}

function familyFields({ children, depth, flowId, parentId }: FamilyFacts): Partial<TaskView> {
  return {
    ...(flowId === null ? {} : { flowId }),
    ...(parentId === null ? {} : { parentId }),
    ...(depth === 0 ? {} : { depth }),
    ...(children === 0 ? {} : { children }),
  };
}

/** Parents shown of a task in a list. */
const LISTED_PARENTS_MAX = 100;

function flowFields(
  { dependsOn, ref }: FlowFacts,
  isWhole: boolean,
): Pick<TaskView, 'ref' | 'dependsOn'> {
  const shown = isWhole ? dependsOn : dependsOn.slice(0, LISTED_PARENTS_MAX);
  return {
    ...(ref === null ? {} : { ref }),
    ...(shown.length === 0
      ? {}
      : {
          dependsOn: shown.map(({ onFailure = 'fail', taskId }) => ({ taskId, onFailure })),
        }),
  };
}

function dependentsOf({ dependents, gone }: TaskLinks): Pick<TaskView, 'dependents'> {
  const count = dependents.length - gone;
  return count === 0 ? {} : { dependents: count };
}

function controlView(control: TaskControl): Partial<TaskView> {
  const { concurrencyKey, dedupe, estimate, fairnessKey, limits, placement } = control;
  return {
    ...(concurrencyKey === null ? {} : { concurrencyKey }),
    ...(fairnessKey === null ? {} : { fairnessKey }),
    ...(limits === null ? {} : { limits: limits.map((use) => ({ ...use })) }),
    ...(dedupe === null ? {} : { dedupe: dedupe as NonNullable<TaskView['dedupe']> }),
    ...(estimate === null ? {} : { estimate: { ...estimate } }),
    ...(placement === undefined ? {} : { placement }),
  };
}

/** The firing that made a task, where one did. */
export function scheduleField(extra: TaskExtra | null): Pick<TaskView, 'schedule'> {
  // Absent in rows of versions that knew none.
  const schedule = extra?.schedule;
  if (schedule == null) return {};
  return { schedule: { name: schedule.key, nominalAt: iso(schedule.nominalAt) } };
}

function inputView(question: Question): InputView {
  const { answerers, askedAt, expiresAt, key, message, schema } = question;
  return {
    key,
    message,
    ...(schema === null ? {} : { schema: JSON.parse(schema) as unknown }),
    askedAt: iso(askedAt),
    ...(expiresAt === 0 ? {} : { expiresAt: iso(expiresAt) }),
    ...(answerers === null ? {} : { answerers: [...answerers] }),
  };
}

function failureView(failure: AttemptFailure): TaskView['failures'][number] {
  return {
    attempt: failure.attempt,
    agentId: failure.agentId,
    startedAt: iso(failure.startedAt),
    endedAt: iso(failure.endedAt),
    error: failure.error,
  };
}
