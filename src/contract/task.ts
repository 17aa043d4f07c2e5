import Type, { type Static } from 'typebox';
import { BudgetBody, BudgetView, KillView, UsageBody } from './budget.ts';
import { DependencyView, DependsOn, Ref } from './dependency.ts';
import {
  ConcurrencyKey,
  ConcurrencyRule,
  DedupeBody,
  EstimateBody,
  FairnessKey,
  LimitUses,
} from './control.ts';
import { Downstreams } from './breaker.ts';
import { CopiesView, CopyOfView, HedgeBody, RedundancyBody } from './copies.ts';
import { InputView, KeptAnswerView } from './input.ts';
import { DurationMs, Key, Labels, Moment, Name, QueueName, TaskIdText } from './names.ts';
import { PlacementBody } from './placement.ts';
import { TaskScheduleView } from './task-schedule.ts';
import { Traceparent } from './trace.ts';

const closed = { additionalProperties: false } as const;

export const Requires = Type.Object(
  {
    capabilities: Type.Optional(
      Type.Array(Name, { maxItems: 32, description: 'Default: the task type itself' }),
    ),
    labels: Type.Optional(Labels),
    agent: Type.Optional({ ...Name, description: 'Id of the only agent that may have it' }),
  },
  { ...closed, description: 'What an agent must offer' },
);

const EscalationStep = Type.Object(
  {
    afterAttempt: Type.Integer({ minimum: 1, maximum: 2000 }),
    capabilities: Type.Optional(Type.Array(Name, { maxItems: 32 })),
    labels: Type.Optional(Labels),
    queue: Type.Optional(QueueName),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 })),
  },
  closed,
);

export const Retry = Type.Object(
  {
    attemptsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 3 })),
    strategy: Type.Optional(
      Type.Union(
        [
          Type.Literal('exponential'),
          Type.Literal('linear'),
          Type.Literal('fixed'),
          Type.Literal('fibonacci'),
          Type.Literal('decorrelated-jitter'),
        ],
        { default: 'exponential' },
      ),
    ),
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000, default: 1000 })),
    delayMsMax: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2_592_000_000, default: 60_000 }),
    ),
    jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.2 })),
    nonRetryable: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 64 }),
    ),
    escalate: Type.Optional(
      Type.Array(EscalationStep, {
        maxItems: 16,
        description: 'What the attempts after a failed one ask for instead',
      }),
    ),
    avoid: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('agent'), Type.Literal('zone')], {
        description:
          'Whom a retry is kept from: the agents it failed on while another is ready, and their zones. Absent: the last agent comes last; none: any',
      }),
    ),
    invalid: Type.Optional(
      Type.Object(
        {
          attemptsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 3 })),
          critique: Type.Optional(Type.Boolean({ default: true })),
        },
        { ...closed, description: 'Attempts whose result does not match, counted apart' },
      ),
    ),
  },
  { ...closed, description: 'When a failed attempt is followed by another' },
);

export const Timeouts = Type.Object(
  {
    queueMs: Type.Optional({ ...DurationMs, description: 'From ready to the start of an attempt' }),
    runMs: Type.Optional({ ...DurationMs, description: 'One attempt' }),
    heartbeatMs: Type.Optional({
      ...DurationMs,
      description: 'Longest silence about a running task',
    }),
    totalMs: Type.Optional({ ...DurationMs, description: 'From submission to the end' }),
  },
  { ...closed, description: 'How long a task may stay in one place; absent means unbounded' },
);

/** Everything a submit can say about its task but the payload. */
const submitFields = {
  namespace: Type.Optional({ ...QueueName, default: 'default' }),
  queue: Type.Optional({ ...QueueName, default: 'default' }),
  type: Name,
  priority: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 9, default: 4, description: '9 goes first' }),
  ),
  requires: Type.Optional(Requires),
  affinityKey: Type.Optional(Key),
  idempotencyKey: Type.Optional(Key),
  runAt: Type.Optional(Moment),
  delayMs: Type.Optional(DurationMs),
  deadlineAt: Type.Optional(Moment),
  timeouts: Type.Optional(Timeouts),
  retry: Type.Optional(Retry),
  metadata: Type.Optional(
    Type.Record(Type.String({ minLength: 1, maxLength: 100 }), Type.Unknown(), {
      maxProperties: 64,
    }),
  ),
  traceparent: Type.Optional(Traceparent),
  ref: Type.Optional(Ref),
  dependsOn: Type.Optional(DependsOn),
  parentId: Type.Optional({
    ...TaskIdText,
    description: 'The running task that it comes from; set by `context.submit`',
  }),
  parentToken: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Fencing token of the attempt that submits it' }),
  ),
  allowLoop: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'May come from a task with the same type and payload',
    }),
  ),
  budget: Type.Optional(BudgetBody),
  resultSchema: Type.Optional(
    Type.Unknown({ description: 'JSON Schema, up to 64 KiB, that the result must meet' }),
  ),
  concurrencyKey: Type.Optional(ConcurrencyKey),
  concurrency: Type.Optional(ConcurrencyRule),
  fairnessKey: Type.Optional(FairnessKey),
  limits: Type.Optional(LimitUses),
  dedupe: Type.Optional(DedupeBody),
  estimate: Type.Optional(EstimateBody),
  placement: Type.Optional(PlacementBody),
  downstreams: Type.Optional(Downstreams),
  redundancy: Type.Optional(RedundancyBody),
  hedge: Type.Optional(HedgeBody),
};

/** A task as it is submitted, without its payload: what the channel sends once per kind of task. */
export const TaskOptions = Type.Object(submitFields, closed);
export type TaskOptions = Static<typeof TaskOptions>;

/** A task as it is submitted. */
export const SubmitTask = Type.Object(
  {
    ...submitFields,
    payload: Type.Optional(Type.Unknown({ description: 'Any JSON value; null when absent' })),
  },
  { ...closed, title: 'SubmitTask' },
);
export type SubmitTask = Static<typeof SubmitTask>;

/** Tasks in one submit, at most. */
export const SUBMIT_TASKS_MAX = 10_000;

export const SubmitTasks = Type.Object(
  { tasks: Type.Array(SubmitTask, { minItems: 1, maxItems: SUBMIT_TASKS_MAX }) },
  { ...closed, title: 'SubmitTasks', description: 'All are taken, or none' },
);
export type SubmitTasks = Static<typeof SubmitTasks>;

export const TASK_STATES = [
  'scheduled',
  'blocked',
  'queued',
  'running',
  'input_required',
  'completed',
  'failed',
  'canceled',
] as const;
export type TaskStateName = (typeof TASK_STATES)[number];

export const TaskStateText = Type.Union(
  [
    Type.Literal('scheduled'),
    Type.Literal('blocked'),
    Type.Literal('queued'),
    Type.Literal('running'),
    Type.Literal('input_required'),
    Type.Literal('completed'),
    Type.Literal('failed'),
    Type.Literal('canceled'),
  ],
  { title: 'TaskState' },
);

export const ErrorInfo = Type.Object({ code: Type.String(), message: Type.String() }, closed);
export type ErrorInfo = Static<typeof ErrorInfo>;

export const AttemptFailureView = Type.Object(
  {
    attempt: Type.Integer(),
    agentId: Type.String(),
    startedAt: Type.String(),
    endedAt: Type.String(),
    error: ErrorInfo,
  },
  closed,
);

/** A task as it is shown. Moments are ISO 8601 in UTC. */
export const TaskView = Type.Object(
  {
    id: TaskIdText,
    namespace: Type.String(),
    queue: Type.String(),
    type: Type.String(),
    state: TaskStateText,
    reason: Type.Union([Type.String(), Type.Null()], {
      description: 'Why it is in this state, where that is not plain',
    }),
    priority: Type.Integer(),
    attempt: Type.Integer({ description: 'Attempts started so far' }),
    createdAt: Type.String(),
    stateAt: Type.String({ description: 'When it entered this state' }),
    runAt: Type.Optional(Type.String({ description: 'When a scheduled task becomes ready' })),
    startedAt: Type.Optional(Type.String({ description: 'When the newest attempt started' })),
    runUntil: Type.Optional(Type.String({ description: 'When the running attempt times out' })),
    deadlineAt: Type.Optional(Type.String()),
    agentId: Type.Optional(Type.String({ description: 'Agent of the newest attempt' })),
    fencingToken: Type.Integer({ description: 'Token of the newest attempt; 0 before the first' }),
    requires: Requires,
    retry: Retry,
    timeouts: Timeouts,
    affinityKey: Type.Optional(Type.String()),
    idempotencyKey: Type.Optional(Type.String()),
    metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    traceparent: Type.Optional(Type.String({ description: 'As it was submitted' })),
    ref: Type.Optional(Type.String({ description: 'Its name in the submit it came with' })),
    dependsOn: Type.Optional(
      Type.Array(DependencyView, {
        description: 'Tasks it waits for; in lists at most 100 of them',
      }),
    ),
    dependents: Type.Optional(
      Type.Integer({ description: 'Live tasks that wait for it, or did; absent for none' }),
    ),
    flowId: Type.Optional(Type.String()),
    parentId: Type.Optional(Type.String({ description: 'The task that submitted it' })),
    depth: Type.Optional(Type.Integer({ description: 'Generations above it' })),
    children: Type.Optional(Type.Integer({ description: 'Tasks that it submitted' })),
    budget: Type.Optional(BudgetView),
    usage: Type.Optional({ ...UsageBody, description: 'What its attempts reported' }),
    killed: Type.Optional(KillView),
    concurrencyKey: Type.Optional(Type.String()),
    concurrency: Type.Optional(ConcurrencyRule),
    fairnessKey: Type.Optional(Type.String()),
    limits: Type.Optional(LimitUses),
    dedupe: Type.Optional(DedupeBody),
    estimate: Type.Optional(EstimateBody),
    placement: Type.Optional(PlacementBody),
    downstreams: Type.Optional(Downstreams),
    input: Type.Optional({ ...InputView, description: 'The question that it waits on' }),
    answers: Type.Optional(
      Type.Array(KeptAnswerView, { description: 'Absent in lists; answers so far, by key' }),
    ),
    details: Type.Optional(
      Type.Unknown({ description: 'Absent in lists; what an attempt last said of how far it is' }),
    ),
    progress: Type.Optional(
      Type.Object(
        {
          fraction: Type.Optional(Type.Number({ description: '0 to 1' })),
          note: Type.Optional(Type.String()),
          at: Type.String(),
        },
        {
          description:
            'Absent in lists; what the running attempt last said of how far it is, not kept over restarts',
        },
      ),
    ),
    schedule: Type.Optional({ ...TaskScheduleView, description: 'The firing that made it' }),
    resultSchema: Type.Optional(Type.Unknown({ description: 'Absent in lists' })),
    critique: Type.Optional(
      Type.String({ description: 'Absent in lists; what the next attempt should know' }),
    ),
    avoid: Type.Optional(
      Type.Object({ agents: Type.Array(Type.String()), zones: Type.Array(Type.String()) }),
    ),
    cancel: Type.Optional(
      Type.Object(
        { reason: Type.String(), requestedAt: Type.String(), until: Type.String() },
        { description: 'The attempt was asked to end by itself until then' },
      ),
    ),
    redundancy: Type.Optional(RedundancyBody),
    hedge: Type.Optional(HedgeBody),
    copies: Type.Optional(CopiesView),
    copyOf: Type.Optional(CopyOfView),
    outputChunks: Type.Optional(Type.Integer({ description: 'Chunks of output so far' })),
    payloadBytes: Type.Integer(),
    payload: Type.Optional(Type.Unknown({ description: 'Absent in lists' })),
    result: Type.Optional(Type.Unknown({ description: 'Absent in lists and until completed' })),
    error: Type.Optional(ErrorInfo),
    failures: Type.Array(AttemptFailureView, {
      description: 'The newest failed attempts, oldest first',
    }),
  },
  { title: 'Task' },
);
export type TaskView = Static<typeof TaskView>;

export const TaskList = Type.Object(
  { items: Type.Array(TaskView), nextCursor: Type.Union([Type.String(), Type.Null()]) },
  { title: 'TaskList' },
);
export type TaskList = Static<typeof TaskList>;

/** What became of a task; `result` or `error` once it is finished. */
export const TaskOutcome = Type.Object(
  {
    id: Type.String(),
    state: TaskStateText,
    result: Type.Optional(Type.Unknown()),
    error: Type.Optional(ErrorInfo),
  },
  { title: 'TaskOutcome' },
);
export type TaskOutcome = Static<typeof TaskOutcome>;

/** What one task of a channel submit has of its own; see {@link SubmitTask}. Moments in milliseconds. */
export const SubmitExtrasBody = Type.Object(
  {
    runAt: Type.Optional(Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 })),
    deadlineAt: Type.Optional(Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 })),
    affinityKey: Type.Optional(Key),
    idempotencyKey: Type.Optional(Key),
    metadata: submitFields.metadata,
    traceparent: submitFields.traceparent,
    ref: submitFields.ref,
    dependsOn: submitFields.dependsOn,
    parentId: submitFields.parentId,
    parentToken: submitFields.parentToken,
    allowLoop: submitFields.allowLoop,
    budget: submitFields.budget,
    concurrencyKey: submitFields.concurrencyKey,
    fairnessKey: submitFields.fairnessKey,
    limits: submitFields.limits,
    dedupe: submitFields.dedupe,
    estimate: submitFields.estimate,
    placement: submitFields.placement,
  },
  closed,
);
