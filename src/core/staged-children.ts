/** Children in a large submit, by the running tasks that submit them. */
import { findParent } from './family-plan.ts';
import type { TaskId } from './ids.ts';
import type { Rejection } from './rejection.ts';
import type { Stage } from './stage.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';

/** Those of one task. */
export interface StagedChildren {
  readonly parent: Task;
  readonly count: number;
  /** Hash of the parent's payload, where its own submit did not tell it. */
  readonly hash: string | null;
}

/** Counts the children that are to be made; or the refusal where one's parent runs no more. O(tasks), of which it looks at two fields. */
export function countChildren(
  state: CoreState,
  { children, parts }: Stage,
  repeats: ReadonlyMap<TaskId, TaskId>,
): readonly StagedChildren[] | Rejection {
  if (children === 0) return [];
  const groups = new Map<Task, { parent: Task; count: number; hash: string | null }>();
  for (const { tasks } of parts) {
    for (const item of tasks) {
      if (item.parentId === undefined || repeats.has(item.id)) continue;
      const parent = findParent(state, item);
      if ('code' in parent) return parent;
      const group = groups.get(parent);
      if (group === undefined)
        groups.set(parent, { parent, count: 1, hash: item.parentHash ?? null });
      else group.count += 1;
    }
  }
  return [...groups.values()];
}
