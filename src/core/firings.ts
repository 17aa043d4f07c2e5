/** How schedules fire: when the leader says that a moment has come, by hand, and over the past. */
import { NO_EXTRA } from './extra.ts';
import type { BackfillItem, FiringItem, ScheduleCommand } from './command.ts';
import type { TaskId } from './ids.ts';
import { queueName } from './queue.ts';
import { cancelTask } from './recall.ts';
import { reject, type Rejection } from './rejection.ts';
import { RECENT_FIRINGS_MAX, type OverlapPolicy, type Schedule } from './schedule.ts';
import { hasRunOut, scheduleOf } from './schedules.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import { createTask } from './submit.ts';
import type { Task } from './task.ts';
import { addTask, internProfile } from './transition.ts';

type Of<Type extends ScheduleCommand['type']> = Extract<ScheduleCommand, { type: Type }>;

interface Firing {
  readonly nominalAt: number;
  readonly taskId: TaskId;
  /** What it is called when it makes its task. */
  readonly outcome: string;
  readonly runAt?: number;
}

/**
 * One moment of a schedule has come, or is passed over. Only the next one is taken, and taking it moves
 * the schedule on: however often it is proposed and by whom, it happens once.
 */
export function fireSchedule(step: Step, item: FiringItem): Rejection | null {
  const { state } = step;
  const schedule = scheduleOf(state, item.key);
  if ('code' in schedule) return schedule;
  const refusal = checkFiring(state, schedule, item);
  if (refusal !== null) return refusal;
  state.records.schedules.touch(schedule);
  schedule.nextAt = item.nextAt;
  if (item.taskId === null) {
    schedule.missed += item.missed;
    remember(state, schedule, item.nominalAt, { taskId: null, outcome: 'missed' });
    const { nominalAt, missed: count } = item;
    step.events.push({ type: 'schedule.skipped', schedule, nominalAt, reason: 'missed', count });
    return null;
  }
  schedule.lastAt = item.nominalAt;
  const firing = { nominalAt: item.nominalAt, taskId: item.taskId, outcome: 'scheduled' };
  attempt(step, schedule, firing, schedule.settings.overlap);
  return null;
}

/** Fires now, paused or not. Counts neither as a run nor moves the schedule on. */
export function triggerSchedule(step: Step, command: Of<'schedule.trigger'>): Rejection | null {
  const { state } = step;
  const schedule = scheduleOf(state, command.key);
  if ('code' in schedule) return schedule;
  if (state.tasks.has(command.taskId)) return taskExists(command.taskId);
  const overlap = command.overlap ?? schedule.settings.overlap;
  const obstacle = obstacleTo(state, schedule, overlap);
  if (obstacle !== null && obstacle !== 'wait') {
    return reject(
      'SCHEDULE_BUSY',
      obstacle === 'overlap'
        ? `nothing of the schedule must be under way with overlap ${overlap}, got ${schedule.live.size} tasks; overlap allow triggers it all the same`
        : `the schedule's queue must have room, got ${queueOf(schedule)} full`,
      { schedule: schedule.key, overlap, live: schedule.live.size },
    );
  }
  state.records.schedules.touch(schedule);
  const firing = { nominalAt: state.nowMs, taskId: command.taskId, outcome: 'triggered' };
  attempt(step, schedule, firing, overlap);
  return null;
}

/** Fires for moments of the past, all in one step. Counts neither as runs nor moves the schedule on. */
export function backfillSchedule(step: Step, command: Of<'schedule.backfill'>): Rejection | null {
  const { state } = step;
  const schedule = scheduleOf(state, command.key);
  if ('code' in schedule) return schedule;
  const known = command.items.find(({ taskId }) => state.tasks.has(taskId));
  if (known !== undefined) return taskExists(known.taskId);
  const full = noRoomFor(state, schedule, command);
  if (full !== null) return full;
  state.records.schedules.touch(schedule);
  for (const { nominalAt, runAt, taskId } of command.items) {
    const firing = { nominalAt, taskId, outcome: 'backfilled', ...(runAt ? { runAt } : {}) };
    attempt(step, schedule, firing, command.overlap);
  }
  return null;
}

/** A task joins the tasks of its schedule that are under way, where that is still the same schedule. */
export function joinSchedule(state: CoreState, task: Task): void {
  const of = task.extra?.schedule;
  if (of == null || task.state === 'failed') return;
  const schedule = state.records.schedules.get(of.key);
  if (schedule !== undefined && schedule.seq === of.seq) schedule.live.add(task);
}

/** A task of a schedule has ended: what waited for that comes now. */
export function leaveSchedule(step: Step, task: Task): void {
  const { state } = step;
  const of = task.extra?.schedule;
  const schedule = of == null ? undefined : state.records.schedules.get(of.key);
  if (schedule === undefined || !schedule.live.delete(task) || schedule.live.size > 0) return;
  const { waiting } = schedule;
  if (waiting === null) return;
  state.records.schedules.touch(schedule);
  schedule.waiting = null;
  if (isFull(state, schedule) || state.tasks.has(waiting.taskId)) {
    skip(step, schedule, waiting, 'queue_full');
  } else make(step, schedule, waiting);
}

function checkFiring(state: CoreState, schedule: Schedule, item: FiringItem): Rejection | null {
  const { key, nextAt, paused } = schedule;
  if (item.nominalAt !== nextAt || item.nominalAt === 0) {
    return reject(
      'SCHEDULE_MOVED_ON',
      `a firing must be the next of its schedule, ${nextAt}, got ${item.nominalAt}`,
      { schedule: key, nextAt, nominalAt: item.nominalAt },
    );
  }
  if (paused !== null) {
    return reject('SCHEDULE_PAUSED', `a schedule that fires must not be paused, got ${key}`, {
      schedule: key,
    });
  }
  return item.taskId !== null && state.tasks.has(item.taskId) ? taskExists(item.taskId) : null;
}

/** Makes the task of a firing, lets it wait, or leaves it out. The schedule was touched. */
function attempt(step: Step, schedule: Schedule, firing: Firing, overlap: OverlapPolicy): void {
  const obstacle = obstacleTo(step.state, schedule, overlap);
  if (obstacle === 'wait') {
    const { nominalAt, outcome, taskId } = firing;
    schedule.waiting = { nominalAt, taskId, outcome };
    step.events.push({ type: 'schedule.changed', schedule, reason: 'waiting' });
    return;
  }
  if (obstacle !== null) {
    skip(step, schedule, firing, obstacle);
    return;
  }
  if (overlap === 'cancel-running') {
    // None of their ends starts what waits: this firing stands for that, too.
    schedule.waiting = null;
    for (const task of [...schedule.live]) cancelTask(step, task.id, 'superseded');
  }
  make(step, schedule, firing);
}

/** Why a firing makes no task now; null where it does. */
function obstacleTo(
  state: CoreState,
  schedule: Schedule,
  overlap: OverlapPolicy,
): 'overlap' | 'queue_full' | 'wait' | null {
  const isBusy = schedule.live.size > 0;
  if (isBusy && overlap === 'skip') return 'overlap';
  if (isBusy && overlap === 'queue-one') return schedule.waiting === null ? 'wait' : 'overlap';
  return isFull(state, schedule) ? 'queue_full' : null;
}

function make(step: Step, schedule: Schedule, firing: Firing): void {
  const { events, state } = step;
  const { fields, payload, spec } = schedule.settings.task;
  const { nominalAt, outcome, runAt, taskId } = firing;
  const delay = runAt === undefined ? {} : { runAt };
  const profile = internProfile(state, spec);
  const task = createTask(state, { ...fields, ...delay, id: taskId, spec: 0 }, profile);
  const { key, seq } = schedule;
  task.extra = { ...(task.extra ?? NO_EXTRA), schedule: { key, seq, nominalAt } };
  addTask(state, task);
  schedule.live.add(task);
  if (outcome === 'scheduled') schedule.runs += 1;
  if (hasRunOut(schedule)) schedule.nextAt = 0;
  remember(state, schedule, nominalAt, { taskId, outcome });
  events.push({ type: 'schedule.fired', schedule, task, nominalAt, outcome });
  events.push({ type: 'task.submitted', task, payload });
}

function skip(step: Step, schedule: Schedule, { nominalAt }: Firing, reason: string): void {
  schedule.skipped += 1;
  remember(step.state, schedule, nominalAt, { taskId: null, outcome: reason });
  step.events.push({ type: 'schedule.skipped', schedule, nominalAt, reason, count: 1 });
}

function remember(
  state: CoreState,
  schedule: Schedule,
  nominalAt: number,
  what: { readonly taskId: TaskId | null; readonly outcome: string },
): void {
  const kept = schedule.recent.slice(1 - RECENT_FIRINGS_MAX);
  schedule.recent = [...kept, { nominalAt, at: state.nowMs, ...what }];
}

function isFull(state: CoreState, schedule: Schedule): boolean {
  return roomOf(state, schedule) < 1;
}

/** Tasks that the schedule's queue can still take. */
function roomOf(state: CoreState, schedule: Schedule): number {
  const { queueDefaults, queuesMax } = state.settings;
  const queue = state.queues.get(queueOf(schedule));
  if (queue === undefined) return state.queues.size >= queuesMax ? 0 : queueDefaults.depthMax;
  return queue.settings.depthMax - queue.queued - queue.scheduled;
}

function queueOf(schedule: Schedule): string {
  const { spec } = schedule.settings.task;
  return queueName(spec.namespace, spec.queue);
}

function noRoomFor(
  state: CoreState,
  schedule: Schedule,
  { items, overlap }: { readonly items: readonly BackfillItem[]; readonly overlap: OverlapPolicy },
): Rejection | null {
  if (overlap !== 'allow' || roomOf(state, schedule) >= items.length) return null;
  const queue = queueOf(schedule);
  const room = Math.max(0, roomOf(state, schedule));
  return reject(
    'QUEUE_FULL',
    `queue ${queue} must have room for all ${items.length} tasks of a backfill, got room for ${room}`,
    { queue, room, added: items.length },
  );
}

function taskExists(taskId: TaskId): Rejection {
  return reject('TASK_EXISTS', `a task id must be new, got ${taskId} again`, { taskId });
}
