/** Which moments of a schedule are due, and which of them are made up for. */
import { firingJitterMs, type FiringItem, type Schedule, type TaskId } from '../core/index.ts';
import { lastMoment, momentsBetween, nextMoment } from './schedule-times.ts';

/** Missed firings are counted one by one up to here; the rest of one gap is not. */
export const MISSED_COUNTED_MAX = 100;

/** When the next firing of a schedule is to be made; Infinity for never. */
export function firingDueAt({ key, nextAt, paused, settings }: Schedule): number {
  if (nextAt === 0 || paused !== null) return Number.POSITIVE_INFINITY;
  return nextAt + firingJitterMs(key, nextAt, settings.jitterMs);
}

/**
 * What to propose of a schedule that is due at `nowMs`, in order: at most one passing over, then at most
 * `max` firings, each of which must be due.
 */
export function dueFirings(
  schedule: Schedule,
  nowMs: number,
  options: { readonly max: number; readonly nextId: () => TaskId },
): FiringItem[] {
  const { key, settings } = schedule;
  const items: FiringItem[] = [];
  let nominalAt = schedule.nextAt;
  const first = firstToMake(schedule, nowMs);
  if (first !== nominalAt) {
    const until = first === 0 ? nowMs : first - 1;
    const range = { fromMs: nominalAt, toMs: until };
    const missed = momentsBetween(settings, range, MISSED_COUNTED_MAX).length;
    items.push({ key, nominalAt, nextAt: first, taskId: null, missed });
    nominalAt = first;
  }
  for (let made = 0; made < options.max && nominalAt !== 0; made++) {
    if (nominalAt + firingJitterMs(key, nominalAt, settings.jitterMs) > nowMs) break;
    const nextAt = nextMoment(settings, nominalAt + 1);
    items.push({ key, nominalAt, nextAt, taskId: options.nextId(), missed: 0 });
    nominalAt = nextAt;
  }
  return items;
}

/** The first moment from the schedule's next on that is not passed over; 0 where none is left. */
function firstToMake({ nextAt, settings }: Schedule, nowMs: number): number {
  const { catchUp, catchUpMs, jitterMs } = settings;
  const oldest = nowMs - catchUpMs - jitterMs;
  const first = nextAt < oldest ? nextMoment(settings, oldest) : nextAt;
  if (catchUp === 'all' || first === 0) return first;
  // One whose jitter is not over yet must not stand for those before it.
  return lastMoment(settings, first, nowMs - jitterMs) || first;
}
