/** How schedules fire: when the leader says that a moment has come, by hand, and over the past. */
import type { BackfillItem, FiringItem, ScheduleCommand } from './command.ts';
import { isHeld } from './holds.ts';
import type { TaskId } from './ids.ts';
import { cancelTask } from './recall.ts';
import { reject, type Rejection } from './rejection.ts';
import type { OverlapPolicy, Schedule } from './schedule.ts';
import {
  isQueueFull,
  makeFiring,
  rememberFiring,
  roomOf,
  scheduleQueue,
  skipFiring,
  type Firing,
} from './schedule-tasks.ts';
import { scheduleOf } from './schedules.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';

type Of<Type extends ScheduleCommand['type']> = Extract<ScheduleCommand, { type: Type }>;

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
    rememberFiring(state, schedule, item.nominalAt, { taskId: null, outcome: 'missed' });
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
  if (obstacle === 'namespace_killed') return namespaceKilled(schedule);
  if (obstacle !== null && obstacle !== 'wait') {
    return reject(
      'SCHEDULE_BUSY',
      obstacle === 'overlap'
        ? `nothing of the schedule must be under way with overlap ${overlap}, got ${schedule.live.size} tasks; overlap allow triggers it all the same`
        : `the schedule's queue must have room, got ${scheduleQueue(schedule)} full`,
      { schedule: schedule.key, overlap, live: schedule.live.size },
    );
  }
  state.records.schedules.touch(schedule);
  const firing = { nominalAt: state.nowMs, taskId: command.taskId, outcome: 'triggered' };
  attempt(step, schedule, firing, overlap);
  return null;
}

function namespaceKilled({ key, settings }: Schedule): Rejection {
  const { namespace } = settings.task.spec;
  return reject('NAMESPACE_KILLED', `namespace ${namespace} takes no tasks until it is restored`, {
    schedule: key,
    namespace,
  });
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
    skipFiring(step, schedule, firing, obstacle);
    return;
  }
  if (overlap === 'cancel-running') {
    // None of their ends starts what waits: this firing stands for that, too.
    schedule.waiting = null;
    for (const task of schedule.live) cancelTask(step, task.id, 'superseded');
  }
  makeFiring(step, schedule, firing);
}

/** Why a firing makes no task now; null where it does. */
function obstacleTo(
  state: CoreState,
  schedule: Schedule,
  overlap: OverlapPolicy,
): 'overlap' | 'queue_full' | 'namespace_killed' | 'wait' | null {
  if (isHeld(state, schedule.settings.task.spec.namespace)) return 'namespace_killed';
  const isBusy = schedule.live.size > 0;
  if (isBusy && overlap === 'skip') return 'overlap';
  if (isBusy && overlap === 'queue-one') return schedule.waiting === null ? 'wait' : 'overlap';
  return isQueueFull(state, schedule) ? 'queue_full' : null;
}

function noRoomFor(
  state: CoreState,
  schedule: Schedule,
  { items, overlap }: { readonly items: readonly BackfillItem[]; readonly overlap: OverlapPolicy },
): Rejection | null {
  if (overlap !== 'allow' || roomOf(state, schedule) >= items.length) return null;
  const queue = scheduleQueue(schedule);
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
