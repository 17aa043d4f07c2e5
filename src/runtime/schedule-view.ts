/** How schedules are shown to the outside. */
import type { ScheduleView } from '../contract/index.ts';
import type { Schedule, ScheduledTask } from '../core/index.ts';
import { iso } from './views.ts';

/** Ids of live tasks shown, at most. */
const LIVE_SHOWN_MAX = 20;

export function scheduleView(schedule: Schedule): ScheduleView {
  const { lastAt, live, missed, name, namespace, nextAt, paused, runs, settings } = schedule;
  const { endAt, runsMax, startAt } = settings;
  const { catchUp, catchUpMs, jitterMs, overlap } = settings;
  const { recent, skipped, waiting } = schedule;
  return {
    name,
    namespace,
    state: stateOf(schedule),
    ...timingFields(settings.timing),
    overlap,
    catchUp,
    catchUpMs,
    jitterMs,
    ...(startAt === 0 ? {} : { startAt: iso(startAt) }),
    ...(endAt === 0 ? {} : { endAt: iso(endAt) }),
    ...(runsMax === 0 ? {} : { runsMax }),
    task: taskFields(settings.task),
    paused: paused === null ? null : { ...paused, at: iso(paused.at) },
    nextAt: nextAt === 0 || paused !== null ? null : iso(nextAt),
    lastAt: lastAt === 0 ? null : iso(lastAt),
    runs,
    skipped,
    missed,
    live: live.size,
    liveTaskIds: [...live.values().take(LIVE_SHOWN_MAX)].map((task) => task.id),
    waiting:
      waiting === null ? null : { nominalAt: iso(waiting.nominalAt), taskId: waiting.taskId },
    recent: recent.map((firing) => ({
      nominalAt: iso(firing.nominalAt),
      at: iso(firing.at),
      taskId: firing.taskId,
      outcome: firing.outcome,
    })),
    createdAt: iso(schedule.createdAt),
    changedAt: iso(schedule.changedAt),
  };
}

function stateOf({ nextAt, paused }: Schedule): ScheduleView['state'] {
  if (paused !== null) return 'paused';
  return nextAt === 0 ? 'finished' : 'active';
}

function timingFields(
  timing: Schedule['settings']['timing'],
): Pick<ScheduleView, 'cron' | 'timezone' | 'everyMs' | 'offsetMs' | 'at'> {
  switch (timing.type) {
    case 'cron':
      return { cron: timing.expression, timezone: timing.timezone };
    case 'every':
      return {
        everyMs: timing.intervalMs,
        ...(timing.offsetMs === 0 ? {} : { offsetMs: timing.offsetMs }),
      };
    default:
      return { at: timing.moments.map((moment) => iso(moment)) };
  }
}

function taskFields({ fields, payload, spec }: ScheduledTask): Record<string, unknown> {
  const { deadlineAt, payloadBytes: _bytes, ...rest } = fields;
  const deadline = deadlineAt === undefined ? {} : { deadlineAt: iso(deadlineAt) };
  return { ...spec, ...rest, ...deadline, payload: JSON.parse(payload) as unknown };
}
