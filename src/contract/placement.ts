/** Where a task would rather run, beside what it requires. */
import Type, { type Static } from 'typebox';
import { Key } from './names.ts';

const closed = { additionalProperties: false } as const;

const LabelName = Type.String({ pattern: '^[A-Za-z0-9._/-]{1,63}$' });
const LabelValue = Type.String({ maxLength: 255 });
/** The same as a key: there a length alone would not count. */
const LabelValueKey = Type.String({ pattern: '^[\\s\\S]{0,255}$' });
const NEAR_MAX = 16;
const COSTS_LABELS_MAX = 8;
const COSTS_VALUES_MAX = 32;

/** Wishes: an agent that meets none of them still takes the task when no better one is free. */
export const PlacementBody = Type.Object(
  {
    near: Type.Optional(
      Type.Record(LabelName, LabelValue, {
        maxProperties: NEAR_MAX,
        additionalProperties: false,
        description: 'Labels that the agent had best have; each that it has not costs 1',
      }),
    ),
    apart: Type.Optional({
      ...Key,
      description: 'Each task of the namespace with the same text on the agent costs 10',
    }),
    costs: Type.Optional(
      Type.Record(
        LabelName,
        Type.Record(LabelValueKey, Type.Number({ minimum: 0, maximum: 1_000_000 }), {
          maxProperties: COSTS_VALUES_MAX,
          additionalProperties: false,
        }),
        {
          maxProperties: COSTS_LABELS_MAX,
          additionalProperties: false,
          description: 'By label and its value, what an agent that has it costs for this task',
        },
      ),
    ),
  },
  { ...closed, description: 'Where it would rather run, of the agents that it may have' },
);
export type PlacementBody = Static<typeof PlacementBody>;
