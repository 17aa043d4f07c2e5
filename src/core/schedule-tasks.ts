/** The tasks of schedules: how firings make them, and how they leave. */
import type { NewTask } from './command.ts';
import type { TaskId } from './ids.ts';
import { RECENT_FIRINGS_MAX, type Schedule } from './schedule.ts';
import { hasRunOut } from './schedules.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Submit } from './submit.ts';
import type { Task } from './task.ts';

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
  makeFiring(step, schedule, waiting);
}

/** The submit that firings of a schedule come to, all of them in one. */
export function submitOf(schedule: Schedule, firings: readonly Firing[]): Submit {
  const { fields, spec } = schedule.settings.task;
  const tasks = firings.map(({ runAt, taskId }): NewTask => {
    const delay = runAt === undefined ? {} : { runAt };
    return { ...fields, ...delay, id: taskId, spec: 0 };
  });
  return { type: 'task.submit', specs: [spec], tasks };
}

/**
 * Makes the task of a firing as any submit would, or leaves it out where that would be refused or be a
 * repeat. The schedule was touched.
 */
export function makeFiring(step: Step, schedule: Schedule, firing: Firing): void {
  const { events, state } = step;
  const { nominalAt, outcome, taskId } = firing;
  const { key, seq, settings } = schedule;
  const made = (task: Task): void => {
    schedule.live.add(task);
    if (outcome === 'scheduled') schedule.runs += 1;
    if (hasRunOut(schedule)) schedule.nextAt = 0;
    rememberFiring(state, schedule, nominalAt, { taskId, outcome });
    events.push({ type: 'schedule.fired', schedule, task, nominalAt, outcome });
  };
  const { payload } = settings.task;
  const source = {
    schedule: { key, seq, nominalAt },
    isCut: false,
    payloadOf: () => payload,
    made,
  };
  const submitted = step.submit(step, submitOf(schedule, [firing]), source);
  if ('code' in submitted) skipFiring(step, schedule, firing, submitted.code.toLowerCase());
  else if (submitted.repeated.length > 0) skipFiring(step, schedule, firing, 'throttled');
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
