/** Moves tasks to another queue, priority or requirement, and queues dead letters again as changed. */
import { avoidAgents } from './avoid.ts';
import { isRedundant } from './copies.ts';
import { leaveFailureGroup } from './failure-groups.ts';
import type { TaskId } from './ids.ts';
import type { Placement, Redrive } from './operation.ts';
import { queueName } from './queue.ts';
import { redrivable, requeue } from './recall.ts';
import { reject, type Rejection } from './rejection.ts';
import type { Requirement, TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { changeProfile } from './transition.ts';

/** How, by whom and why dead letters are queued again. */
export interface RedriveOrder {
  readonly redrive: Redrive;
  readonly by: string;
  readonly reason: string | null;
}

/** A dead letter, with the size of the payload that replaces its own, if one does. */
export interface RedriveItem {
  readonly taskId: TaskId;
  readonly payloadBytes?: number;
}

/** Queues a dead letter again, changed as asked. Its failures stay on record. */
export function redriveTask(
  step: Step,
  item: RedriveItem,
  { by, reason, redrive }: RedriveOrder,
): Rejection | null {
  const { state, events } = step;
  const task = redrivable(state, item.taskId);
  if ('code' in task) return task;
  const spec = placedSpec(task.profile.spec, redrive);
  const fault = spec === null ? null : checkPlace(state, task, spec);
  if (fault !== null) return fault;
  state.taskChanges.touch(task);
  leaveFailureGroup(state, task);
  if (spec !== null) changeProfile(step, task, spec);
  if (item.payloadBytes !== undefined) task.payloadBytes = item.payloadBytes;
  if (redrive.avoidAgents !== undefined) avoidAgents(state, task, redrive.avoidAgents);
  const used = Math.min(task.attempt, task.profile.spec.retry.attemptsMax - 1);
  task.attempt = redrive.resetAttempts === false ? used : 0;
  task.error = null;
  task.delayMsLast = 0;
  const isEdited = item.payloadBytes !== undefined;
  events.push({ type: 'task.redriven', task, by, why: reason, isEdited });
  requeue(step, task);
  return null;
}

/** Moves a waiting task to another place; one that is there already is left alone. */
export function placeTask(step: Step, taskId: TaskId, placement: Placement): Rejection | null {
  const { state } = step;
  const task = state.tasks.get(taskId);
  if (task === undefined) {
    return reject('TASK_NOT_FOUND', 'a task that is moved must be live', { taskId });
  }
  if (task.state !== 'queued' && task.state !== 'scheduled' && task.state !== 'blocked') {
    const message = `a task that is moved must wait, got ${task.state}`;
    return reject('TASK_NOT_QUEUED', message, { taskId, state: task.state });
  }
  const spec = placedSpec(task.profile.spec, placement);
  if (spec === null) return null;
  const fault = checkPlace(state, task, spec);
  if (fault !== null) return fault;
  changeProfile(step, task, spec);
  return null;
}

function checkPlace(state: CoreState, task: Task, spec: TaskSpec): Rejection | null {
  if (spec.requires.agent !== undefined && isRedundant(spec)) {
    const message = 'a task that is done by several copies must not be for one agent';
    return reject('COPIES_ONE_AGENT', message, { taskId: task.id, agentId: spec.requires.agent });
  }
  return checkRoom(state, task, spec);
}

/** The spec in its new place; null where nothing is asked to change. */
function placedSpec(spec: TaskSpec, { priority, queue, requires }: Placement): TaskSpec | null {
  if (priority === undefined && queue === undefined && requires === undefined) return null;
  return {
    ...spec,
    queue: queue ?? spec.queue,
    priority: priority ?? spec.priority,
    requires: placedRequirement(spec.requires, requires),
  };
}

function placedRequirement(before: Requirement, change: Placement['requires'] = {}): Requirement {
  const { agent = before.agent ?? null, capabilities, labels } = change;
  return {
    capabilities: capabilities ?? before.capabilities,
    labels: labels ?? before.labels,
    ...(agent === null ? {} : { agent }),
  };
}

function checkRoom(state: CoreState, task: Task, spec: TaskSpec): Rejection | null {
  const name = queueName(spec.namespace, spec.queue);
  if (name === task.profile.queue.name) return null;
  const queue = state.queues.get(name);
  const { queueDefaults, queuesMax } = state.settings;
  if (queue === undefined && state.queues.size >= queuesMax) {
    return reject('QUEUE_LIMIT', `there can be at most ${queuesMax} queues`, { queuesMax });
  }
  const { depthMax } = queue?.settings ?? queueDefaults;
  const depth = queue === undefined ? 0 : queue.blocked + queue.queued + queue.scheduled;
  if (depth < depthMax) return null;
  const message = `queue ${name} holds at most ${depthMax} waiting tasks, got ${depth} and 1 more`;
  return reject('QUEUE_FULL', message, { queue: name, depthMax, depth });
}
