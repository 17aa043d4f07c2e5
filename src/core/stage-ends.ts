/** What large submits on their way must know of what happens meanwhile. */
import { nameOf, type ParentEnd } from './flow.ts';
import type { TaskId } from './ids.ts';
import type { CoreState } from './state.ts';
import type { StagePlace } from './stage.ts';
import type { Task } from './task.ts';
import type { Cut } from './tree.ts';
import { chainOf } from './trees.ts';

/** A task left core that parts to come may depend on: they are told when they come. */
export function noteEnd(state: CoreState, task: Task): void {
  for (const stage of state.records.stages.values()) {
    const isTheirs =
      stage.isCommitted && (stage.parents.has(task.id) || stage.repeated.has(task.id));
    if (!isTheirs || task.state === 'failed') continue;
    const { code = null } = task.error ?? {};
    const end: ParentEnd = { taskId: task.id, state: task.state, name: nameOf(task), code };
    state.records.stages.touch(stage);
    stage.ends.set(task.id, end);
  }
}

/** Part of a tree is to be canceled: what of it is still to come is so as soon as it comes. */
export function cutStages(state: CoreState, cut: Pick<Cut, 'treeKey' | 'taskId' | 'reason'>): void {
  for (const stage of state.records.stages.values()) {
    if (cut.taskId === null && stage.flow?.id === cut.treeKey) {
      state.records.stages.touch(stage);
      stage.cut ??= cut.reason;
    }
    for (const [parentId, place] of stage.places) {
      if (place.cut !== null || !isBelow(state, cut, parentId, place)) continue;
      state.records.stages.touch(stage);
      stage.places.set(parentId, { ...place, cut: cut.reason });
    }
  }
}

function isBelow(
  state: CoreState,
  { taskId, treeKey }: Pick<Cut, 'treeKey' | 'taskId'>,
  parentId: TaskId,
  { lineage, tree }: StagePlace,
): boolean {
  const chain = chainOf(state.records.trees.get(tree) ?? null);
  if (![...chain].some(({ key }) => key === treeKey)) return false;
  return taskId === null || taskId === parentId || lineage.some(([id]) => id === taskId);
}
