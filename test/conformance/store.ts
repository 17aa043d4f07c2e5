/** The promises of {@link Store} to those who read, as tests that any implementation can be held to. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskId, TaskState } from '../../src/core/index.ts';
import type { FinishedQuery, Store } from '../../src/store/index.ts';
import { finishedOf, taskOf } from '../../src/store/testing/finished-tasks.ts';
import { seeded } from '../../src/store/testing/seed.ts';
import { idOf } from '../../src/store/testing/store-run.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes it and takes everything away. */
  dispose(): Promise<void>;
}

const STATES: readonly TaskState[] = ['completed', 'failed', 'canceled'];
const TYPES = ['email', 'post', 'visit'];

const filter = fc.record(
  {
    states: fc.uniqueArray(fc.constantFrom(...STATES), { maxLength: 2 }),
    type: fc.constantFrom(...TYPES, 'unknown'),
  },
  { requiredKeys: [] },
);

/** Every page of a walk, and how far the last one says that it reached. */
function walk(store: Store, query: FinishedQuery): TaskId[] {
  const ids: TaskId[] = [];
  let before: TaskId | null = null;
  for (;;) {
    const page = store.list(before === null ? query : { ...query, before });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    ids.push(...page.items.map(({ id }) => id));
    if (page.scannedTo === null) return ids;
    expect(before === null || page.scannedTo < before).toBe(true);
    before = page.scannedTo;
  }
}

export function describeStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the promises of a store`, () => {
    let subject: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      subject = await create();
      ({ store } = subject);
    });
    afterEach(() => subject.dispose());

    test('a new store is empty', () => {
      expect(store.appliedIndex).toBe(0);
      expect(store.restore()).toBeNull();
      expect(store.backlog.full).toBe(false);
      expect(store.finished(idOf(1))).toBeNull();
      expect(store.list({ limit: 10 })).toEqual({ items: [], scannedTo: null, scanned: 0 });
    });

    test('a payload is there while its task lives, and in its record when it has finished', async () => {
      const task = taskOf(idOf(1), { type: 'email' });
      store.putPayload(task, '{"n":1}');
      expect(store.payload(task)).toBe('{"n":1}');
      store.finish({ ...finishedOf(task, 'completed'), result: '[1,2]' });
      const facts = { id: task.id, state: 'completed', payload: '{"n":1}', result: '[1,2]' };
      expect(store.finished(task.id)).toMatchObject({ ...facts, finishedAt: 2_000 });
      await store.flush();
      expect(store.finished(task.id)).toMatchObject({ ...facts, finishedAt: 2_000 });
    });

    test('a walk shows what matches, newest first, each once', async () => {
      let first = 1;
      const plan = fc.record({
        order: fc.uniqueArray(fc.nat({ max: 80 }), { maxLength: 60 }),
        limit: fc.integer({ min: 1, max: 9 }),
        scanMax: fc.integer({ min: 1, max: 20 }),
        filter,
      });
      const kept = new Map<TaskId, { type: string; state: TaskState }>();
      await fc.assert(
        fc.asyncProperty(plan, async ({ filter: wanted, limit, order, scanMax }) => {
          for (const n of order) {
            const id = idOf(first + n);
            const type = TYPES[n % 3] as string;
            const state = STATES[(n >> 2) % 3] as TaskState;
            store.finish(finishedOf(taskOf(id, { type }), state));
            kept.set(id, { type, state });
          }
          first += 100;
          if (order.length % 2 === 0) await store.flush();
          const expected = [...kept]
            .filter(([, { type }]) => wanted.type === undefined || wanted.type === type)
            .filter(([, { state }]) => wanted.states?.includes(state) ?? true)
            .map(([id]) => id)
            .toSorted()
            .toReversed();
          expect(walk(store, { ...wanted, limit, scanMax })).toEqual(expected);
        }),
        { ...seeded, numRuns: 30 },
      );
    });

    test('closing may be repeated', async () => {
      await store.close();
      await store.close();
    });
  });
}
