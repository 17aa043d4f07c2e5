import { invariant } from '../base/invariant.ts';
import type { Command, NewTask } from './command.ts';
import { createTask } from './new-task.ts';
import { NO_EXTRA } from './extra.ts';
import { hangUp } from './flow-links.ts';
import { dependenciesOf, nameOf, policyOf, type FailurePolicy, type ParentEnd } from './flow.ts';
import { dependsOnSome, planFlow, type FlowPlan } from './flow-plan.ts';
import { placeTask, startPlacing } from './family.ts';
import { findFamilyFault } from './family-plan.ts';
import { makeWay, startWindow } from './dedupe.ts';
import type { IdempotencyEntry } from './idempotency-keys.ts';
import { countExpired, forgetKeys, isExpired, KEYS_FORGOTTEN_MAX } from './idempotency.ts';
import type { TaskId } from './ids.ts';
import type { Profile } from './profile.ts';
import { applyKeyPolicy } from './key-policy.ts';
import { planControl, startControl, type ControlPlan } from './plan-control.ts';
import { queueName } from './queue.ts';
import { cancelTask } from './recall.ts';
import type { SessionRef } from './session.ts';
import { keepOutcome, recallOutcome } from './sessions.ts';
import { reject, type Rejection } from './rejection.ts';
import type { TaskSchedule } from './schedule.ts';
import type { TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { addTask, internProfile } from './transition.ts';
import { failDependent, makeReady } from './waves.ts';

export type Submit = Extract<Command, { type: 'task.submit' }>;

/** Where tasks come from that no caller's submit brings: a firing, or a part of a large submit. */
export interface Source {
  readonly schedule: TaskSchedule | null;
  /** They are to be canceled at once, so that none goes on. */
  readonly isCut: boolean;
  /** JSON text of a task's payload. */
  readonly payloadOf: (position: number) => string;
  /** Told of each task once it stands among the others, before anything is said of it. */
  readonly made: (task: Task, item: NewTask) => void;
}

/** A taken submit: the id of each task in order, an earlier task's where its idempotency key was known. */
export interface Submitted {
  readonly taskIds: readonly TaskId[];
  /** Positions that were repeats of earlier submits; empty for most commands. */
  readonly repeated: readonly number[];
}

/** Takes all tasks of a submit, or none. */
export function submitTasks(
  step: Step,
  command: Submit,
  source: Source | null = null,
): Submitted | Rejection {
  const { state } = step;
  const plan = planSubmit(state, command);
  if ('code' in plan) return plan;
  const excess = state.idempotency.size + plan.keys - state.settings.idempotencyKeysMax;
  // The plan has seen that so many have expired.
  if (plan.keys > 0 && excess > 0) forgetKeys(state, excess);
  const submitted = takeTasks(step, command, plan, source);
  if (command.session !== undefined) keepOutcome(state, command.session, submitted.taskIds);
  return submitted;
}

/** Carries out a submit that was judged. */
export function takeTasks(
  step: Step,
  command: Submit,
  plan: SubmitPlan,
  source: Source | null,
): Submitted {
  const { events, state } = step;
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
    const task = createTask(state, wanted, profile, plan.flow?.edges.get(position));
    if (source !== null && source.schedule !== null)
      task.extra = { ...(task.extra ?? NO_EXTRA), schedule: source.schedule };
    addTask(state, task);
    const key = keyOf(profile.spec, item);
    if (key !== null) rememberKey(state, { key, taskId: item.id, bodyHash: item.bodyHash ?? '' });
    source?.made(task, item);
    events.push({ type: 'task.submitted', task, payload: source?.payloadOf(position) ?? null });
    taskIds.push(task.id);
    if (item.dedupe !== undefined) startWindow(state, profile.spec, item);
    if (item.concurrencyKey !== undefined) applyKeyPolicy(step, task);
  }
  if (plan.isFamily) joinFamily(step, command, plan.known);
  if (plan.flow !== null && source?.isCut !== true) joinFlow(step, plan.flow, taskIds);
  return { taskIds, repeated: [...plan.known.keys()] };
}

/** What a submit would do, without doing it. */
export interface SubmitPlan {
  /** Positions whose idempotency key names an earlier task, or which an earlier one throttles. */
  readonly known: ReadonlyMap<number, TaskId>;
  /** Null where no task depends on another. */
  readonly flow: FlowPlan | null;
  /** Whether any of it counts in a tree. */
  readonly isFamily: boolean;
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
  const before =
    command.session === undefined ? null : planRepeat(state, command, command.session, nowMs);
  if (before !== null) return before;
  // Most submits have nothing to put into these, and those that come one by one are many.
  let known: Map<number, TaskId> | null = null;
  let keys: Map<string, NewTask> | null = null;
  let control: ControlPlan | null = null;
  // The leader makes ids that grow; only others must be looked up one by one.
  const ids = areGrowing(command.tasks, state.newestId) ? null : new Set<TaskId>();
  const perSpec = new Array<number>(command.specs.length).fill(0);
  let isFlow = false;
  let isFamily = command.flow !== undefined;
  for (const [position, item] of command.tasks.entries()) {
    const spec = specOf(command, item);
    const key = keyOf(spec, item);
    const earlier =
      key === null ? undefined : (liveEntry(state, key, nowMs) ?? inSameCommand(keys?.get(key)));
    if (earlier !== undefined) {
      if (earlier.bodyHash !== (item.bodyHash ?? '')) {
        return conflict(item, earlier.taskId, position);
      }
      known ??= new Map();
      known.set(position, earlier.taskId);
      continue;
    }
    if (item.dedupe !== undefined || item.limits !== undefined) {
      control ??= startControl(nowMs);
      const planned = planControl(state, spec, item, control);
      if (planned !== null && 'code' in planned) return planned;
      if (planned !== null) {
        known ??= new Map();
        known.set(position, planned.repeats);
        continue;
      }
    }
    if (key !== null) {
      keys ??= new Map();
      keys.set(key, item);
    }
    if (ids !== null && (state.tasks.has(item.id) || ids.has(item.id))) {
      return reject('TASK_EXISTS', `a task id must be new, got ${item.id} again`, { position });
    }
    ids?.add(item.id);
    isFlow ||= dependsOnSome(item);
    isFamily ||= item.parentId !== undefined || item.budget !== undefined;
    perSpec[item.spec] = (perSpec[item.spec] ?? 0) + 1 + (spec.rules?.redundancy?.copies ?? 0);
  }
  const keysNew = keys?.size ?? 0;
  const fault = checkRoom(state, command.specs, { perSpec, keys: keysNew, nowMs });
  if (fault !== null) return fault;
  const repeats = known ?? NOTHING_KNOWN;
  const orphan =
    isFamily || state.records.kills.size > 0 ? findFamilyFault(state, command, repeats) : null;
  if (orphan !== null) return orphan;
  const flow = isFlow ? planFlow(state, command, repeats) : null;
  if (flow !== null && 'code' in flow) return flow;
  return { known: repeats, keys: keysNew, flow, isFamily };
}

const NOTHING_KNOWN: ReadonlyMap<number, TaskId> = new Map();

/** The plan of a submit that was taken before: all its tasks are there. Null for one that was not. */
function planRepeat(
  state: CoreState,
  { tasks }: Submit,
  session: SessionRef,
  nowMs: number,
): SubmitPlan | Rejection | null {
  const outcome = recallOutcome(state, session, nowMs);
  if (outcome === null || 'code' in outcome) return outcome;
  if (outcome.length !== tasks.length) return sessionConflict(session, outcome.length);
  return { known: new Map(outcome.entries()), keys: 0, flow: null, isFamily: false };
}

/** A sequence number came with another submit than the first time. */
export function sessionConflict({ id, sequence }: SessionRef, tasks: number): Rejection {
  return reject(
    'SESSION_CONFLICT',
    `a sequence number must come with the same submit each time, which had ${tasks} tasks`,
    { session: id, sequence },
  );
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

/** What is remembered under a key that counts at `nowMs`. */
export function liveEntry(
  state: CoreState,
  key: string,
  nowMs: number,
): IdempotencyEntry | undefined {
  const entry = state.idempotency.get(key);
  return entry === undefined || isExpired(state, entry, nowMs) ? undefined : entry;
}

function inSameCommand(
  item: NewTask | undefined,
): { taskId: TaskId; bodyHash: string } | undefined {
  return item === undefined ? undefined : { taskId: item.id, bodyHash: item.bodyHash ?? '' };
}

/** A key came with another task than the first time. */
export function conflict(
  item: Pick<NewTask, 'idempotencyKey'>,
  taskId: TaskId,
  position: number,
): Rejection {
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

/** Whether there is room for new keys and, by spec, for so many tasks. */
export function checkRoom(
  state: CoreState,
  specs: readonly TaskSpec[],
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
  for (const [index, spec] of specs.entries()) {
    const name = queueName(spec.namespace, spec.queue);
    added.set(name, (added.get(name) ?? 0) + (perSpec[index] ?? 0));
  }
  let queuesNew = 0;
  for (const [name, count] of added) {
    const queue = state.queues.get(name);
    if (queue === undefined && count > 0) queuesNew += 1;
    const depthMax = queue?.settings.depthMax ?? settings.queueDefaults.depthMax;
    const depth = queue === undefined ? 0 : queue.blocked + queue.queued + queue.scheduled;
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

/** Lets a key name its task from now on. */
export function rememberKey(
  state: CoreState,
  entry: Pick<IdempotencyEntry, 'key' | 'taskId' | 'bodyHash'>,
): void {
  state.idempotencySeq += 1;
  state.idempotency.add({ seq: state.idempotencySeq, ...entry, createdAt: state.nowMs });
}

/** Puts new tasks where they come from. */
function joinFamily(step: Step, { flow, tasks }: Submit, known: ReadonlyMap<number, TaskId>): void {
  const items = tasks.filter((_, position) => !known.has(position));
  // A key's policy may have canceled some of them already, in favour of others.
  const placed = items.flatMap((item) => {
    const task = step.state.tasks.get(item.id);
    return task === undefined ? [] : [{ item, task }];
  });
  const placing = startPlacing(
    step.state,
    flow,
    placed.map(({ task }) => task),
  );
  for (const { item, task } of placed) placeTask(step, task, item, placing);
}

/** Ties new tasks to their parents; those that have none to wait for go on, or end, at once. */
function joinFlow(step: Step, plan: FlowPlan, taskIds: readonly TaskId[]): void {
  const { state } = step;
  const tasks = [...plan.edges.keys()].flatMap((position) => {
    const task = state.tasks.get(taskIds[position] as TaskId);
    return task === undefined ? [] : [task];
  });
  for (const task of tasks) hangUp(state, task);
  for (const task of tasks) {
    const bad = findBadParent(state, task, plan.ends);
    if (bad !== null) {
      if (bad.policy === 'skip') cancelTask(step, task.id, 'skipped');
      else failDependent(step, task, bad);
    } else if (task.links?.left === 0) makeReady(step, task);
  }
}

interface BadParent extends Pick<ParentEnd, 'name' | 'state' | 'code'> {
  readonly policy: FailurePolicy;
}

/** The first parent that ended before the submit in a way its edge does not forgive. */
function findBadParent(state: CoreState, task: Task, ends: FlowPlan['ends']): BadParent | null {
  for (const dependency of dependenciesOf(task)) {
    const policy = policyOf(dependency);
    if (policy === 'continue') continue;
    const live = state.tasks.get(dependency.taskId);
    if (live !== undefined) {
      if (live.state !== 'failed') continue;
      return { policy, name: nameOf(live), state: 'failed', code: live.error?.code ?? null };
    }
    // One that is neither live nor known to have ended was canceled by this submit, in favour of another.
    const end = ends.get(dependency.taskId) ?? canceledNow(dependency.taskId);
    if (end.state === 'completed') continue;
    if (task.extra?.flow != null) {
      task.extra = { ...task.extra, flow: { ...task.extra.flow, isLost: true } };
    }
    return { policy, name: end.name, state: end.state, code: end.code };
  }
  return null;
}

function canceledNow(taskId: TaskId): ParentEnd {
  return { taskId, name: taskId, state: 'canceled', code: null };
}
