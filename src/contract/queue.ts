import Type, { type Static } from 'typebox';
import { ConcurrencyMax, RateBody } from './control.ts';

const closed = { additionalProperties: false } as const;

export const StrategyText = Type.Union(
  [
    Type.Literal('round-robin'),
    Type.Literal('weighted-round-robin'),
    Type.Literal('least-loaded'),
    Type.Literal('shortest-expected-delay'),
    Type.Literal('power-of-two-choices'),
    Type.Literal('consistent-hash'),
    Type.Literal('latency-aware'),
    Type.Literal('born'),
    Type.Literal('born+p2c'),
    Type.Literal('born+zones'),
    Type.Literal('born+zones+p2c'),
  ],
  { title: 'Strategy' },
);

export const QueueSettingsBody = Type.Object(
  {
    strategy: Type.Optional(StrategyText),
    depthMax: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
    concurrencyMax: Type.Optional(
      Type.Union([ConcurrencyMax, Type.Null()], {
        description: 'Attempts at once, at most; null for no bound',
      }),
    ),
    rate: Type.Optional(
      Type.Union([RateBody, Type.Null()], { description: 'Starts in a time; null for no bound' }),
    ),
  },
  { ...closed, title: 'QueueSettings' },
);

export const QueueView = Type.Object(
  {
    name: Type.String(),
    strategy: StrategyText,
    depthMax: Type.Integer(),
    concurrencyMax: Type.Optional(Type.Integer()),
    rate: Type.Optional(RateBody),
    paused: Type.Boolean(),
    scheduled: Type.Integer(),
    blocked: Type.Integer({ description: 'Waiting for other tasks' }),
    queued: Type.Integer(),
    running: Type.Integer(),
    input_required: Type.Integer({ description: 'Waiting for an answer' }),
    failed: Type.Integer({ description: 'Dead letters' }),
    oldestReadyAgeMs: Type.Integer({
      description: 'Age of the oldest task that could start now; 0 when none',
    }),
  },
  { title: 'Queue' },
);
export type QueueView = Static<typeof QueueView>;

export const QueueList = Type.Object(
  { items: Type.Array(QueueView), nextCursor: Type.Null() },
  { title: 'QueueList' },
);
export type QueueList = Static<typeof QueueList>;
