import { expect, test } from 'vitest';
import { relativeMoment, showSpan } from './moment.ts';

test.each([
  [0, '0ms'],
  [950, '950ms'],
  [4_240, '4.2s'],
  [59_400, '59s'],
  [59_600, '1m 0s'],
  [200_000, '3m 20s'],
  [3_600_000, '1h 0m'],
  [187_200_000, '2d 4h'],
])('%i ms are shown as %s', (ms, text) => {
  expect(showSpan(ms)).toBe(text);
});

const NOW = Date.parse('2030-01-01T00:00:00Z');

test.each([
  ['2029-12-31T23:59:55Z', '5.0s ago'],
  ['2030-01-01T01:00:00Z', 'in 1h 0m'],
  ['2030-01-01T00:00:00Z', '0ms ago'],
  ['no moment', 'no moment'],
  [null, null],
  [undefined, null],
])('%s is %s', (iso, text) => {
  expect(relativeMoment(iso, NOW)).toBe(text);
});
