import { expect, test } from 'vitest';
import { mayBeSilentUntil, wakesAt } from './sleep.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number | null): string | null =>
  ms === null || ms === Infinity ? null : new Date(ms).toISOString();

test('one that polls is expected after its interval, and late after its grace', () => {
  const poll = { kind: 'poll', everyMs: 600_000, graceMs: 5_000 } as const;
  expect(wakesAt(poll, 1_000)).toBe(601_000);
  expect(mayBeSilentUntil(poll, 1_000)).toBe(606_000);
});

test('one with hours must be heard of before the end of the first that begin after it was heard of', () => {
  const hours = {
    kind: 'schedule',
    cron: '0 2 * * *',
    timezone: 'Europe/Berlin',
    openMs: 3_600_000,
  } as const;
  const evening = at('2026-03-01T20:00:00Z');
  expect(iso(wakesAt(hours, evening))).toBe('2026-03-02T01:00:00.000Z');
  expect(iso(mayBeSilentUntil(hours, evening))).toBe('2026-03-02T02:00:00.000Z');
  // From the very moment on at which they begin, those hours are kept.
  const opening = at('2026-03-02T01:00:00Z');
  expect(iso(mayBeSilentUntil(hours, opening - 1))).toBe('2026-03-02T02:00:00.000Z');
  expect(iso(mayBeSilentUntil(hours, opening))).toBe('2026-03-03T02:00:00.000Z');
  // Clocks go forward on 29 March: its two o'clock is left out, and three is meant.
  expect(iso(wakesAt(hours, at('2026-03-28T12:00:00Z')))).toBe('2026-03-29T01:00:00.000Z');
});

test('intervals count from 1970, with their offset', () => {
  const hours = { kind: 'schedule', everyMs: 60_000, offsetMs: 5_000, openMs: 1_000 } as const;
  expect(wakesAt(hours, 60_000)).toBe(65_000);
  expect(mayBeSilentUntil(hours, 65_000)).toBe(126_000);
});

test('one that is called is never late, and one whose hours are over has nothing to miss', () => {
  const called = { kind: 'webhook', url: 'http://a.example', timeoutMs: 1 } as const;
  expect([wakesAt(called, 0), mayBeSilentUntil(called, 0)]).toEqual([null, Infinity]);
  const never = { kind: 'schedule', cron: '0 0 30 2 *', timezone: 'UTC', openMs: 1_000 } as const;
  expect([wakesAt(never, 0), mayBeSilentUntil(never, 0)]).toEqual([null, Infinity]);
});
