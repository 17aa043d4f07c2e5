/** How a queue is removed: only where nothing is in it and nothing would come to it by itself. */
import { LimitGate } from './limit-gate.ts';
import type { Queue } from './queue.ts';
import { namespaceOf, queueName } from './queue.ts';
import { reject, type Rejection } from './rejection.ts';
import type { ScheduleSettings } from './schedule.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';

/** Where tasks go that name no queue: it is always there. */
const DEFAULT_QUEUE = 'default';

/**
 * Forgets a queue and all that was set for it: one that comes back by a submit has default settings.
 * O(submits on their way in + operations).
 */
export function removeQueue({ events, state }: Step, name: string): Rejection | null {
  if (name === DEFAULT_QUEUE) {
    const message = `a queue that is removed must not be the default one, got ${name}`;
    return reject('QUEUE_IS_DEFAULT', message, { queue: name });
  }
  const queue = state.queues.get(name);
  if (queue === undefined) {
    return reject('QUEUE_NOT_FOUND', `a queue must exist, got ${name}`, { queue: name });
  }
  const held = heldBy(state, queue);
  if (held !== null) return held;
  // Whatever was drawn of its rate goes with it.
  const gate = queue.gate?.gate;
  if (gate instanceof LimitGate) gate.change(state, null);
  state.queueChanges.remove(queue);
  state.queues.delete(name);
  events.push({ type: 'queue.removed', queue });
  return null;
}

const END_TASKS = 'let the tasks end, or cancel or move them';

/** What keeps a queue, in the order in which it is dealt with; `undo` says how. */
const USES = [
  { field: 'waiting', one: 'waiting task', many: 'waiting tasks', undo: END_TASKS },
  { field: 'running', one: 'running task', many: 'running tasks', undo: END_TASKS },
  {
    field: 'coming',
    one: 'task on its way in',
    many: 'tasks on their way in',
    undo: 'wait for them',
  },
  {
    field: 'deadLetters',
    one: 'dead letter',
    many: 'dead letters',
    undo: 'redrive or purge the dead letters',
  },
  {
    field: 'schedules',
    one: 'schedule',
    many: 'schedules',
    undo: 'change or remove the schedules',
  },
  { field: 'operations', one: 'operation', many: 'operations', undo: 'end the operations' },
] as const;

type Uses = Record<(typeof USES)[number]['field'], number>;

function heldBy(state: CoreState, queue: Queue): Rejection | null {
  const uses = usesOfQueue(state, queue);
  const found = USES.filter(({ field }) => uses[field] > 0);
  if (found.length === 0) return null;
  const parts = found.map(
    ({ field, many, one }) => `${uses[field]} ${uses[field] === 1 ? one : many}`,
  );
  const undo = [...new Set(found.map((use) => use.undo))].join('; ');
  const message = `a queue that is removed must be empty, got ${parts.join(', ')} of ${queue.name}: first ${undo}`;
  return reject('QUEUE_NOT_EMPTY', message, { queue: queue.name, ...uses });
}

function usesOfQueue(state: CoreState, queue: Queue): Uses {
  const { blocked, failed, input_required, name, queued, running, scheduled } = queue;
  const { operations, stages } = state.records;
  let coming = 0;
  for (const stage of stages.values()) coming += stage.queues.get(name)?.count ?? 0;
  let moving = 0;
  for (const { order, state: at } of operations.values()) {
    // Which tasks it will meet is not known, but tasks never leave their namespace.
    const target = order.params.queue;
    if (at === 'running' && target !== undefined && queueName(namespaceOf(name), target) === name)
      moving += 1;
  }
  return {
    waiting: scheduled + blocked + queued,
    running: running + input_required,
    coming,
    deadLetters: failed,
    schedules: state.queueSchedules.get(name) ?? 0,
    operations: moving,
  };
}

/** Counts a schedule, or counts it no more, for each queue that its tasks may come to. O(its steps). */
export function countScheduleQueues(
  counts: Map<string, number>,
  settings: ScheduleSettings,
  by: 1 | -1,
): void {
  const { namespace, queue, rules } = settings.task.spec;
  const names = new Set([queue, ...(rules?.escalate ?? []).map((step) => step.queue ?? queue)]);
  for (const each of names) {
    const name = queueName(namespace, each);
    const count = (counts.get(name) ?? 0) + by;
    if (count === 0) counts.delete(name);
    else counts.set(name, count);
  }
}
