/** When schedules fire: pure functions of their settings. */
import type { ScheduleSettings, ScheduleTiming } from '../core/index.ts';
import { cronTimes } from './cron-times.ts';

type Timed = Pick<ScheduleSettings, 'timing' | 'startAt' | 'endAt'>;

/**
 * The first moment at `fromMs` or later, in milliseconds since 1970; 0 for none. About 0.1 ms for a
 * cron expression, next to nothing for the others.
 */
export function nextMoment({ endAt, startAt, timing }: Timed, fromMs: number): number {
  const next = nextOfTiming(timing, Math.max(fromMs, startAt, 1));
  return next === null || (endAt > 0 && next > endAt) ? 0 : next;
}

/** Moments from `fromMs` to `toMs`, both included, at most `max`. */
export function momentsBetween(
  timed: Timed,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  max: number,
): number[] {
  const moments: number[] = [];
  for (let at = nextMoment(timed, fromMs); at !== 0 && at <= toMs && moments.length < max;) {
    moments.push(at);
    at = nextMoment(timed, at + 1);
  }
  return moments;
}

/**
 * The last moment up to `toMs`, where `first` is one; 0 where that is later. Asks once for the next one
 * where `first` is the last, else about 30 times, whatever lies between: there is a moment left exactly
 * for all starts up to the last.
 *
 * @param following - the moment after the first, 0 for none, where it is known
 */
export function lastMoment(
  timed: Timed,
  first: number,
  toMs: number,
  following: number | null = null,
): number {
  const isLate = (at: number): boolean => at === 0 || at > toMs;
  if (isLate(first)) return 0;
  const second = following ?? nextMoment(timed, first + 1);
  if (isLate(second)) return first;
  let last = second;
  let [low, high] = [second, toMs + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const found = nextMoment(timed, middle);
    if (isLate(found)) high = middle;
    else {
      last = found;
      low = Math.max(middle, found);
    }
  }
  return last;
}

function nextOfTiming(timing: ScheduleTiming, fromMs: number): number | null {
  switch (timing.type) {
    case 'cron':
      return cronTimes(timing.expression, timing.timezone).next(fromMs);
    case 'every': {
      const { intervalMs, offsetMs } = timing;
      return Math.ceil((fromMs - offsetMs) / intervalMs) * intervalMs + offsetMs;
    }
    default:
      return timing.moments.find((moment) => moment >= fromMs) ?? null;
  }
}
