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

export interface DueOptions {
  readonly max: number;
  readonly nextId: () => TaskId;
  /** The moment after the schedule's next one, 0 for none; absent where it is to be worked out. */
  readonly followingAt?: number;
}

/**
 * What to propose of a schedule that is due at `nowMs`, in order: at most one passing over, then at most
 * `max` firings, each of which must be due.
 */
export function dueFirings(schedule: Schedule, nowMs: number, options: DueOptions): FiringItem[] {
  const { key, settings } = schedule;
  const items: FiringItem[] = [];
  let nominalAt = schedule.nextAt;
  const { followingAt } = options;
  const first = firstToMake(schedule, nowMs, followingAt ?? null);
  if (first !== nominalAt) {
    const until = first === 0 ? nowMs : first - 1;
    const range = { fromMs: nominalAt, toMs: until };
    const missed = momentsBetween(settings, range, MISSED_COUNTED_MAX).length;
    items.push({ key, nominalAt, nextAt: first, taskId: null, missed });
    nominalAt = first;
  }
  for (let made = 0; made < options.max && nominalAt !== 0; made++) {
    if (nominalAt + firingJitterMs(key, nominalAt, settings.jitterMs) > nowMs) break;
    const isFirst = nominalAt === schedule.nextAt && followingAt !== undefined;
    const nextAt = isFirst ? followingAt : nextMoment(settings, nominalAt + 1);
    items.push({ key, nominalAt, nextAt, taskId: options.nextId(), missed: 0 });
    nominalAt = nextAt;
  }
  return items;
}

/** The first moment from the schedule's next on that is not passed over; 0 where none is left. */
function firstToMake(
  { nextAt, settings }: Schedule,
  nowMs: number,
  followingAt: number | null,
): number {
  const { catchUp, catchUpMs, jitterMs } = settings;
  const oldest = nowMs - catchUpMs - jitterMs;
  const first = nextAt < oldest ? nextMoment(settings, oldest) : nextAt;
  if (catchUp === 'all' || first === 0) return first;
  // One whose jitter is not over yet must not stand for those before it.
  const following = first === nextAt ? followingAt : null;
  return lastMoment(settings, first, nowMs - jitterMs, following) || first;
}
