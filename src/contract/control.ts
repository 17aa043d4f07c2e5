/** What a submit says of when its task may start beside others, and what operators set for that. */
import Type, { type Static } from 'typebox';
import { DurationMs, Key, Name, QueueName } from './names.ts';

const closed = { additionalProperties: false } as const;

const UNITS_MAX = 1_000_000_000;
const Units = Type.Integer({ minimum: 1, maximum: UNITS_MAX });

export const ConcurrencyRule = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
    policy: Type.Optional(
      Type.Union(
        [Type.Literal('queue'), Type.Literal('cancel-oldest'), Type.Literal('cancel-newest')],
        { default: 'queue', description: 'What happens past the limit' },
      ),
    ),
  },
  { ...closed, description: 'How many tasks of one `concurrencyKey` run at once; needs the key' },
);

export const LimitUseBody = Type.Object(
  {
    name: Name,
    key: Type.Optional(Key),
    units: Type.Optional({ ...Units, default: 1, description: 'Taken by each attempt' }),
  },
  { ...closed, description: 'A named limit; tasks with different keys have one each' },
);

export const DedupeBody = Type.Union(
  [
    Type.Object(
      {
        key: Key,
        mode: Type.Literal('debounce'),
        windowMs: Type.Integer({ minimum: 1, maximum: 31_536_000_000 }),
        maxMs: Type.Optional({
          ...DurationMs,
          description: 'Longest delay after the first submit',
        }),
      },
      closed,
    ),
    Type.Object(
      {
        key: Key,
        mode: Type.Literal('throttle'),
        windowMs: Type.Integer({ minimum: 1, maximum: 31_536_000_000 }),
      },
      closed,
    ),
    Type.Object({ key: Key, mode: Type.Literal('keep-last') }, closed),
  ],
  { description: 'Makes several submits of one key one task' },
);

export const EstimateBody = Type.Object(
  {
    tokens: Type.Optional(Type.Number({ minimum: 0, maximum: 1e12 })),
    costUsd: Type.Optional(Type.Number({ minimum: 0, maximum: 1e9 })),
  },
  { ...closed, description: 'What one attempt is expected to use; counts for fairness' },
);

/** {@link Key} with what it is for. */
function keyFor(description: string): Type.TString {
  return { ...Key, description } as Type.TString;
}

export const ConcurrencyKey: Type.TString = keyFor(
  'Tasks of a namespace with the same key run one at a time, or as `concurrency` says',
);
export const FairnessKey: Type.TString = keyFor(
  'Tasks of a namespace are dealt out fairly between their keys',
);
export const LimitUses = Type.Array(LimitUseBody, { minItems: 1, maxItems: 8 });

export const RateBody = Type.Object(
  {
    units: Units,
    perMs: Type.Integer({ minimum: 1, maximum: 31_536_000_000 }),
    burst: Type.Optional({ ...Units, description: 'Most units at once. Default: `units`' }),
    counts: Type.Optional(
      Type.Literal('tokens', {
        description:
          'Units are tokens: those that an attempt reports take the place of those it declared',
      }),
    ),
  },
  { ...closed, title: 'Rate', description: 'So many units in so much time, refilled evenly' },
);

export const ConcurrencyMax = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

export const LimitSettingsBody = Type.Object(
  { concurrencyMax: Type.Optional(ConcurrencyMax), rate: Type.Optional(RateBody) },
  { ...closed, title: 'LimitSettings', description: 'Attempts at once, units in a time, or both' },
);

export const LimitKeyView = Type.Object({
  key: Type.Union([Type.String(), Type.Null()]),
  running: Type.Integer(),
  unitsLeft: Type.Optional(Type.Number()),
});

export const LimitView = Type.Object(
  {
    name: Type.String(),
    concurrencyMax: Type.Optional(Type.Integer()),
    rate: Type.Optional(RateBody),
    keys: Type.Integer({ description: 'Keys that live tasks name' }),
    inUse: Type.Array(LimitKeyView, { description: 'The first hundred of them' }),
  },
  { title: 'Limit' },
);
export type LimitView = Static<typeof LimitView>;

export const LimitList = Type.Object(
  { items: Type.Array(LimitView), nextCursor: Type.Null() },
  { title: 'LimitList' },
);
export type LimitList = Static<typeof LimitList>;

const Weight = Type.Number({ minimum: 0.001, maximum: 1_000_000 });

export const FairnessBody = Type.Object(
  {
    weights: Type.Optional(
      Type.Record(QueueName, Type.Union([Weight, Type.Null()]), {
        maxProperties: 10_000,
        description: 'Weight by namespace; null for 1 again',
      }),
    ),
    tokensPerSlot: Type.Optional(Type.Number({ minimum: 1, maximum: 1e12 })),
    usdPerSlot: Type.Optional(Type.Number({ minimum: 1e-6, maximum: 1e9 })),
  },
  { ...closed, title: 'FairnessSettings' },
);
export type FairnessBody = Static<typeof FairnessBody>;

export const FairnessView = Type.Object(
  {
    weights: Type.Record(Type.String(), Type.Number()),
    tokensPerSlot: Type.Number(),
    usdPerSlot: Type.Number(),
    namespaces: Type.Array(
      Type.Object({
        name: Type.String(),
        weight: Type.Number(),
        running: Type.Integer(),
        cost: Type.Number({ description: 'What runs counts for: slots, tokens and dollars' }),
        waiting: Type.Integer(),
      }),
    ),
  },
  { title: 'Fairness' },
);
export type FairnessView = Static<typeof FairnessView>;
