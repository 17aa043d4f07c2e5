import { expect, test } from 'vitest';
import {
  ENTRY_TASKS_MAX,
  ENTRY_TASKS_MIN,
  ENTRY_TASKS_URGENT_MAX,
  EntrySize,
} from './entry-size.ts';

const MANY = 10_000;

test('grows while the loop waits for the disk with work left, and shrinks while it is busy', () => {
  const size = new EntrySize();
  expect(size.tasks).toBe(ENTRY_TASKS_MIN);
  for (let i = 0; i < 50; i++) size.step(0.5, MANY);
  expect(size.tasks).toBe(ENTRY_TASKS_MAX);
  for (let i = 0; i < 100; i++) size.step(0, MANY);
  expect(size.tasks).toBe(ENTRY_TASKS_MIN);
});

test('comes down to a lower bound at once, and does not grow past it', () => {
  const size = new EntrySize();
  for (let i = 0; i < 50; i++) size.step(0.5, MANY);
  size.step(0.5, MANY, ENTRY_TASKS_URGENT_MAX);
  expect(size.tasks).toBe(ENTRY_TASKS_URGENT_MAX);
  for (let i = 0; i < 50; i++) size.step(0.5, MANY, ENTRY_TASKS_URGENT_MAX);
  expect(size.tasks).toBe(ENTRY_TASKS_URGENT_MAX);
});

test('does not grow for a loop that idles because nothing waits', () => {
  const size = new EntrySize();
  for (let i = 0; i < 50; i++) size.step(0.9, ENTRY_TASKS_MIN - 1);
  expect(size.tasks).toBe(ENTRY_TASKS_MIN);
});

test('settles where the loop idles little, whatever the disk takes', () => {
  for (const diskMs of [1, 2, 4]) {
    const size = new EntrySize();
    // A task is a hundredth of a millisecond of work, half of which waits for the entry's own write.
    const idleAt = (tasks: number): number => {
      const workMs = tasks / 100;
      return Math.max(0, diskMs - workMs / 2) / (diskMs + workMs / 2);
    };
    for (let i = 0; i < 500; i++) size.step(idleAt(size.tasks), MANY);
    expect(idleAt(size.tasks)).toBeLessThan(0.1);
    expect(size.tasks).toBeLessThanOrEqual(Math.max(ENTRY_TASKS_MIN, diskMs * 200));
  }
});
