import type { Runtime } from '../runtime/index.ts';
import type { TaskId } from './api-context.ts';

/** The answer to a submit as JSON: each task as a list shows it, in order. */
export function submittedJson(runtime: Runtime, ids: readonly TaskId[], isMany: boolean): string {
  const tasks = ids.map((id) => taskJson(runtime, id));
  return isMany ? `{"tasks":[${tasks.join(',')}]}` : (tasks[0] as string);
}

function taskJson(runtime: Runtime, id: TaskId): string {
  const view = runtime.tasks.get(id);
  // A repeat may be of a task that finished so long ago that the history let it go.
  if (view === null) return JSON.stringify({ id, state: null, reason: 'forgotten' });
  const { payload: _payload, result: _result, ...task } = view;
  return JSON.stringify(task);
}
