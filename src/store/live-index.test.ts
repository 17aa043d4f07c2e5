import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Task, TaskId } from '../core/index.ts';
import { LiveIndex } from './live-index.ts';
import { taskOf } from './testing/finished-tasks.ts';
import { seeded } from './testing/seed.ts';
import { idOf } from './testing/store-run.ts';

const action = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'late', 'remove', 'removeMany', 'page'),
  n: fc.nat({ max: 5_000 }),
});

test('the live index pages as a sorted array does, whatever is added and removed', () => {
  const email = taskOf(idOf(1), { type: 'email' });
  const post = taskOf(idOf(1), { type: 'post' });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: 'max' }), (actions) => {
      const index = new LiveIndex();
      const twin = new Map<TaskId, Task>();
      let idLast = 10_000;
      const add = (n: number): void => {
        const id = idOf(n);
        if (twin.has(id)) return;
        const task: Task = { ...(n % 3 === 0 ? post : email), id, listed: null };
        twin.set(id, task);
        index.add(task);
      };
      for (const { kind, n } of actions) {
        const sorted = [...twin.keys()].toSorted();
        if (kind === 'add') for (let i = 0; i < n; i++) add((idLast += 1 + (i % 2)));
        if (kind === 'late') for (let i = 0; i < 50; i++) add(1 + ((n + i * 7) % idLast));
        const removed = kind === 'removeMany' ? sorted.filter((_, at) => (at + n) % 9 !== 0) : [];
        if (kind === 'remove') removed.push(sorted[n % sorted.length] ?? idOf(0));
        for (const id of removed) {
          const gone = twin.get(id);
          twin.delete(id);
          if (gone !== undefined) index.remove(gone);
        }
        if (kind === 'page') check(index, twin, n);
        expect(index.size).toBe(twin.size);
      }
      check(index, twin, 3);
    }),
    { numRuns: 60, ...seeded },
  );
});

function check(index: LiveIndex, twin: ReadonlyMap<TaskId, Task>, n: number): void {
  const newestFirst = [...twin.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const before = n % 4 === 0 ? undefined : idOf(n * 3);
  const query = { type: 'post', limit: 1 + (n % 50), scanMax: 100, ...(before && { before }) };
  const page = index.page(query);
  const below = newestFirst.filter((task) => before === undefined || task.id < before);
  const seen = below.filter((task) => page.scannedTo === null || task.id >= page.scannedTo);
  expect(seen.length).toBeLessThanOrEqual(100);
  const expected = seen.filter((task) => task.profile.spec.type === 'post');
  expect(page.items.map((task) => task.id)).toEqual(expected.map((task) => task.id));
  expect(page.items.length).toBeLessThanOrEqual(query.limit);
  const isFull = page.items.length === query.limit || seen.length === 100;
  expect(page.scannedTo === null || isFull).toBe(true);
}
