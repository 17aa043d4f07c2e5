import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TaskId } from '../core/index.ts';
import { seeded } from './testing/seed.ts';
import { findTaskKey, readTaskKey, taskKey, taskKeyTime } from './task-key.ts';

const uuid = fc.uuid() as fc.Arbitrary<TaskId>;

test('an id comes back from its key, and keys have the order of ids', () => {
  fc.assert(
    fc.property(uuid, uuid, (one, other) => {
      expect(readTaskKey(taskKey(one), 0)).toBe(one);
      expect(Buffer.compare(taskKey(one), taskKey(other))).toBe(
        one < other ? -1 : Number(one > other),
      );
    }),
    seeded,
  );
});

test.each([
  '',
  'x',
  'g190a000-0001-7000-8000-000000000000',
  '0190A000-0001-7000-8000-000000000000',
  '0190a000-0001-7000-8000-00000000000',
  '0190a000x0001-7000-8000-000000000000',
  '0190a000-0001-7000-8000-00000000000é',
])('no task has the id %j', (text) => expect(findTaskKey(text)).toBe(null));

test('a key tells when its id was made', () => {
  const made = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  const time = made.toString(16).padStart(12, '0');
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000` as TaskId;
  expect(taskKeyTime(taskKey(id))).toBe(made);
});
