import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDurationMs } from './duration.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

test.each([
  ['0', 0],
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['1.5h', 5_400_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1m500ms', 60_500],
])('%s is %i ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  '',
  '30',
  '-5s',
  's',
  '1 s',
  '1s ',
  '5 minutes',
  '1w',
  'NaN',
  '1e3s',
  '1s2',
  '99999999999999d',
])('%j is no duration', (text) => {
  expect(parseDurationMs(text)).toBeNull();
});

test('every duration is read back as it was written', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 * 1000), (ms) => {
      expect(parseDurationMs(formatDuration(ms))).toBe(ms);
    }),
    seed,
  );
});
