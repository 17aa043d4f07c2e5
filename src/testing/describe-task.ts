import type { TaskView } from '../contract/index.ts';
import type { Runtime } from '../runtime/index.ts';
import { eventLines, type EventRecord } from './event-record.ts';

type TaskId = Parameters<Runtime['tasks']['get']>[0];

/** A task, why it is where it is, and what happened to it, as text for a person. */
export function describeTask(taskId: string, runtime: Runtime | null, events: EventRecord): string {
  const view = runtime?.tasks.get(taskId as TaskId) ?? null;
  const why = runtime?.tasks.explain(taskId as TaskId)?.verdict ?? null;
  const lines = [`  task ${taskId}${view === null ? ' is not known' : factsOf(view)}`];
  if (runtime === null) lines[0] = `  task ${taskId}; the orchestrator does not run`;
  if (why !== null) lines.push(`  why: ${why}`);
  lines.push('  what happened:', eventLines(events.ofTask(taskId), ['taskId']));
  return lines.join('\n');
}

function factsOf({ error, queue, state, type }: TaskView): string {
  const failed = error === undefined ? '' : ` with ${error.code}: ${error.message}`;
  return ` of type ${type} in queue ${queue} is ${state}${failed}`;
}

/** Tasks described at most. */
const DESCRIBED_MAX = 5;

/** The tasks that wait for an agent or a moment. */
export function describeWaiting(runtime: Runtime): string {
  const { items } = runtime.tasks.list({ states: ['queued', 'scheduled'], limit: DESCRIBED_MAX });
  if (items.length === 0) return '  no task waits';
  return items
    .map(({ id, state, type }) => {
      const why = runtime.tasks.explain(id as TaskId)?.verdict ?? 'unknown';
      return `  task ${id} of type ${type} is ${state}: ${why}`;
    })
    .join('\n');
}
