import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TaskId, TaskState } from '../core/index.ts';
import { matches, type TaskFilter } from './listing.ts';
import { openStore, type LmdbStore } from './store.ts';
import { finishedOf, taskOf } from './testing/finished-tasks.ts';
import { seeded } from './testing/seed.ts';
import { idOf } from './testing/store-run.ts';
import { withDirectory } from './testing/temporary.ts';

interface Kind {
  readonly namespace: string;
  readonly queue: string;
  readonly type: string;
  readonly state: TaskState;
}

const kind: fc.Arbitrary<Kind> = fc.record({
  namespace: fc.constantFrom('default', 'team'),
  queue: fc.constantFrom('default', 'mail'),
  type: fc.constantFrom('email', 'post', 'page'),
  state: fc.constantFrom('completed', 'canceled', 'failed'),
});
const filter: fc.Arbitrary<TaskFilter> = fc.record(
  {
    states: fc.subarray<TaskState>(['completed', 'canceled', 'failed']),
    namespace: fc.constantFrom('default', 'team', 'nowhere'),
    queue: fc.constantFrom('default', 'mail'),
    type: fc.oneof(
      fc.constantFrom('email', 'post'),
      fc.subarray<string>(['email', 'post', 'page']),
    ),
  },
  { requiredKeys: [] },
);
const question = fc.record({
  filter,
  limit: fc.integer({ min: 1, max: 8 }),
  scanMax: fc.integer({ min: 1, max: 12 }),
  from: fc.nat({ max: 60 }),
  /** The last hexadecimal digits of the millisecond that are accepted. */
  accepted: fc.oneof(fc.constant(null), fc.subarray('0123456789abcdef'.split(''))),
});

function finish(store: LmdbStore, id: TaskId, { state, ...spec }: Kind): void {
  const task = taskOf(id, { ...spec, requires: { capabilities: [], labels: {} } });
  store.finish(finishedOf(task, state));
}

/** All that a walk through the pages shows. */
function walk(store: LmdbStore, query: Parameters<LmdbStore['list']>[0]): TaskId[] {
  const ids: TaskId[] = [];
  let before: TaskId | undefined;
  for (;;) {
    const page = store.list(before === undefined ? query : { ...query, before });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    ids.push(...page.items.map((item) => item.id));
    if (page.scannedTo === null) return ids;
    if (before !== undefined) expect(page.scannedTo < before).toBe(true);
    before = page.scannedTo;
  }
}

describe('a listing', () => {
  test('shows exactly what a plain filter over all finished tasks does, page by page', async () => {
    const plan = fc.record({
      kinds: fc.array(kind, { maxLength: 60, size: 'max' }),
      order: fc.integer({ min: 0, max: 1_000 }),
      flushed: fc.nat({ max: 60 }),
      questions: fc.array(question, { minLength: 6, maxLength: 6 }),
    });
    await withDirectory(async (directory) => {
      let offset = 0;
      const store = await openStore({ directory, flushDelayMs: 60_000, history: { countMax: 0 } });
      const property = fc.asyncProperty(plan, async ({ kinds, order, flushed, questions }) => {
        await store.flush();
        await store.purgeHistory();
        expect(store.list({ limit: 1 })).toEqual({ items: [], scannedTo: null, scanned: 0 });
        // Tasks finish in another order than they came.
        const tasks = kinds.map((one, n) => ({ one, id: idOf(offset + ((n * 37 + order) % 61)) }));
        offset += 100;
        for (const [n, { one, id }] of tasks.entries()) {
          if (n === flushed) await store.flush();
          finish(store, id, one);
        }
        for (const { accepted, filter: wanted, from, limit, scanMax } of questions) {
          const first = idOf(offset - 100 + from);
          const accepts = ({ id }: { id: TaskId }): boolean =>
            accepted?.includes(id[12] ?? '') !== false;
          const fitting = tasks.filter(
            ({ id, one: { state, ...spec } }) =>
              matches(wanted, { spec, state }) && id >= first && accepts({ id }),
          );
          const expected = fitting.map(({ id }) => id);
          const shown = walk(store, { ...wanted, limit, scanMax, from: first, accepts });
          expect(shown).toEqual(expected.toSorted().toReversed());
        }
      });
      await fc.assert(property, { numRuns: 60, ...seeded });
      await store.close();
    });
  }, 120_000);

  test('finds the few of a kind among many at the cost of the few', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const common = { namespace: 'default', queue: 'default', type: 'email' } as const;
      for (let n = 1; n <= 500; n++) finish(store, idOf(n), { ...common, state: 'completed' });
      finish(store, idOf(7), { ...common, state: 'canceled' });
      await store.flush();
      const page = store.list({ states: ['canceled'], limit: 10, scanMax: 2 });
      expect(page.items.map((item) => item.id)).toEqual([idOf(7)]);
      expect(page.scannedTo).toBe(null);
      await store.close();
    });
  });

  test('stays exact with more kinds than are merged', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const ids = Array.from({ length: 200 }, (_, n) => idOf(n + 1));
      for (const [n, id] of ids.entries()) {
        const queue = n % 2 === 0 ? 'mail' : 'default';
        finish(store, id, { namespace: 'default', queue, type: `type-${n}`, state: 'completed' });
      }
      await store.flush();
      const expected = ids.filter((_, n) => n % 2 === 0).toReversed();
      expect(walk(store, { queue: 'mail', limit: 7, scanMax: 5 })).toEqual(expected);
      await store.close();
    });
  });

  test('stays exact with more kinds than the dictionaries hold', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const COUNT = 16_400;
      for (let n = 1; n <= COUNT; n++) {
        finish(store, idOf(n), {
          namespace: 'default',
          queue: 'default',
          type: `type-${n}`,
          state: 'completed',
        });
      }
      await store.flush();
      for (const n of [1, COUNT / 2, COUNT]) {
        const { items } = store.list({ type: `type-${n}`, limit: 3 });
        expect(items.map(({ id, spec }) => [id, spec.type])).toEqual([[idOf(n), `type-${n}`]]);
      }
      await store.close();
    });
  });

  test('of what no task can be below is empty', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      expect(store.list({ limit: 5, before: 'x' as TaskId }).items).toEqual([]);
      expect(store.finished('x' as TaskId)).toBe(null);
      await store.close();
    });
  });
});
