/** How tasks are shown to people. */
import type { TaskView } from '../../contract/index.ts';
import { relativeMoment } from '../output/moment.ts';
import type { Fields } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { belongingFields, boundFields } from './task-facts.ts';

export function taskColumns(nowMs: number): readonly Column<TaskView>[] {
  return [
    { title: 'id', value: (task) => task.id },
    { title: 'state', value: (task) => task.state },
    { title: 'type', value: (task) => task.type, shrinks: true },
    { title: 'queue', value: queueOf, shrinks: true },
    { title: 'priority', value: (task) => task.priority, align: 'right' },
    { title: 'attempt', value: attemptOf, align: 'right' },
    { title: 'agent', value: (task) => task.agentId, shrinks: true },
    { title: 'since', value: (task) => relativeMoment(task.stateAt, nowMs) },
    { title: 'error', value: errorOf, shrinks: true },
  ];
}

export function taskFields(task: TaskView, nowMs: number): Fields {
  const when = (iso: string | undefined): string | undefined =>
    iso === undefined ? undefined : `${iso} (${relativeMoment(iso, nowMs) ?? ''})`;
  return [
    ['id', task.id],
    ['state', task.reason === null ? task.state : `${task.state} (${task.reason})`],
    ['type', task.type],
    ['queue', queueOf(task)],
    ['priority', task.priority],
    ['attempt', attemptOf(task)],
    ['agent', task.agentId],
    ['created', when(task.createdAt)],
    ['in this state', when(task.stateAt)],
    ['made by', madeBy(task)],
    ['runs at', when(task.runAt)],
    ['started', when(task.startedAt)],
    ['times out', when(task.runUntil)],
    ['deadline', when(task.deadlineAt)],
    ...questionFields(task),
    ...belongingFields(task),
    ['requires', requiresOf(task)],
    ...boundFields(task),
    ['affinity key', task.affinityKey],
    ['idempotency key', task.idempotencyKey],
    ['metadata', jsonOf(task.metadata)],
    ['trace', task.traceparent],
    ['details', jsonOf(task.details)],
    ['payload', jsonOf(task.payload)],
    ['result', jsonOf(task.result)],
    ['error', task.error === undefined ? undefined : errorOf(task)],
    ...(task.answers ?? []).map(
      ({ answer, at, by, key, reason }) =>
        [
          `answer to ${key}`,
          `${at} by ${by ?? reason ?? 'nobody named'}: ${jsonOf(answer)}`,
        ] as const,
    ),
    ...task.failures.map(
      (failure) =>
        [
          `attempt ${failure.attempt} failed`,
          `${failure.endedAt} on ${failure.agentId}: ${failure.error.code}: ${failure.error.message}`,
        ] as const,
    ),
  ];
}

/** What the task waits to be told, and what to do about it. */
function questionFields({ id, input }: TaskView): Fields {
  if (input === undefined) return [];
  return [
    ['asks', `${input.key}: ${input.message}`],
    ['answer must be', jsonOf(input.schema)],
    ['answerers', input.answerers?.join(', ')],
    ['answer until', input.expiresAt],
    ['answer with', `uqo task answer ${id} JSON --key ${input.key}`],
  ];
}

function madeBy({ schedule }: TaskView): string | undefined {
  return schedule === undefined ? undefined : `schedule ${schedule.name} for ${schedule.nominalAt}`;
}

function queueOf(task: TaskView): string {
  return task.namespace === 'default' ? task.queue : `${task.namespace}/${task.queue}`;
}

function attemptOf(task: TaskView): string {
  return `${task.attempt}/${task.retry.attemptsMax ?? '-'}`;
}

function errorOf(task: TaskView): string | null {
  const error = task.error ?? task.failures.at(-1)?.error;
  return error === undefined ? null : `${error.code}: ${error.message}`;
}

function requiresOf({ requires }: TaskView): string {
  const labels = Object.entries(requires.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const agent = requires.agent === undefined ? [] : [`on ${requires.agent} only`];
  return [...(requires.capabilities ?? []), ...labels, ...agent].join(' ');
}

function jsonOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
