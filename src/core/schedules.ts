/** How schedules are set, held and removed. */
import { UNTRACKED } from './change-set.ts';
import type { ScheduleCommand } from './command.ts';
import { findLimitFault } from './plan-control.ts';
import { reject, type Rejection } from './rejection.ts';
import { countScheduleQueues } from './remove-queue.ts';
import { scheduleKey, SCHEDULES_MAX, type Schedule } from './schedule.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';

type Of<Type extends ScheduleCommand['type']> = Extract<ScheduleCommand, { type: Type }>;

/** The schedule of that key, or the refusal for there being none. */
export function scheduleOf(state: CoreState, key: string): Schedule | Rejection {
  return (
    state.records.schedules.get(key) ??
    reject('SCHEDULE_NOT_FOUND', `a schedule must exist, got ${key}`, { schedule: key })
  );
}

/**
 * Makes a schedule or replaces its settings. What it counted, its pause and what waits stay; so does its
 * next moment where the timing is as it was, so that setting the same again and again loses no firing.
 */
export function setSchedule(step: Step, command: Of<'schedule.set'>): Rejection | null {
  const { state } = step;
  const { name, namespace, nextAt, settings } = command;
  const table = state.records.schedules;
  const key = scheduleKey(namespace, name);
  const known = table.get(key);
  const fault = findLimitFault(state, settings.task.fields);
  if (fault !== null) return fault;
  if (known === undefined) {
    if (table.size >= SCHEDULES_MAX) {
      return reject('SCHEDULE_LIMIT', `there can be at most ${SCHEDULES_MAX} schedules`, {
        schedulesMax: SCHEDULES_MAX,
      });
    }
    addSchedule(step, command, key);
    return null;
  }
  table.touch(known);
  const isSameTiming = timingKey(known) === timingKey({ settings });
  countScheduleQueues(state.queueSchedules, known.settings, -1);
  known.settings = settings;
  countScheduleQueues(state.queueSchedules, settings, 1);
  known.changedAt = state.nowMs;
  if (!isSameTiming || known.nextAt === 0) known.nextAt = nextAt;
  if (hasRunOut(known)) known.nextAt = 0;
  step.events.push({ type: 'schedule.changed', schedule: known, reason: 'set' });
  return null;
}

function addSchedule({ events, state }: Step, command: Of<'schedule.set'>, key: string): void {
  const { name, namespace, nextAt, settings } = command;
  state.recordSeq += 1;
  const schedule: Schedule = {
    table: 'schedules',
    key,
    seq: state.recordSeq,
    namespace,
    name,
    createdAt: state.nowMs,
    settings,
    changedAt: state.nowMs,
    paused: null,
    nextAt,
    lastAt: 0,
    runs: 0,
    skipped: 0,
    missed: 0,
    waiting: null,
    recent: [],
    live: new Set(),
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  state.records.schedules.add(schedule);
  countScheduleQueues(state.queueSchedules, settings, 1);
  events.push({ type: 'schedule.changed', schedule, reason: 'set' });
}

/** Forgets a schedule and what waits of it. Its tasks go on. */
export function removeSchedule({ events, state }: Step, key: string): Rejection | null {
  const schedule = scheduleOf(state, key);
  if ('code' in schedule) return schedule;
  state.records.schedules.remove(schedule);
  countScheduleQueues(state.queueSchedules, schedule.settings, -1);
  schedule.waiting = null;
  events.push({ type: 'schedule.removed', schedule });
  return null;
}

/** Lets it fire no more by itself. Pausing a paused one keeps who paused it first. */
export function pauseSchedule(
  { events, state }: Step,
  command: Of<'schedule.pause'>,
): Rejection | null {
  const schedule = scheduleOf(state, command.key);
  if ('code' in schedule) return schedule;
  if (schedule.paused !== null) return null;
  state.records.schedules.touch(schedule);
  schedule.paused = { reason: command.reason, by: command.by, at: state.nowMs };
  events.push({ type: 'schedule.changed', schedule, reason: 'paused' });
  return null;
}

/** Lets it fire again from `nextAt` on; what it would have done meanwhile is not made up for. */
export function resumeSchedule(
  { events, state }: Step,
  command: Of<'schedule.resume'>,
): Rejection | null {
  const schedule = scheduleOf(state, command.key);
  if ('code' in schedule) return schedule;
  if (schedule.paused === null) return null;
  state.records.schedules.touch(schedule);
  schedule.paused = null;
  schedule.nextAt = hasRunOut(schedule) ? 0 : command.nextAt;
  events.push({ type: 'schedule.changed', schedule, reason: 'resumed' });
  return null;
}

/** Whether it has made all tasks that it may. */
export function hasRunOut({ runs, settings }: Schedule): boolean {
  return settings.runsMax > 0 && runs >= settings.runsMax;
}

/** What decides when it fires, as text; object fields come from the reader in one order. */
function timingKey({ settings }: Pick<Schedule, 'settings'>): string {
  return JSON.stringify([settings.timing, settings.startAt, settings.endAt]);
}
