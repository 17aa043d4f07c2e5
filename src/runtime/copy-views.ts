/** How copies of tasks are shown. */
import type { TaskView } from '../contract/index.ts';
import type { CopiesFacts, TaskExtra } from '../core/index.ts';

/** Of a task: its copies, and who agreed. Of a copy: the task. A row of an older version has no such slots. */
export function copyFields(extra: Partial<TaskExtra>): Pick<TaskView, 'copies' | 'copyOf'> {
  const { copies, copyOf } = extra;
  return {
    ...(copies == null ? {} : { copies: copiesView(copies) }),
    ...(copyOf == null ? {} : { copyOf: { taskId: copyOf.taskId, kind: copyOf.kind } }),
  };
}

function copiesView({
  chosen,
  ids,
  kind,
  lost,
  votes,
}: CopiesFacts): NonNullable<TaskView['copies']> {
  const agreed = votes.find(({ taskId }) => taskId === chosen)?.hash;
  const agentsOf = (isSame: boolean): string[] =>
    votes.filter(({ hash }) => (hash === agreed) === isSame).map(({ agentId }) => agentId);
  return {
    kind,
    taskIds: [...ids],
    ...(chosen === null ? {} : { chosen }),
    votes: votes.map((vote) => ({ ...vote })),
    lost: lost.map((copy) => ({ ...copy })),
    // Who is right is known only once enough agree.
    ...(agreed === undefined ? {} : { agreed: agentsOf(true), dissented: agentsOf(false) }),
  };
}
