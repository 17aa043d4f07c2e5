import { describe, expect, test } from 'vitest';
import { apply, createState, type TaskId } from '../core/index.ts';
import { submitAll } from '../core/testing/commands.ts';
import { openStore, type LmdbStore } from './store.ts';
import type { StoreOptions } from './store-options.ts';
import { finishedOf, taskOf } from './testing/finished-tasks.ts';
import { nextTurn } from './testing/next-turn.ts';
import { idOf } from './testing/store-run.ts';
import { withDirectory } from './testing/temporary.ts';

/** As {@link idOf} makes them. */
const ID_TIME_START = 0x0190_0000_0000;

function withStore(
  options: Omit<StoreOptions, 'directory'>,
  use: (store: LmdbStore, reopen: () => Promise<LmdbStore>) => Promise<void>,
): Promise<void> {
  return withDirectory(async (directory) => {
    let store = await openStore({ directory, ...options });
    const reopen = async (): Promise<LmdbStore> => {
      await store.close();
      store = await openStore({ directory, ...options });
      return store;
    };
    await use(store, reopen);
    await store.close();
  });
}

function ids(store: LmdbStore): TaskId[] {
  return store.list({ limit: 10_000 }).items.map((item) => item.id);
}

describe('a finished task', () => {
  test('is seen whole at once, once written, and after a restart', async () => {
    await withStore({ flushDelayMs: 60_000 }, async (store, reopen) => {
      const metadata = { ward: '\ud800', list: [1, null] };
      const task = taskOf(idOf(1), { type: 'post', timeouts: { runMs: 5 } }, { metadata });
      store.putPayload(task, '{"text":"ü🙂"}');
      const finished = { ...finishedOf(task, 'completed'), result: '"ö"' };
      store.finish(finished);
      const view = store.finished(task.id);
      expect(view).toMatchObject({
        id: task.id,
        state: 'completed',
        metadata,
        payload: '{"text":"ü🙂"}',
        result: '"ö"',
        startedAt: 1_500,
        finishedAt: 2_000,
      });
      expect(view?.spec).toEqual(task.profile.spec);
      expect(store.backlog).toMatchObject({ count: 1, full: false });
      await store.flush();
      expect(store.backlog).toMatchObject({ count: 0, bytes: 0 });
      expect(store.finished(task.id)).toEqual(view);
      expect((await reopen()).finished(task.id)).toEqual(view);
    });
  });

  test('that a replay finishes again is kept once', async () => {
    await withStore({}, async (store) => {
      for (let round = 0; round < 2; round++) {
        store.finish(finishedOf(taskOf(idOf(1)), 'completed'));
        await store.flush();
      }
      expect(store.totals.finishedCount).toBe(1);
      store.finish(finishedOf(taskOf(idOf(1)), 'canceled'));
      await store.flush();
      expect(store.totals.finishedCount).toBe(1);
      expect(store.list({ states: ['completed'], limit: 5 }).items).toEqual([]);
      expect(store.list({ states: ['canceled'], limit: 5 }).items).toHaveLength(1);
    });
  });

  test('is never out of sight between memory and file', async () => {
    await withStore({ flushDelayMs: 60_000 }, async (store) => {
      for (let n = 1; n <= 40; n++) {
        store.finish(finishedOf(taskOf(idOf(n)), 'completed'));
        let isWritten = false;
        const flushed = store.flush().then(() => (isWritten = true));
        while (!isWritten) {
          expect(store.finished(idOf(n))?.id).toBe(idOf(n));
          expect(store.list({ limit: 1 }).items[0]?.id).toBe(idOf(n));
          await nextTurn();
        }
        await flushed;
        expect(store.finished(idOf(n))?.id).toBe(idOf(n));
      }
    });
  });

  test('may be larger than a block', async () => {
    await withStore({}, async (store) => {
      const large = JSON.stringify('ü'.repeat(700_000));
      const task = taskOf(idOf(1));
      store.putPayload(task, large);
      store.finish({ ...finishedOf(task, 'completed'), result: large });
      await store.flush();
      const view = store.finished(task.id);
      expect(view?.payload === large && view.result === large).toBe(true);
    });
  });
});

test('the backlog says when it is full, and is empty again after a flush', async () => {
  await withStore({ backlogCountMax: 3, flushDelayMs: 60_000 }, async (store) => {
    for (let n = 1; n <= 3; n++) {
      expect(store.backlog.full).toBe(false);
      store.finish(finishedOf(taskOf(idOf(n)), 'completed'));
    }
    expect(store.backlog.full).toBe(true);
    await store.flush();
    expect(store.backlog).toEqual({ count: 0, bytes: 0, share: 0, full: false });
  });
});

describe('retention', () => {
  test('lets go by the time of finishing, not of coming', async () => {
    const now = (): number => ID_TIME_START + 10_000;
    await withStore({ now, history: { ageMsMax: 4_000 } }, async (store) => {
      // Came at n, finished at 2n: what finished before 6000 goes.
      for (let n = 1_000; n <= 5_000; n += 500) {
        const task = taskOf(idOf(n));
        store.finish(finishedOf(task, 'completed', ID_TIME_START + 2 * n));
      }
      await store.flush();
      expect(await store.purgeHistory()).toBe(4);
      expect(ids(store).at(-1)).toBe(idOf(3_000));
      expect(store.list({ type: 'email', limit: 99 }).items).toHaveLength(5);
      expect(await store.purgeHistory()).toBe(0);
    });
  });

  test('keeps the newest records when there are too many, over many transactions', async () => {
    await withStore({ now: () => 0, history: { countMax: 5 } }, async (store, reopen) => {
      for (let n = 1; n <= 2_500; n++) store.finish(finishedOf(taskOf(idOf(n)), 'completed'));
      await store.flush();
      expect(await store.purgeHistory()).toBe(2_495);
      expect(ids(store)).toEqual([2_500, 2_499, 2_498, 2_497, 2_496].map(idOf));
      const reopened = await reopen();
      expect(reopened.totals.finishedCount).toBe(5);
      expect(reopened.list({ type: 'email', limit: 99 }).items).toHaveLength(5);
    });
  });

  test('keeps what is wanted, named in many messages, until it is wanted no more', async () => {
    await withStore({ now: () => 0, history: { countMax: 5 }, sliceMs: 0 }, async (store) => {
      const wanted = Array.from({ length: 4_100 }, (_, i) => idOf(i + 1));
      for (let n = 1; n <= 4_200; n++) store.finish(finishedOf(taskOf(idOf(n)), 'completed'));
      await store.flush();
      store.keep(() => wanted);
      expect(await store.purgeHistory()).toBe(100);
      store.keep(() => []);
      expect(await store.purgeHistory()).toBe(4_095);
    });
  });

  test('keeps the bytes of records under their bound', async () => {
    const options = { now: () => 0, history: { bytesMax: 50_000 } };
    await withStore(options, async (store) => {
      for (let n = 1; n <= 100; n++) {
        const result = JSON.stringify('x'.repeat(1_000));
        store.finish({ ...finishedOf(taskOf(idOf(n)), 'completed'), result });
      }
      await store.flush();
      await store.purgeHistory();
      expect(store.totals.finishedBytes).toBeLessThanOrEqual(50_000);
      expect(store.totals.finishedBytes).toBeGreaterThan(45_000);
      expect(ids(store)[0]).toBe(idOf(100));
    });
  });

  test('goes on by itself', async () => {
    const options = { now: () => 0, history: { countMax: 0 }, purgeIntervalMs: 5 };
    await withStore(options, async (store) => {
      store.finish(finishedOf(taskOf(idOf(1)), 'completed'));
      await store.flush();
      await expect.poll(() => store.totals.finishedCount, { timeout: 20_000 }).toBe(0);
    });
  });
});

test('payloads read from the file stay within the bound of the cache', async () => {
  const options = { payloadCacheBytes: 20_000 };
  await withStore(options, async (store) => {
    const state = createState(1);
    const all = Array.from({ length: 100 }, (_, n) => idOf(n + 1));
    apply(state, 1, { at: 1, commands: [submitAll(all.map((id) => ({ id })))] });
    const tasks = [...state.tasks.values()];
    for (const task of tasks) store.putPayload(task, JSON.stringify(task.id.repeat(10)));
    expect(store.pinnedPayloadBytes).toBe(100 * 362);
    await store.checkpoint(state);
    expect(store.pinnedPayloadBytes).toBe(0);
    for (const task of [...tasks, ...tasks]) {
      expect(store.payload(task)).toBe(JSON.stringify(task.id.repeat(10)));
      expect(store.cachedPayloadBytes).toBeLessThanOrEqual(20_000);
    }
    expect(store.cachedPayloadBytes).toBeGreaterThan(19_000);
  });
});

test.each([{ payloadCacheBytes: 0 }, { flushDelayMs: -1 }, { history: { countMax: 0.5 } }])(
  'an option out of its range is refused: %j',
  async (options) => {
    await withDirectory(async (directory) => {
      const opening = openStore({ directory, ...options });
      await expect(opening).rejects.toMatchObject({ code: 'STORE_OPTION_INVALID' });
    });
  },
);

test('a store that cannot open says so', async () => {
  const opening = openStore({ directory: '/dev/null/store' });
  await expect(opening).rejects.toMatchObject({ code: 'STORE_OPEN_FAILED' });
});
