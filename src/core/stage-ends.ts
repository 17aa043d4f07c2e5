/** What large submits on their way must know of what happens meanwhile. */
import { nameOf, type ParentEnd } from './flow.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';

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

/** A flow is to be canceled: what of it is still to come is so as soon as it comes. */
export function cutStages(state: CoreState, treeKey: string, reason: string): void {
  for (const stage of state.records.stages.values()) {
    if (stage.flow?.id !== treeKey) continue;
    state.records.stages.touch(stage);
    stage.cut ??= reason;
  }
}
