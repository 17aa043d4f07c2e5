import { copyOf, type CoreState, type Task } from '../core/index.ts';
import type { Store } from '../store/index.ts';

/** The payload of a live task as JSON text: a copy has that of its task, and none of its own. */
export function payloadOf(state: CoreState, store: Store, task: Task): string {
  const original = task.extra === null ? undefined : copyOf(task)?.taskId;
  const owner = original === undefined ? task : (state.tasks.get(original) ?? task);
  return store.payload(owner) ?? 'null';
}
