import { expect, test } from 'vitest';
import { ReadRest } from './read-rest.ts';

test('grows while far more is read than let in, and is given up when little is', () => {
  const rest = new ReadRest();
  for (let i = 0; i < 100; i++) rest.step(10, 2);
  expect(rest.ms).toBe(1_000);
  for (let i = 0; i < 100; i++) rest.step(2, 2);
  expect(rest.ms).toBe(0);
});

test('settles where about twice as much is read as is let in', () => {
  const rest = new ReadRest();
  // Ten senders that give a chunk of 200 tasks after each rest, or all they have without one.
  const readAt = (ms: number): number => Math.min(150, 2_000 / Math.max(ms, 1));
  for (let i = 0; i < 200; i++) rest.step(readAt(rest.ms), 20);
  expect(readAt(rest.ms)).toBeGreaterThan(25);
  expect(readAt(rest.ms)).toBeLessThan(50);
});
