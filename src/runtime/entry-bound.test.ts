import { expect, test } from 'vitest';
import { EntryBound } from './entry-bound.ts';

function boundAfter(...latenciesMs: number[]): number {
  const bound = new EntryBound();
  for (const ms of latenciesMs) bound.observe(ms);
  return bound.items;
}

const steady = (ms: number): number[] => Array.from({ length: 100 }, () => ms);

test('entries are short where the log is quick, and long enough for 100,000 a second where it is slow', () => {
  expect(boundAfter()).toBe(500);
  expect(boundAfter(...steady(1))).toBe(500);
  expect(boundAfter(...steady(12))).toBe(1_200);
  expect(boundAfter(...steady(400))).toBe(2_000);
});

test('one slow flush makes no long entries, and a log that is quick again short ones', () => {
  expect(boundAfter(...steady(1), 30)).toBe(500);
  expect(boundAfter(...steady(50), ...steady(1))).toBe(500);
});
