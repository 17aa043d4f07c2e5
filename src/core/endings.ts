/** What a batch has yet to tell the dependents of tasks that ended. */
import { nameOf, type Edge, type TaskLinks } from './flow.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';
import type { News, WaveKind } from './wave.ts';

/** News of a task that the batch has to bring to its dependents. */
export interface Ending {
  readonly news: News;
  readonly links: TaskLinks;
  readonly edges: readonly Edge[];
  next: number;
}

/** Takes note that a task ended, lives again, or is gone; its dependents hear of it at the close of the batch. */
export function announce(state: CoreState, task: Task, kind: WaveKind): void {
  const { links } = task;
  if (links === null || links.dependents.length === 0) return;
  const news: News = {
    kind,
    parentId: task.id,
    name: nameOf(task),
    state: task.state,
    code: task.error?.code ?? null,
  };
  // A copy of the list, not the list: a child that is submitted now sees the parent as it is.
  state.endings.push({ news, links, edges: links.dependents.slice(), next: 0 });
}
