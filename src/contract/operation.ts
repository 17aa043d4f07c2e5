import Type, { type Static } from 'typebox';
import { Name, QueueName, TaskIdText } from './names.ts';
import { QUERY_TEXT_MAX } from './query/index.ts';
import { Requires, TaskView } from './task.ts';

const closed = { additionalProperties: false } as const;

/** Tasks in a sample, at most. */
export const SAMPLE_MAX = 10_000;
/** Tasks a second that an operation can be slowed down to, at most. */
const RATE_MAX = 1_000_000;
/** Longest payload or patch that an operation keeps, in UTF-16 units of its JSON text. */
export const OPERATION_TEXT_MAX: number = 64 * 1024;

/** Who asks for a change, and why. */
export const Accountable = {
  by: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Who asks for it' })),
  reason: Type.Optional(Type.String({ maxLength: 1000, description: 'Why' })),
};

const RequiresChange = Type.Object(
  {
    ...Requires.properties,
    agent: Type.Optional(
      Type.Union([Name, Type.Null()], {
        description: 'Id of the only agent that may have it; null for any',
      }),
    ),
  },
  { ...closed, description: 'What an agent must offer; what is absent stays' },
);

/** How tasks are changed; each field on its own. */
export const RedriveParams = Type.Object(
  {
    queue: Type.Optional(QueueName),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 })),
    requires: Type.Optional(RequiresChange),
    payload: Type.Optional(Type.Unknown({ description: 'Becomes the payload' })),
    patch: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'JSON Merge Patch (RFC 7396) of the payload',
      }),
    ),
    avoidAgents: Type.Optional(
      Type.Union([Type.Literal('failed'), Type.Array(Name, { minItems: 1, maxItems: 5 })], {
        description:
          'Agents that it is kept from while another ready one could take it; `failed`: those it failed on',
      }),
    ),
    resetAttempts: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'False keeps the count of attempts, but for one that it gets at least',
      }),
    ),
  },
  { ...closed, title: 'RedriveParams' },
);
export type RedriveParams = Static<typeof RedriveParams>;

/** One dead letter queued again. */
export const RedriveBody = Type.Object(
  { ...RedriveParams.properties, ...Accountable },
  { ...closed, title: 'Redrive' },
);
export type RedriveBody = Static<typeof RedriveBody>;

export const OPERATION_ACTIONS = ['cancel', 'retry', 'redrive', 'purge', 'reprioritise'] as const;
export type OperationActionName = (typeof OPERATION_ACTIONS)[number];

const ActionText = Type.Union(
  [
    Type.Literal('cancel'),
    Type.Literal('retry'),
    Type.Literal('redrive'),
    Type.Literal('purge'),
    Type.Literal('reprioritise'),
  ],
  {
    title: 'OperationAction',
    description:
      'cancel: tasks that are not finished; reprioritise: waiting ones; the others: dead letters',
  },
);

export const OPERATION_STATES = ['running', 'completed', 'aborted', 'failed'] as const;
export const OperationStateText = Type.Union(
  [
    Type.Literal('running'),
    Type.Literal('completed'),
    Type.Literal('aborted'),
    Type.Literal('failed'),
  ],
  { title: 'OperationState' },
);

/** A change of many tasks at once. */
export const OperationBody = Type.Object(
  {
    action: ActionText,
    query: Type.String({
      minLength: 1,
      maxLength: QUERY_TEXT_MAX,
      description: 'Which tasks; see docs/search.md',
    }),
    group: Type.Optional(
      Type.String({ maxLength: 100, description: 'Only dead letters of this group of failures' }),
    ),
    dryRun: Type.Optional(
      Type.Boolean({ default: false, description: 'Only count, and show the newest of them' }),
    ),
    rate: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: RATE_MAX, description: 'Tasks a second' }),
    ),
    sample: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: SAMPLE_MAX,
        description: 'A number of tasks, or below 1 a share of them; the same for the same seed',
      }),
    ),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff, default: 0 })),
    includePoison: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Queue also those again that lost their agents',
      }),
    ),
    params: Type.Optional(RedriveParams),
    ...Accountable,
  },
  { ...closed, title: 'NewOperation' },
);
export type OperationBody = Static<typeof OperationBody>;

export const OperationView = Type.Object(
  {
    id: Type.String(),
    action: ActionText,
    query: Type.String(),
    group: Type.Optional(Type.String()),
    state: OperationStateText,
    by: Type.String(),
    reason: Type.Optional(Type.String()),
    rate: Type.Optional(Type.Number()),
    params: Type.Optional(RedriveParams),
    startedAt: Type.String(),
    endedAt: Type.Optional(Type.String()),
    endedBy: Type.Optional(Type.String({ description: 'Who aborted it' })),
    endedReason: Type.Optional(Type.String()),
    matched: Type.Integer({ description: 'Tasks that matched just before it started' }),
    done: Type.Integer(),
    refused: Type.Integer({ description: 'Tasks that had moved on when their turn came' }),
    remaining: Type.Integer({ description: 'Matched and not yet dealt with; 0 once completed' }),
  },
  { title: 'Operation' },
);
export type OperationView = Static<typeof OperationView>;

export const DryRunView = Type.Object(
  {
    dryRun: Type.Literal(true),
    matched: Type.Integer(),
    examples: Type.Array(TaskView, { description: 'The newest of them, at most 10' }),
  },
  { title: 'DryRun' },
);
export type DryRunView = Static<typeof DryRunView>;

export const OperationList = Type.Object(
  { items: Type.Array(OperationView), nextCursor: Type.Null() },
  { title: 'OperationList' },
);
export type OperationList = Static<typeof OperationList>;

export const OperationItemList = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          taskId: TaskIdText,
          outcome: Type.String({ description: '`done`, or the code of the refusal' }),
        },
        closed,
      ),
    ),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'OperationItemList' },
);
export type OperationItemList = Static<typeof OperationItemList>;

export const AbortBody = Type.Object(Accountable, { ...closed, title: 'Abort' });
export type AbortBody = Static<typeof AbortBody>;

export const FAILURE_GROUP_STATES = ['open', 'resolved', 'ignored'] as const;
export const FailureGroupStateText = Type.Union(
  [Type.Literal('open'), Type.Literal('resolved'), Type.Literal('ignored')],
  { title: 'FailureGroupState' },
);
export type FailureGroupStateName = Static<typeof FailureGroupStateText>;

/** Dead letters that failed alike. */
export const FailureGroupView = Type.Object(
  {
    key: Type.String(),
    type: Type.String({ description: 'Type of the tasks; empty for what found no group' }),
    code: Type.String(),
    message: Type.String({ description: 'Without what differs from task to task' }),
    state: FailureGroupStateText,
    firstAt: Type.String(),
    lastAt: Type.String(),
    count: Type.Integer({ description: 'Failures ever' }),
    live: Type.Integer({ description: 'Dead letters now' }),
    exampleId: Type.String({ description: 'The task that joined last' }),
    by: Type.Optional(Type.String({ description: 'Who said last what state it is in' })),
    note: Type.Optional(Type.String()),
    saidAt: Type.Optional(Type.String()),
  },
  { title: 'FailureGroup' },
);
export type FailureGroupView = Static<typeof FailureGroupView>;

export const FailureGroupList = Type.Object(
  { items: Type.Array(FailureGroupView), total: Type.Integer() },
  { title: 'FailureGroupList' },
);
export type FailureGroupList = Static<typeof FailureGroupList>;

export const FailureGroupBody = Type.Object(
  {
    state: FailureGroupStateText,
    by: Accountable.by,
    note: Type.Optional(Type.String({ maxLength: 1000 })),
  },
  { ...closed, title: 'FailureGroupChange' },
);
export type FailureGroupBody = Static<typeof FailureGroupBody>;

/** A dead letter with everything known of it. */
export const DeadLetterView = Type.Object(
  {
    ...TaskView.properties,
    group: Type.Optional(FailureGroupView),
    isPoison: Type.Boolean({ description: 'It lost too many agents' }),
  },
  { title: 'DeadLetter' },
);
export type DeadLetterView = Static<typeof DeadLetterView>;
