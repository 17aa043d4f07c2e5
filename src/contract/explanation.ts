import Type, { type Static } from 'typebox';
import { BudgetView, KillView } from './budget.ts';
import { CopyOfView } from './copies.ts';
import { TaskScheduleView } from './task-schedule.ts';
import { TaskStateText } from './task.ts';

const ShareBody = Type.Object({
  name: Type.String(),
  weight: Type.Number(),
  running: Type.Integer(),
  cost: Type.Number(),
  waiting: Type.Integer(),
});

/** Why a task is where it is. A finished task has only the first three fields. */
export const ExplanationView = Type.Object(
  {
    taskId: Type.String(),
    state: TaskStateText,
    verdict: Type.String({ description: 'One sentence to act on' }),
    schedule: Type.Optional({ ...TaskScheduleView, description: 'The firing that made it' }),
    queue: Type.Optional(Type.String()),
    strategy: Type.Optional(Type.String()),
    waitingAhead: Type.Optional(
      Type.Integer({ description: 'Waiting tasks of the same kind whose turn comes first' }),
    ),
    blockedBy: Type.Optional(
      Type.Object(
        {
          count: Type.Integer(),
          tasks: Type.Array(
            Type.Object({
              id: Type.String(),
              ref: Type.Optional(Type.String()),
              state: TaskStateText,
            }),
          ),
        },
        { description: 'How many tasks a blocked one waits for, and up to five of them' },
      ),
    ),
    copies: Type.Optional(
      Type.Array(
        Type.Object({
          id: Type.String(),
          state: TaskStateText,
          agentId: Type.Optional(Type.String()),
          hash: Type.Optional(Type.String({ description: 'Equal for results that are the same' })),
        }),
        { description: 'Where its copies are' },
      ),
    ),
    copyOf: Type.Optional(CopyOfView),
    budget: Type.Optional(BudgetView),
    killed: Type.Optional(KillView),
    gate: Type.Optional(
      Type.Union(
        [
          Type.Object({
            gate: Type.String(),
            description: Type.String(),
            opensAt: Type.Union([Type.String(), Type.Null()]),
          }),
          Type.Null(),
        ],
        { description: 'The first closed gate that holds it back' },
      ),
    ),
    fairness: Type.Optional(
      Type.Object(
        {
          namespace: ShareBody,
          part: Type.Number({ description: "The namespace's part of all running cost, 0 to 1" }),
          namespacesAhead: Type.Integer({
            description: 'Namespaces with waiting tasks served first',
          }),
          key: Type.Union([ShareBody, Type.Null()]),
          cost: Type.Number({ description: 'What one attempt of it counts for' }),
        },
        { description: 'How its namespace and fairness key stand' },
      ),
    ),
    placement: Type.Optional(
      Type.Union(
        [
          Type.Object({
            by: Type.Union([Type.Literal('plan'), Type.Literal('greedy'), Type.Null()]),
            reason: Type.String(),
            cost: Type.Union([Type.Number(), Type.Null()]),
            agentId: Type.Union([Type.String(), Type.Null()]),
          }),
          Type.Null(),
        ],
        { description: 'How its agent was chosen by its wishes, or what is planned for it' },
      ),
    ),
    requirements: Type.Optional(
      Type.Array(
        Type.Object({
          requirement: Type.String(),
          agentsMatching: Type.Integer(),
          nearest: Type.Optional(Type.String()),
        }),
      ),
    ),
    agents: Type.Optional(
      Type.Object(
        { matching: Type.Integer(), available: Type.Integer() },
        { description: 'Agents that could take it, and why others are passed over' },
      ),
    ),
    pick: Type.Optional(
      Type.Union([Type.Object({ agentId: Type.String(), reason: Type.String() }), Type.Null()], {
        description: 'What the strategy would choose now',
      }),
    ),
  },
  { title: 'Explanation' },
);
export type ExplanationView = Static<typeof ExplanationView>;
