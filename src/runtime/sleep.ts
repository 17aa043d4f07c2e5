/**
 * How long agents that are not always there may stay silent, and when they are expected: pure functions of
 * what they said when they registered and of when they were heard of last.
 *
 * Moments are milliseconds since 1970. O(1); about 0.1 ms where a cron expression is new.
 */
import type { AgentAvailability, ScheduleTiming } from '../core/index.ts';
import { nextMoment } from './schedule-times.ts';

type Hours = Extract<AgentAvailability, { kind: 'schedule' }>;

/** Past this moment its silence means that it is lost; infinity for never. */
export function mayBeSilentUntil(availability: AgentAvailability, heardAt: number): number {
  const expectedAt = wakesAt(availability, heardAt);
  if (expectedAt === null || availability.kind === 'webhook') return Number.POSITIVE_INFINITY;
  return expectedAt + (availability.kind === 'poll' ? availability.graceMs : availability.openMs);
}

/** When it is expected next, which may be past; null for one that comes when it is called, or never again. */
export function wakesAt(availability: AgentAvailability, heardAt: number): number | null {
  if (availability.kind === 'webhook') return null;
  if (availability.kind === 'poll') return heardAt + availability.everyMs;
  const opensAt = nextHours(availability, heardAt);
  return opensAt === 0 ? null : opensAt;
}

/**
 * The start of its first hours after a moment, 0 for none. Hours that had begun when it was heard of are
 * kept already.
 */
export function nextHours(hours: Hours, afterMs: number): number {
  return nextMoment({ timing: timingOf(hours), startAt: 0, endAt: 0 }, Math.floor(afterMs) + 1);
}

function timingOf(hours: Hours): ScheduleTiming {
  if ('cron' in hours) return { type: 'cron', expression: hours.cron, timezone: hours.timezone };
  return { type: 'every', intervalMs: hours.everyMs, offsetMs: hours.offsetMs };
}
