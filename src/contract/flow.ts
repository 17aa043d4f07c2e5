/** Tasks submitted together that depend on each other. */
import Type, { type Static } from 'typebox';
import { BudgetBody, BudgetView, KillView } from './budget.ts';
import { SubmitTask, TaskView } from './task.ts';

const closed = { additionalProperties: false } as const;

/** Tasks of one flow when it is submitted, at most; running ones may submit more. */
export const FLOW_TASKS_MAX = 100_000;

const Name = Type.String({ minLength: 1, maxLength: 255 });

export const SubmitFlow = Type.Object(
  {
    name: Type.Optional(Name),
    budget: Type.Optional(BudgetBody),
    tasks: Type.Array(SubmitTask, { minItems: 1, maxItems: FLOW_TASKS_MAX }),
  },
  { ...closed, title: 'SubmitFlow', description: 'All are taken, or none' },
);
export type SubmitFlow = Static<typeof SubmitFlow>;

/** What a flow is besides its tasks. */
export const FlowHead = Type.Object(
  { name: Type.Optional(Name), budget: Type.Optional(BudgetBody) },
  closed,
);
export type FlowHead = Static<typeof FlowHead>;

export const SubmittedFlow = Type.Object(
  {
    id: Type.String(),
    tasks: Type.Array(Type.Object({ id: Type.String(), ref: Type.Optional(Type.String()) })),
  },
  { title: 'SubmittedFlow' },
);
export type SubmittedFlow = Static<typeof SubmittedFlow>;

const Counts = Type.Object({
  scheduled: Type.Integer(),
  blocked: Type.Integer(),
  queued: Type.Integer(),
  running: Type.Integer(),
  input_required: Type.Integer(),
  failed: Type.Integer(),
  completed: Type.Integer(),
  canceled: Type.Integer({ description: 'And purged' }),
});

const flowFields = {
  id: Type.String(),
  name: Type.Union([Type.String(), Type.Null()]),
  namespace: Type.String(),
  createdAt: Type.String(),
  isOver: Type.Boolean({ description: 'None of its tasks is live any more, nor a dead letter' }),
  counts: Type.Object(Counts.properties, {
    description: 'Its tasks and all that came from them, by state',
  }),
  budget: Type.Optional(BudgetView),
  killed: Type.Optional(KillView),
};

export const FlowSummary = Type.Object(flowFields, { title: 'FlowSummary' });
export type FlowSummary = Static<typeof FlowSummary>;

export const FlowView = Type.Object(
  {
    ...flowFields,
    criticalPath: Type.Union(
      [
        Type.Object({
          durationMs: Type.Integer(),
          tasks: Type.Array(
            Type.Object({
              id: Type.String(),
              ref: Type.Optional(Type.String()),
              state: Type.String(),
              durationMs: Type.Integer(),
            }),
          ),
        }),
        Type.Null(),
      ],
      {
        description:
          'The chain of its tasks that ran longest so far; null for more than 2,000 tasks',
      },
    ),
    tasks: Type.Object(
      { items: Type.Array(TaskView), nextCursor: Type.Union([Type.String(), Type.Null()]) },
      { description: 'Its own tasks, newest first' },
    ),
  },
  { title: 'Flow' },
);
export type FlowView = Static<typeof FlowView>;

export const FlowList = Type.Object(
  { items: Type.Array(FlowSummary), nextCursor: Type.Union([Type.String(), Type.Null()]) },
  { title: 'FlowList' },
);
export type FlowList = Static<typeof FlowList>;
