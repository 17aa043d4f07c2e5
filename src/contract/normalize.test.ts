import { expect, test } from 'vitest';
import { momentMs } from './normalize.ts';

test.each([
  ['2026-02-28T23:59:59Z', Date.UTC(2026, 1, 28, 23, 59, 59)],
  ['2028-02-29T00:00:00+02:00', Date.UTC(2028, 1, 28, 22)],
  ['2026-12-31T10:00Z', Date.UTC(2026, 11, 31, 10)],
  [1_700_000_000_000, 1_700_000_000_000],
])('the moment %s is %d', (moment, ms) => {
  expect(momentMs(moment)).toBe(ms);
});

test.each([
  '2026-02-29T00:00:00Z',
  '2026-02-31T00:00:00Z',
  '2026-04-31T00:00Z',
  '2026-13-01T00:00Z',
])('%s is no moment', (moment) => {
  expect(momentMs(moment)).toBeNaN();
});
