/** Copies of a task: redundant ones whose results must agree, and hedges beside a slow attempt. */
import Type from 'typebox';
import { DurationMs } from './names.ts';

const closed = { additionalProperties: false } as const;

export const RedundancyBody = Type.Object(
  {
    copies: Type.Integer({ minimum: 2, maximum: 7 }),
    agree: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 7,
        description: 'Results that must be the same; at most `copies`. Default: more than half',
      }),
    ),
    comparator: Type.Optional(
      Type.Union([Type.Literal('canonical'), Type.Literal('numbers'), Type.Literal('text')], {
        description:
          'What counts as the same: equal JSON; numbers equal in nine digits; texts equal but for case and white space. Default: what the server registered for the type, else canonical',
      }),
    ),
  },
  {
    ...closed,
    description: 'Run by several agents; done once enough of them have the same result',
  },
);

export const HedgeBody = Type.Object(
  {
    afterMs: Type.Optional({ ...DurationMs, description: 'Default: from `percentile`' }),
    percentile: Type.Optional(
      Type.Number({
        minimum: 0.5,
        maximum: 0.999,
        default: 0.95,
        description: 'Of what attempts of the type took',
      }),
    ),
    copiesMax: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3, default: 1, description: 'At once' }),
    ),
  },
  { ...closed, description: 'A second attempt is started beside one that takes this long' },
);

const KindText = Type.Union([Type.Literal('redundant'), Type.Literal('hedge')]);

export const CopiesView = Type.Object(
  {
    kind: KindText,
    taskIds: Type.Array(Type.String()),
    chosen: Type.Optional(Type.String({ description: 'The copy whose result the task has' })),
    votes: Type.Array(
      Type.Object({ taskId: Type.String(), agentId: Type.String(), hash: Type.String() }),
      { description: 'Equal hashes count as the same result' },
    ),
    lost: Type.Array(Type.Object({ taskId: Type.String(), code: Type.String() }), {
      description: 'Copies that ended without a result',
    }),
    agreed: Type.Optional(Type.Array(Type.String(), { description: 'Agents' })),
    dissented: Type.Optional(Type.Array(Type.String(), { description: 'Agents' })),
  },
  { description: 'Its copies, which are tasks of their own' },
);

export const CopyOfView = Type.Object(
  { taskId: Type.String(), kind: KindText },
  { description: 'The task that it is a copy of' },
);

export const TrustView = Type.Object(
  {
    factor: Type.Number({ description: 'What its weight is multiplied with, above 0, at most 1' }),
    dissents: Type.Integer({ description: 'Results that the agreed one contradicted' }),
    agreements: Type.Integer({ description: 'Results that agreed, since the first dissent' }),
  },
  { description: 'Absent until it dissented from other agents' },
);
