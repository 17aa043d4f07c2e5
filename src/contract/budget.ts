/** What tasks may take and what they took. */
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

const Tokens = Type.Integer({ minimum: 0, maximum: 1_000_000_000_000 });
const CostUsd = Type.Number({ minimum: 0, maximum: 1_000_000_000 });

export const BudgetBody = Type.Object(
  {
    tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 })),
    costUsd: Type.Optional(
      Type.Number({
        minimum: 0.000_001,
        maximum: 1_000_000_000,
        description: 'Counted in millionths',
      }),
    ),
    wallMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31_536_000_000,
        description: 'From the submit on; past it all that has not ended is canceled',
      }),
    ),
    subtasks: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
    depth: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    fanOut: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  },
  { ...closed, description: 'Bounds of a task and of all that comes from it; absent means none' },
);
export type BudgetBody = Static<typeof BudgetBody>;

/** What an attempt took. */
export const UsageBody = Type.Object(
  { tokens: Type.Optional(Tokens), costUsd: Type.Optional(CostUsd) },
  { ...closed, description: 'What the attempt took; without it its estimate counts' },
);
export type UsageBody = Static<typeof UsageBody>;

/** Amounts with nothing left out. */
export interface Amounts {
  readonly tokens: number;
  readonly costUsd: number;
}

export function amountsOf({ costUsd = 0, tokens = 0 }: Partial<Amounts>): Amounts {
  return { tokens, costUsd };
}

export const BudgetView = Type.Object(
  {
    limits: BudgetBody,
    used: Type.Object({ tokens: Type.Number(), costUsd: Type.Number() }),
    reserved: Type.Object({ tokens: Type.Number(), costUsd: Type.Number() }),
    subtasks: Type.Integer(),
    warned: Type.Array(Type.String(), { description: 'Bounds of which four fifths were passed' }),
  },
  { title: 'Budget' },
);

export const KillView = Type.Object(
  {
    kind: Type.Union([Type.Literal('tree'), Type.Literal('agent'), Type.Literal('namespace')]),
    target: Type.String(),
    reason: Type.String(),
    by: Type.Union([Type.String(), Type.Null()]),
    at: Type.String(),
  },
  { title: 'Kill' },
);
export type KillView = Static<typeof KillView>;

export const KillList = Type.Object({ items: Type.Array(KillView) }, { title: 'Kills' });

export const KillBody = Type.Object(
  {
    reason: Type.String({ minLength: 1, maxLength: 1_000 }),
    by: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'Who does it' })),
  },
  { ...closed, title: 'KillRequest' },
);
