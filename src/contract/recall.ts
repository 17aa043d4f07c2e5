import Type, { type Static } from 'typebox';
import { TaskIdText } from './names.ts';

const closed = { additionalProperties: false } as const;

/** Ids in one bulk call, at most. */
export const BULK_IDS_MAX = 10_000;

export const CancelBody = Type.Object(
  {
    reason: Type.Optional(Type.String({ maxLength: 1000 })),
    tree: Type.Optional(
      Type.Boolean({ default: false, description: 'Also all that came from it; of tasks only' }),
    ),
    graceMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400_000,
        default: 0,
        description: 'How long a running attempt may go on to end by itself',
      }),
    ),
  },
  { ...closed, title: 'Cancel' },
);

/** Which dead letters a call is about: named ones, or all that match. */
export const DeadLetterSelection = Type.Object(
  {
    ids: Type.Optional(Type.Array(TaskIdText, { minItems: 1, maxItems: BULK_IDS_MAX })),
    queue: Type.Optional(Type.String()),
    type: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: BULK_IDS_MAX })),
    dryRun: Type.Optional(Type.Boolean()),
  },
  { ...closed, title: 'DeadLetterSelection', minProperties: 1 },
);
export type DeadLetterSelection = Static<typeof DeadLetterSelection>;

export const BulkAnswer = Type.Object(
  {
    matched: Type.Integer(),
    done: Type.Integer({ description: '0 in a dry run' }),
    dryRun: Type.Boolean(),
  },
  { title: 'BulkAnswer' },
);
export type BulkAnswer = Static<typeof BulkAnswer>;
