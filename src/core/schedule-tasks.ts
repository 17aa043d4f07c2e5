/** The tasks of schedules: how firings make them, and how they leave. */
import { isHeld } from './holds.ts';
import type { TaskId } from './ids.ts';
import { NO_EXTRA } from './extra.ts';
import { queueName } from './queue.ts';
import { RECENT_FIRINGS_MAX, type Schedule } from './schedule.ts';
import { hasRunOut } from './schedules.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import { createTask } from './new-task.ts';
import type { Task } from './task.ts';
import { addTask, internProfile } from './transition.ts';

export interface Firing {
  readonly nominalAt: number;
  readonly taskId: TaskId;
  /** What it is called when it makes its task. */
  readonly outcome: string;
  readonly runAt?: number;
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
  if (isHeld(state, schedule.settings.task.spec.namespace)) {
    skipFiring(step, schedule, waiting, 'namespace_killed');
  } else if (isQueueFull(state, schedule) || state.tasks.has(waiting.taskId)) {
    skipFiring(step, schedule, waiting, 'queue_full');
  } else makeFiring(step, schedule, waiting);
}

/** Makes the task of a firing. The schedule was touched, and there is room. */
export function makeFiring(step: Step, schedule: Schedule, firing: Firing): void {
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
  rememberFiring(state, schedule, nominalAt, { taskId, outcome });
  events.push({ type: 'schedule.fired', schedule, task, nominalAt, outcome });
  events.push({ type: 'task.submitted', task, payload });
}

/** Counts a firing that makes no task. */
export function skipFiring(
  step: Step,
  schedule: Schedule,
  { nominalAt }: Firing,
  reason: string,
): void {
  schedule.skipped += 1;
  rememberFiring(step.state, schedule, nominalAt, { taskId: null, outcome: reason });
  step.events.push({ type: 'schedule.skipped', schedule, nominalAt, reason, count: 1 });
}

/** Keeps what became of a firing among the newest. */
export function rememberFiring(
  state: CoreState,
  schedule: Schedule,
  nominalAt: number,
  what: { readonly taskId: TaskId | null; readonly outcome: string },
): void {
  const kept = schedule.recent.slice(1 - RECENT_FIRINGS_MAX);
  schedule.recent = [...kept, { nominalAt, at: state.nowMs, ...what }];
}

/** Whether the schedule's queue can take no further task. */
export function isQueueFull(state: CoreState, schedule: Schedule): boolean {
  return roomOf(state, schedule) < 1;
}

/** Tasks that the schedule's queue can still take. */
export function roomOf(state: CoreState, schedule: Schedule): number {
  const { queueDefaults, queuesMax } = state.settings;
  const queue = state.queues.get(scheduleQueue(schedule));
  if (queue === undefined) return state.queues.size >= queuesMax ? 0 : queueDefaults.depthMax;
  return queue.settings.depthMax - queue.blocked - queue.queued - queue.scheduled;
}

/** Name of the queue that its tasks wait in. */
export function scheduleQueue(schedule: Schedule): string {
  const { spec } = schedule.settings.task;
  return queueName(spec.namespace, spec.queue);
}
