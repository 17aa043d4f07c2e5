import { Slices, type Clock, type Runtime } from '../runtime/index.ts';
import type { TaskId } from './api-context.ts';

/** The answer to a submit of one task as JSON: as a list shows it. */
export function submittedTaskJson(runtime: Runtime, id: TaskId): string {
  return taskJson(runtime, id);
}

/** The answer to a submit of several, in order, with turns for others in between. */
export async function submittedTasksJson(
  runtime: Runtime,
  clock: Clock,
  ids: readonly TaskId[],
): Promise<string> {
  const tasks = await inSlices(ids, clock, (id) => taskJson(runtime, id));
  return `{"tasks":[${tasks.join(',')}]}`;
}

/** The answer to a flow: the ids of its tasks, with the names they were given. */
export async function submittedFlowJson(
  clock: Clock,
  flow: { readonly id: string; readonly taskIds: readonly TaskId[] },
  refOf: (position: number) => string | undefined,
): Promise<string> {
  const tasks = await inSlices(flow.taskIds, clock, (id, position) => {
    const ref = refOf(position);
    return JSON.stringify(ref === undefined ? { id } : { id, ref });
  });
  return `{"id":${JSON.stringify(flow.id)},"tasks":[${tasks.join(',')}]}`;
}

async function inSlices<Item>(
  items: readonly Item[],
  clock: Clock,
  textOf: (item: Item, position: number) => string,
): Promise<string[]> {
  const slices = new Slices(clock);
  const texts: string[] = [];
  for (const [position, item] of items.entries()) {
    texts.push(textOf(item, position));
    if (slices.isOver) await slices.next();
  }
  return texts;
}

function taskJson(runtime: Runtime, id: TaskId): string {
  const view = runtime.tasks.get(id);
  // A repeat may be of a task that finished so long ago that the history let it go.
  if (view === null) return JSON.stringify({ id, state: null, reason: 'forgotten' });
  const { payload: _payload, result: _result, ...task } = view;
  return JSON.stringify(task);
}
