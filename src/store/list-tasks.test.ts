import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Task, TaskId } from '../core/index.ts';
import { listTasks } from './list-tasks.ts';
import { LiveIndex } from './live-index.ts';
import { openStore, type LmdbStore } from './store.ts';
import { finishedOf, taskOf } from './testing/finished-tasks.ts';
import { seeded } from './testing/seed.ts';
import { idOf } from './testing/store-run.ts';
import { withDirectory } from './testing/temporary.ts';

/** Live tasks that can finish, beside a store. */
class Tasks {
  readonly live = new LiveIndex();
  readonly #byId = new Map<TaskId, Task>();
  readonly #store: LmdbStore;

  constructor(store: LmdbStore) {
    this.#store = store;
  }

  add(id: TaskId): void {
    const task = taskOf(id, { type: id.charCodeAt(12) % 2 === 0 ? 'email' : 'post' });
    this.#byId.set(id, task);
    this.live.add(task);
  }

  finish(id: TaskId): void {
    const task = this.#byId.get(id);
    if (task === undefined) return;
    this.#byId.delete(id);
    this.live.remove(task);
    this.#store.finish(finishedOf(task, 'completed'));
  }
}

test('a walk shows every task once, while tasks come and finish between its pages', async () => {
  const plan = fc.record({
    count: fc.integer({ min: 1, max: 60 }),
    limit: fc.integer({ min: 1, max: 9 }),
    scanMax: fc.integer({ min: 1, max: 9 }),
    finishes: fc.array(fc.array(fc.nat({ max: 60 }), { maxLength: 12 }), { maxLength: 40 }),
    type: fc.constantFrom(undefined, 'email'),
    isAsked: fc.boolean(),
  });
  await withDirectory(async (directory) => {
    const store = await openStore({ directory, history: { countMax: 0 } });
    const property = fc.asyncProperty(plan, async (given) => {
      const { count, finishes, isAsked, limit, scanMax, type } = given;
      await store.flush();
      await store.purgeHistory();
      const tasks = new Tasks(store);
      const ids = Array.from({ length: count }, (_, n) => idOf(n + 1));
      for (const id of ids) tasks.add(id);
      const shown: TaskId[] = [];
      let cursor: string | null = null;
      let newcomers = 1_000;
      for (let turn = 0; ; turn++) {
        for (const n of finishes[turn] ?? []) tasks.finish(idOf(n));
        if (turn % 3 === 1) await store.flush();
        tasks.add(idOf((newcomers += 1)));
        // The same tasks, whether they are filtered by their kind or each is asked.
        const isEmail = ({ id }: { id: TaskId }): boolean => id.charCodeAt(12) % 2 === 0;
        const wish =
          type === undefined
            ? {}
            : isAsked
              ? { accepts: { live: isEmail, finished: isEmail } }
              : { type };
        const query = { limit, scanMax, ...wish, ...(cursor !== null && { cursor }) };
        const page = listTasks(tasks.live, store, query);
        shown.push(...page.items.map((item) => item.task.id));
        cursor = page.nextCursor;
        if (cursor === null) break;
      }
      const wanted = (id: TaskId): boolean => type === undefined || id.charCodeAt(12) % 2 === 0;
      const old = shown.filter((id) => id < idOf(1_000));
      expect(old).toEqual(ids.filter((id) => wanted(id)).toReversed());
      expect(new Set(shown).size).toBe(shown.length);
    });
    await fc.assert(property, { numRuns: 60, ...seeded });
    await store.close();
  });
}, 120_000);

test.each(['x', '', 'AAAA', `${'A'.repeat(22)}=`])(
  'a made-up cursor %j is refused',
  async (cursor) => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const list = (): unknown => listTasks(new LiveIndex(), store, { cursor, limit: 1 });
      expect(list).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
      await store.close();
    });
  },
);
