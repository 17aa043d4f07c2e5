/** What the flow, the tree and the kill switch say of why a task is where it is. */
import type { ExplanationView } from '../contract/index.ts';
import { dependenciesOf, nameOf, type CoreState, type Task } from '../core/index.ts';
import type { Explanation } from '../scheduling/index.ts';
import { treeFacts } from './tree-views.ts';

/** Parents named. */
const PARENTS_MAX = 5;

/** Adds it to what the scheduler says. O(parents until five are found). */
export function explainFlow(
  state: CoreState,
  task: Task,
  explanation: Explanation,
): Explanation & Pick<ExplanationView, 'blockedBy' | 'budget' | 'killed'> {
  const facts = treeFacts(state, task.extra?.family ?? null, task.id);
  // One that is blocked by nothing of the flow waits for copies of its own.
  if (task.state !== 'blocked' || (task.links?.left ?? 0) === 0) {
    return { ...explanation, ...facts };
  }
  const tasks: { id: string; ref?: string; state: Task['state'] }[] = [];
  for (const { taskId } of dependenciesOf(task)) {
    const parent = state.tasks.get(taskId);
    if (parent === undefined || parent.state === 'failed') continue;
    const ref = parent.extra?.flow?.ref;
    tasks.push({ id: parent.id, ...(ref == null ? {} : { ref }), state: parent.state });
    if (tasks.length === PARENTS_MAX) break;
  }
  const count = task.links?.left ?? tasks.length;
  const names = tasks.map(({ id }) => {
    const parent = state.tasks.get(id as Task['id']);
    return parent === undefined ? id : `${nameOf(parent)} (${parent.state})`;
  });
  const rest = count - tasks.length;
  const more = rest > 0 ? ` and ${rest} more` : '';
  const verdict = `it waits for ${count} ${count === 1 ? 'task' : 'tasks'} to end: ${names.join(', ')}${more}`;
  return { ...explanation, ...facts, verdict, blockedBy: { count, tasks } };
}
