/** Which tasks another one waits for. */
import Type, { type Static } from 'typebox';
import { QueueName, TaskIdText } from './names.ts';

const closed = { additionalProperties: false } as const;

export const Ref = {
  ...QueueName,
  description: 'Its name among the tasks of one submit; like a queue name',
};

export const FailurePolicyText = Type.Union(
  [Type.Literal('fail'), Type.Literal('skip'), Type.Literal('continue')],
  {
    default: 'fail',
    description:
      'When that task failed or was canceled: fail too, be canceled as `skipped`, or go on all the same',
  },
);

/** One task that must end first: of the same submit by its ref, or any by its id. */
export const DependencyBody = Type.Union([
  Type.String({ minLength: 1, maxLength: 128, description: 'A ref, or an id' }),
  Type.Object({ taskId: TaskIdText, onFailure: Type.Optional(FailurePolicyText) }, closed),
  Type.Object({ ref: Ref, onFailure: Type.Optional(FailurePolicyText) }, closed),
]);
export type DependencyBody = Static<typeof DependencyBody>;

/** Parents of one task, at most; core keeps the same bound. */
export const DEPENDS_ON_MAX = 100_000;

export const DependsOn = Type.Array(DependencyBody, {
  maxItems: DEPENDS_ON_MAX,
  description: 'Tasks that must end before it starts',
});

export const DependencyView = Type.Object(
  {
    taskId: TaskIdText,
    onFailure: Type.Union([Type.Literal('fail'), Type.Literal('skip'), Type.Literal('continue')]),
  },
  { title: 'Dependency' },
);
