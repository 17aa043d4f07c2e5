import Type, { type Static } from 'typebox';

/** Something went wrong by itself, and what became of it. */
export const RecoveryView = Type.Object(
  {
    at: Type.String({ description: 'When it happened last' }),
    firstAt: Type.String(),
    kind: Type.String({
      description:
        'task.stuck, agent.lost, agent.restarted, breaker, check.log, check.store, check.disk, clock.stepped, loop.stalled',
    }),
    subject: Type.String({ description: 'What it happened to' }),
    cause: Type.String(),
    outcome: Type.String({ description: 'What was done about it, and how that went' }),
    isResolved: Type.Boolean({ description: 'Whether all is well again' }),
    count: Type.Integer({ description: 'How often it happened in a row' }),
  },
  { title: 'Recovery' },
);
export type RecoveryView = Static<typeof RecoveryView>;

/** A part of the server that looks after itself. */
export const SelfCheckView = Type.Object(
  {
    name: Type.String({ description: 'log, store or disk' }),
    at: Type.String({ description: 'When it was looked at last' }),
    isOk: Type.Boolean(),
    detail: Type.String(),
  },
  { title: 'SelfCheck' },
);
export type SelfCheckView = Static<typeof SelfCheckView>;

export const RecoveryList = Type.Object(
  {
    items: Type.Array(RecoveryView, { description: 'Newest first; at most 200 are kept' }),
    checks: Type.Array(SelfCheckView),
    nextCursor: Type.Null(),
  },
  { title: 'RecoveryList' },
);
export type RecoveryList = Static<typeof RecoveryList>;
