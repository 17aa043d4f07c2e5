import Type, { type Static } from 'typebox';
import { Availability } from './availability.ts';
import { BreakerStateText } from './breaker.ts';
import { UsageBody } from './budget.ts';
import { TrustView } from './copies.ts';
import { InputPrompt } from './input.ts';
import { Key, Labels, Name } from './names.ts';

const closed = { additionalProperties: false } as const;

export const RegisterAgent = Type.Object(
  {
    id: Name,
    kind: Type.Optional({ ...Name, default: 'general' }),
    capabilities: Type.Array(Name, { minItems: 1, maxItems: 256 }),
    slots: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 1 })),
    labels: Type.Optional(Labels),
    cost: Type.Optional(Type.Number({ minimum: 0, maximum: 1e9, default: 0 })),
    weight: Type.Optional(
      Type.Number({
        minimum: 0.001,
        maximum: 1e6,
        default: 1,
        description: 'Relative share of the work, where the strategy of a queue goes by weights',
      }),
    ),
    heartbeatMs: Type.Optional(
      Type.Integer({
        minimum: 1000,
        maximum: 86_400_000,
        default: 30_000,
        description: 'Silence after which the agent counts as lost',
      }),
    ),
    availability: Type.Optional(Availability),
  },
  { ...closed, title: 'RegisterAgent' },
);
export type RegisterAgent = Static<typeof RegisterAgent>;

export const AgentView = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    capabilities: Type.Array(Type.String()),
    slots: Type.Integer(),
    running: Type.Integer({ description: 'Slots in use' }),
    waiting: Type.Integer({ description: 'Leases that wait for input, which take no slot' }),
    labels: Type.Record(Type.String(), Type.String()),
    cost: Type.Number(),
    weight: Type.Number(),
    heartbeatMs: Type.Integer(),
    state: Type.Union([
      Type.Literal('ready'),
      Type.Literal('busy'),
      Type.Literal('asleep', { description: 'Not there, as agreed; see `availability`' }),
      Type.Literal('draining'),
      Type.Literal('lost'),
      Type.Literal('killed'),
    ]),
    stateAt: Type.String(),
    breaker: BreakerStateText,
    registeredAt: Type.String(),
    availability: Type.Optional(Availability),
    wakesAt: Type.Optional(
      Type.String({
        description:
          'When one that is asleep is expected; for a webhook, when it is called again after calls failed',
      }),
    ),
    connection: Type.Union(
      [
        Type.Literal('in-process'),
        Type.Literal('channel'),
        Type.Literal('poll'),
        Type.Literal('webhook'),
        Type.Null(),
      ],
      {
        description: 'How it takes tasks right now; null while it does not',
      },
    ),
    trust: Type.Optional(TrustView),
  },
  { title: 'Agent' },
);
export type AgentView = Static<typeof AgentView>;

export const AgentList = Type.Object(
  { items: Type.Array(AgentView), nextCursor: Type.Union([Type.String(), Type.Null()]) },
  { title: 'AgentList' },
);
export type AgentList = Static<typeof AgentList>;

export const LeaseRequest = Type.Object(
  {
    max: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 1 })),
    waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000, default: 0 })),
  },
  { ...closed, title: 'LeaseRequest' },
);
export type LeaseRequest = Static<typeof LeaseRequest>;

const CancelRequested = Type.Object(
  { reason: Type.String(), until: Type.String() },
  { description: 'The attempt should end by itself; past `until` it loses its lease' },
);

export const LeaseView = Type.Object(
  {
    taskId: Type.String(),
    fencingToken: Type.Integer(),
    attempt: Type.Integer(),
    type: Type.String(),
    payload: Type.Unknown(),
    lastDetails: Type.Optional(
      Type.Unknown({ description: 'What an earlier attempt last said of how far it was' }),
    ),
    parents: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'How the tasks it depended on ended, by ref or id: `{state, result | error: {code, message}}`',
      }),
    ),
    traceparent: Type.Optional(
      Type.String({ description: "The attempt's, where the task was submitted with one" }),
    ),
    lastError: Type.Optional(
      Type.Object(
        {
          code: Type.String(),
          message: Type.String(),
          attempt: Type.Integer(),
          agentId: Type.String(),
        },
        { description: 'How the attempt before ended' },
      ),
    ),
    critique: Type.Optional(Type.String({ description: 'What this attempt should do better' })),
    cancelRequested: Type.Optional(CancelRequested),
    runUntil: Type.Union([Type.String(), Type.Null()], { description: 'null: no bound' }),
  },
  { title: 'Lease' },
);
export type LeaseView = Static<typeof LeaseView>;

export const LeaseList = Type.Object({ leases: Type.Array(LeaseView) }, { title: 'Leases' });

const Details = Type.Unknown({
  description: 'How far it is, up to 64 KiB; the next attempt gets the newest',
});

const FencingToken = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

export const CompleteLease = Type.Object(
  {
    fencingToken: FencingToken,
    result: Type.Optional(Type.Unknown()),
    usage: Type.Optional(UsageBody),
  },
  { ...closed, title: 'CompleteLease' },
);

export const FailLease = Type.Object(
  {
    fencingToken: FencingToken,
    error: Type.Object(
      {
        code: Type.String({ minLength: 1, maxLength: 100 }),
        message: Type.Optional(Type.String({ maxLength: 65_536 })),
        retryable: Type.Optional(Type.Boolean({ default: true })),
        retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000_000 })),
      },
      closed,
    ),
    usage: Type.Optional(UsageBody),
    downstream: Type.Optional({
      ...Name,
      description: 'The service whose fault it was: then nobody else is blamed',
    }),
    critique: Type.Optional(
      Type.String({ maxLength: 65_536, description: 'What the next attempt should do better' }),
    ),
  },
  { ...closed, title: 'FailLease' },
);

export const ExtendLease = Type.Object(
  {
    fencingToken: FencingToken,
    runMs: Type.Integer({ minimum: 1, maximum: 31_536_000_000 }),
    details: Type.Optional(Details),
  },
  { ...closed, title: 'ExtendLease' },
);

export const ProgressLease = Type.Object(
  {
    fencingToken: FencingToken,
    fraction: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    note: Type.Optional(Type.String({ maxLength: 1000 })),
    chunk: Type.Optional(
      Type.Unknown({ description: 'A part of the output, up to 1 MiB; durable once answered' }),
    ),
    details: Type.Optional(Details),
  },
  { ...closed, title: 'ProgressLease' },
);

export const ReleaseLease = Type.Object(
  { fencingToken: FencingToken, reason: Type.Optional(Type.String({ maxLength: 1000 })) },
  { ...closed, title: 'ReleaseLease' },
);

export const AskLease = Type.Object(
  { fencingToken: FencingToken, prompt: InputPrompt },
  { ...closed, title: 'AskLease' },
);

export const InputQuery = Type.Object(
  {
    fencingToken: FencingToken,
    key: Type.Optional({ ...Key, description: 'Default: the newest question of the attempt' }),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        default: 0,
        description: 'How long to wait for the answer',
      }),
    ),
  },
  closed,
);

/** What an attempt that asked is told: the answer, or that it must wait. */
export const AskAnswer = Type.Object(
  {
    taskId: Type.String(),
    state: Type.String(),
    key: Type.String(),
    answer: Type.Optional(Type.Unknown()),
    by: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    reason: Type.Optional(Type.String()),
  },
  { title: 'AskAnswer' },
);

/** How a lease call ended well. */
export const LeaseAnswer = Type.Object(
  {
    taskId: Type.String(),
    state: Type.String(),
    cancelRequested: Type.Optional(CancelRequested),
  },
  { title: 'LeaseAnswer' },
);
