/** How schedules fire: when the leader says that a moment has come, by hand, and over the past. */
import type { FiringItem, ScheduleCommand } from './command.ts';
import type { TaskId } from './ids.ts';
import { cancelTask } from './recall.ts';
import { reject, type Rejection } from './rejection.ts';
import type { OverlapPolicy, Schedule } from './schedule.ts';
import { makeFiring, rememberFiring, skipFiring, submitOf, type Firing } from './schedule-tasks.ts';
import { scheduleOf } from './schedules.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import { planSubmit } from './submit.ts';

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
  const overlap = command.overlap ?? schedule.settings.overlap;
  const firing = { nominalAt: state.nowMs, taskId: command.taskId, outcome: 'triggered' };
  const obstacle = obstacleTo(state, schedule, firing, overlap);
  if (typeof obstacle === 'object' && obstacle !== null) return obstacle;
  if (obstacle === 'overlap' || obstacle === 'throttled') {
    return reject(
      'SCHEDULE_BUSY',
      obstacle === 'overlap'
        ? `nothing of the schedule must be under way with overlap ${overlap}, got ${schedule.live.size} tasks; overlap allow triggers it all the same`
        : 'a schedule that fires must not be throttled by its dedupe key, got one made within its window',
      { schedule: schedule.key, overlap, live: schedule.live.size },
    );
  }
  state.records.schedules.touch(schedule);
  attempt(step, schedule, firing, overlap);
  return null;
}

/** Fires for moments of the past, all in one step. Counts neither as runs nor moves the schedule on. */
export function backfillSchedule(step: Step, command: Of<'schedule.backfill'>): Rejection | null {
  const { state } = step;
  const schedule = scheduleOf(state, command.key);
  if ('code' in schedule) return schedule;
  const firings = command.items.map((item) => ({ ...item, outcome: 'backfilled' }));
  // With another policy most of them may come to nothing: each is judged when it is its turn.
  const isWhole = command.overlap === 'allow';
  const plan = planSubmit(state, submitOf(schedule, isWhole ? firings : firings.slice(0, 1)));
  if ('code' in plan) return plan;
  const known = firings.find(({ taskId }) => state.tasks.has(taskId));
  if (known !== undefined) return taskExists(known.taskId);
  state.records.schedules.touch(schedule);
  for (const firing of firings) attempt(step, schedule, firing, command.overlap);
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
  const obstacle = obstacleTo(step.state, schedule, firing, overlap);
  if (obstacle === 'wait') {
    const { nominalAt, outcome, taskId } = firing;
    schedule.waiting = { nominalAt, taskId, outcome };
    step.events.push({ type: 'schedule.changed', schedule, reason: 'waiting' });
    return;
  }
  if (obstacle !== null) {
    const reason = typeof obstacle === 'string' ? obstacle : obstacle.code.toLowerCase();
    skipFiring(step, schedule, firing, reason);
    return;
  }
  if (overlap === 'cancel-running') {
    // None of their ends starts what waits: this firing stands for that, too.
    schedule.waiting = null;
    // Oldest first: every replica must meet them in the same order, whatever order it restored them in.
    const live = [...schedule.live].toSorted((a, b) => a.seq - b.seq);
    for (const task of live) cancelTask(step, task.id, 'superseded');
  }
  makeFiring(step, schedule, firing);
}

/**
 * Why a firing makes no task now: its policy, a dedupe key, or what a submit of the task would be refused
 * for; null where it makes one.
 */
function obstacleTo(
  state: CoreState,
  schedule: Schedule,
  firing: Firing,
  overlap: OverlapPolicy,
): 'overlap' | 'wait' | 'throttled' | Rejection | null {
  const isBusy = schedule.live.size > 0;
  // What waits is judged when its turn comes, what is skipped needs no judging.
  const isSkipped = isBusy && (overlap === 'skip' || overlap === 'queue-one');
  const plan = planSubmit(state, submitOf(schedule, [firing]));
  if ('code' in plan && (plan.code === 'NAMESPACE_KILLED' || !isSkipped)) return plan;
  if (isSkipped) return overlap === 'skip' || schedule.waiting !== null ? 'overlap' : 'wait';
  return !('code' in plan) && plan.known.size > 0 ? 'throttled' : null;
}

function taskExists(taskId: TaskId): Rejection {
  return reject('TASK_EXISTS', `a task id must be new, got ${taskId} again`, { taskId });
}
