import { invariant } from '../base/invariant.ts';
import type { Command, NewTask } from './command.ts';
import { controlOf } from './control.ts';
import { makeWay, startWindow } from './dedupe.ts';
import { NO_EXTRA, type TaskExtra } from './extra.ts';
import { countExpired, forgetKeys, isExpired, KEYS_FORGOTTEN_MAX } from './idempotency.ts';
import type { TaskId } from './ids.ts';
import type { Profile } from './profile.ts';
import { applyKeyPolicy } from './key-policy.ts';
import { planControl, type ControlPlan } from './plan-control.ts';
import { queueName } from './queue.ts';
import { reject, type Rejection } from './rejection.ts';
import type { TaskSpec } from './spec.ts';
import type { CoreState, IdempotencyEntry } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { addTask, internProfile } from './transition.ts';

type Submit = Extract<Command, { type: 'task.submit' }>;

/** A taken submit: the id of each task in order, an earlier task's where its idempotency key was known. */
export interface Submitted {
  readonly taskIds: readonly TaskId[];
  /** Positions that were repeats of earlier submits; empty for most commands. */
  readonly repeated: readonly number[];
}

/** Takes all tasks of a submit, or none. */
export function submitTasks(step: Step, command: Submit): Submitted | Rejection {
  const { events, state } = step;
  const plan = planSubmit(state, command);
  if ('code' in plan) return plan;
  const excess = state.idempotency.size + plan.keys - state.settings.idempotencyKeysMax;
  // The plan has seen that so many have expired.
  if (plan.keys > 0 && excess > 0) forgetKeys(state, excess);
  // Interned on first use: a spec whose tasks are all repeats leaves neither profile nor queue.
  const profiles = new Array<Profile | undefined>(command.specs.length);
  const taskIds: TaskId[] = [];
  for (const [position, item] of command.tasks.entries()) {
    const known = plan.known.size === 0 ? undefined : plan.known.get(position);
    if (known !== undefined) {
      taskIds.push(known);
      continue;
    }
    const wanted = item.dedupe === undefined ? item : makeWay(step, specOf(command, item), item);
    // A profile goes with its last task, which this submit may have canceled.
    const last = profiles[item.spec];
    const profile =
      last !== undefined && last.tasks > 0 ? last : internProfile(state, specOf(command, item));
    profiles[item.spec] = profile;
    const task = createTask(state, wanted, profile);
    addTask(state, task);
    rememberKey(state, task, item);
    events.push({ type: 'task.submitted', task, payload: null });
    taskIds.push(task.id);
    if (item.dedupe !== undefined) startWindow(state, profile.spec, item);
    if (item.concurrencyKey !== undefined) applyKeyPolicy(step, task);
  }
  return { taskIds, repeated: [...plan.known.keys()] };
}

/** What a submit would do, without doing it. */
export interface SubmitPlan {
  /** Positions whose idempotency key names an earlier task, or which an earlier one throttles. */
  readonly known: ReadonlyMap<number, TaskId>;
  /** Keys that are new. */
  readonly keys: number;
}

/**
 * Judges a submit against the state as it will be at `nowMs`; changes nothing. O(number of its tasks).
 */
export function planSubmit(
  state: CoreState,
  command: Submit,
  nowMs: number = state.nowMs,
): SubmitPlan | Rejection {
  const known = new Map<number, TaskId>();
  const keys = new Map<string, NewTask>();
  // The leader makes ids that grow; only others must be looked up one by one.
  const ids = areGrowing(command.tasks, state.newestId) ? null : new Set<TaskId>();
  const control: ControlPlan = { throttled: new Map(), bucketsNew: new Set(), dedupesNew: 0 };
  const perSpec = new Array<number>(command.specs.length).fill(0);
  for (const [position, item] of command.tasks.entries()) {
    const spec = specOf(command, item);
    const key = keyOf(spec, item);
    const earlier =
      key === null ? undefined : (liveEntry(state, key, nowMs) ?? inSameCommand(keys.get(key)));
    if (earlier !== undefined) {
      if (earlier.bodyHash !== (item.bodyHash ?? '')) {
        return conflict(item, earlier.taskId, position);
      }
      known.set(position, earlier.taskId);
      continue;
    }
    if (item.dedupe !== undefined || item.limits !== undefined) {
      const planned = planControl(state, spec, item, control);
      if (planned !== null && 'code' in planned) return planned;
      if (planned !== null) {
        known.set(position, planned.repeats);
        continue;
      }
    }
    if (key !== null) keys.set(key, item);
    if (ids !== null && (state.tasks.has(item.id) || ids.has(item.id))) {
      return reject('TASK_EXISTS', `a task id must be new, got ${item.id} again`, { position });
    }
    ids?.add(item.id);
    perSpec[item.spec] = (perSpec[item.spec] ?? 0) + 1;
  }
  const counts = { perSpec, keys: keys.size, nowMs };
  return checkRoom(state, command, counts) ?? { known, keys: keys.size };
}

/** Whether every id is greater than the one before, and the first than `newest`: then all are new. */
function areGrowing(tasks: readonly NewTask[], newest: string): boolean {
  let last = newest;
  for (const { id } of tasks) {
    if (id <= last) return false;
    last = id;
  }
  return true;
}

function specOf(command: Submit, item: NewTask): TaskSpec {
  const spec = command.specs[item.spec];
  invariant(spec !== undefined, () => `a task names one of the specs, got ${item.spec}`);
  return spec;
}

function liveEntry(state: CoreState, key: string, nowMs: number): IdempotencyEntry | undefined {
  const entry = state.idempotency.get(key);
  return entry === undefined || isExpired(state, entry, nowMs) ? undefined : entry;
}

function inSameCommand(
  item: NewTask | undefined,
): { taskId: TaskId; bodyHash: string } | undefined {
  return item === undefined ? undefined : { taskId: item.id, bodyHash: item.bodyHash ?? '' };
}

function conflict(item: NewTask, taskId: TaskId, position: number): Rejection {
  return reject(
    'IDEMPOTENCY_CONFLICT',
    `an idempotency key must come with the same task each time, got another body for task ${taskId}`,
    { taskId, position, idempotencyKey: item.idempotencyKey ?? '' },
  );
}

interface NewCounts {
  /** Tasks of each spec. */
  readonly perSpec: readonly number[];
  readonly keys: number;
  readonly nowMs: number;
}

function checkRoom(
  state: CoreState,
  command: Submit,
  { keys, nowMs, perSpec }: NewCounts,
): Rejection | null {
  const { settings } = state;
  const excess = state.idempotency.size + keys - settings.idempotencyKeysMax;
  // What many keys that end together cost is spread: one command makes room for little more than its own.
  const isFull = excess > keys + KEYS_FORGOTTEN_MAX || countExpired(state, excess, nowMs) < excess;
  if (keys > 0 && excess > 0 && isFull) {
    return reject(
      'IDEMPOTENCY_FULL',
      `at most ${settings.idempotencyKeysMax} idempotency keys are remembered; a shorter window makes room`,
      { idempotencyKeysMax: settings.idempotencyKeysMax },
    );
  }
  const added = new Map<string, number>();
  for (const [index, spec] of command.specs.entries()) {
    const name = queueName(spec.namespace, spec.queue);
    added.set(name, (added.get(name) ?? 0) + (perSpec[index] ?? 0));
  }
  let queuesNew = 0;
  for (const [name, count] of added) {
    const queue = state.queues.get(name);
    if (queue === undefined && count > 0) queuesNew += 1;
    const depthMax = queue?.settings.depthMax ?? settings.queueDefaults.depthMax;
    const depth = queue === undefined ? 0 : queue.queued + queue.scheduled;
    if (count > 0 && depth + count > depthMax) {
      return reject(
        'QUEUE_FULL',
        `queue ${name} holds at most ${depthMax} waiting tasks, got ${depth} and ${count} more`,
        { queue: name, depthMax, depth, added: count },
      );
    }
  }
  if (queuesNew > 0 && state.queues.size + queuesNew > settings.queuesMax) {
    return reject('QUEUE_LIMIT', `there can be at most ${settings.queuesMax} queues`, {
      queuesMax: settings.queuesMax,
    });
  }
  return null;
}

/** Namespace and key joined by a line feed, which neither may hold, so that no two pairs collide. */
function keyOf(spec: TaskSpec, item: NewTask): string | null {
  return item.idempotencyKey === undefined ? null : `${spec.namespace}\n${item.idempotencyKey}`;
}

function rememberKey(state: CoreState, task: Task, item: NewTask): void {
  const key = keyOf(task.profile.spec, item);
  if (key === null) return;
  state.idempotencySeq += 1;
  // An expired one of the same name: the new one stands at the end, where its number belongs.
  state.idempotency.delete(key);
  state.idempotency.set(key, {
    seq: state.idempotencySeq,
    key,
    taskId: task.id,
    bodyHash: item.bodyHash ?? '',
    createdAt: state.nowMs,
  });
}

/** A task in its first state, which is not among the others yet. */
export function createTask(state: CoreState, item: NewTask, profile: Profile): Task {
  const runAt = item.runAt ?? 0;
  const waits = runAt > state.nowMs;
  state.taskSeq += 1;
  return {
    id: item.id,
    seq: state.taskSeq,
    profile,
    payloadBytes: item.payloadBytes,
    createdAt: state.nowMs,
    affinityKey: item.affinityKey ?? null,
    idempotencyKey: item.idempotencyKey ?? null,
    deadlineAt: item.deadlineAt ?? 0,
    metadata: item.metadata ?? null,
    state: waits ? 'scheduled' : 'queued',
    reason: waits ? 'delayed' : null,
    stateAt: state.nowMs,
    runAt: waits ? runAt : 0,
    attempt: 0,
    fencingToken: 0,
    agentId: null,
    runUntil: 0,
    delayMsLast: 0,
    failures: NO_FAILURES,
    error: null,
    extra: extraOf(item),
    gates: null,
    dueAt: 0,
    timerSlot: -1,
    payload: null,
    waiting: null,
    share: null,
    listed: null,
    listeners: null,
    changeEpoch: 0,
    isStored: false,
  };
}

function extraOf(item: NewTask): TaskExtra | null {
  const control = controlOf(item);
  if (control === null && item.traceparent === undefined) return null;
  return { ...NO_EXTRA, traceparent: item.traceparent ?? null, control };
}

const NO_FAILURES: Task['failures'] = [];
