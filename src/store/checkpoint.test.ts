import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  apply,
  createState,
  digest,
  type AgentId,
  type CoreState,
  type Task,
} from '../core/index.ts';
import { histories, type Move } from '../core/testing/histories.ts';
import { register, submitAll } from '../core/testing/commands.ts';
import { openStore, type LmdbStore } from './store.ts';
import { openTables, TABLE, tableOf } from './tables.ts';
import { readTaskKey } from './task-key.ts';
import { nextTurn } from './testing/next-turn.ts';
import { seeded } from './testing/seed.ts';
import { idOf, payloadOf, resultOf, StoreRun } from './testing/store-run.ts';
import { withDirectory } from './testing/temporary.ts';

/** Each opens stores and waits for disks; a longer run is for the night. */
const RUNS = Number(process.env['RUNS'] ?? 15);

/** What a test does between two moves. */
const act = fc.oneof(
  { weight: 10, arbitrary: fc.constant('move') },
  { weight: 5, arbitrary: fc.constant('checkpoint') },
  { weight: 10, arbitrary: fc.constant('overlap') },
  { weight: 1, arbitrary: fc.constant('restart') },
);

function restored(store: LmdbStore): CoreState {
  const state = store.restore();
  if (state === null) throw new Error('a checkpoint has been taken');
  return state;
}

/** Everything the checkpoint says, against what was true at its index. */
function checkStore(run: StoreRun): void {
  const { store } = run;
  const state = restored(store);
  expect(state.index).toBe(store.appliedIndex);
  expect(digest(state)).toBe(run.digests[store.appliedIndex]);
  for (const task of run.state.tasks.values()) expect(store.payload(task)).toBe(payloadOf(task.id));
  for (const id of run.finishedIds.keys()) {
    const view = store.finished(id);
    expect(view?.payload).toBe(payloadOf(id));
    expect(view?.result).toBe(view?.state === 'completed' ? resultOf(id) : null);
  }
}

/** Every payload in the file belongs to a task of the checkpoint. */
async function checkFile(directory: string): Promise<void> {
  const tables = openTables(directory);
  const idsOf = (number: number): string[] =>
    [...tableOf(tables, number).getKeys()].map((key) => readTaskKey(key, 0));
  expect(idsOf(TABLE.payloads)).toEqual(idsOf(TABLE.tasks));
  await tables.root.close();
}

async function live(
  directory: string,
  plan: { seed: number; moves: readonly Move[]; acts: readonly string[] },
): Promise<void> {
  const options = { directory, sliceMs: 0, flushDelayMs: 5 };
  const run = new StoreRun(await openStore(options), createState(plan.seed));
  let checkpoint: Promise<unknown> = Promise.resolve();
  for (const [at, move] of plan.moves.entries()) {
    run.move(move);
    switch (plan.acts[at % plan.acts.length]) {
      case 'checkpoint':
        await checkpoint;
        await run.store.checkpoint(run.state);
        checkStore(run);
        break;
      case 'overlap':
        // The moves to come are applied between the slices of this one.
        await checkpoint;
        checkpoint = run.store.checkpoint(run.state);
        await nextTurn();
        break;
      case 'restart': {
        await checkpoint;
        await run.store.close();
        const store = await openStore(options);
        run.resume(store, store.restore() ?? createState(plan.seed));
        expect(digest(run.state)).toBe(run.digests.at(-1));
        break;
      }
      default:
        await nextTurn();
    }
  }
  await checkpoint;
  await run.store.checkpoint(run.state);
  checkStore(run);
  await run.store.close();
  await checkFile(directory);
}

describe('a checkpoint', () => {
  test(
    'restores to the very state of its moment, whatever is applied meanwhile and however often',
    async () => {
      const plan = fc.record({
        seed: fc.integer(),
        moves: histories(50),
        acts: fc.array(act, { minLength: 20, maxLength: 20 }),
      });
      await fc.assert(
        fc.asyncProperty(plan, (one) => withDirectory((directory) => live(directory, one))),
        { numRuns: RUNS, ...seeded },
      );
    },
    RUNS * 20_000,
  );

  test('of thousands of tasks that all finish while it is written has every row and payload', async () => {
    await withDirectory(async (directory) => {
      const COUNT = 5_000;
      const store = await openStore({ directory, sliceMs: 0 });
      const run = new StoreRun(store, createState(1));
      const ids = Array.from({ length: COUNT }, (_, n) => idOf(n + 1));
      apply(run.state, 1, { at: 1, commands: [submitAll(ids.map((id) => ({ id })))] });
      const tasks = [...run.state.tasks.values()];
      for (const task of tasks) store.putPayload(task, payloadOf(task.id));
      const before = digest(run.state);
      const checkpoint = store.checkpoint(run.state);
      for (const id of ids) {
        const cancel = { type: 'task.cancel', taskIds: [id], reason: 'test' } as const;
        const { events } = apply(run.state, run.state.index + 1, { at: 2, commands: [cancel] });
        for (const event of events) {
          if (event.type !== 'task.canceled') continue;
          store.finish({ task: event.task, result: null, startedAt: 0, finishedAt: 2 });
        }
        if (run.state.index % 100 === 0) await nextTurn();
      }
      expect((await checkpoint).rows).toBe(COUNT + 2);
      expect(digest(restored(store))).toBe(before);
      for (const task of tasks) {
        expect(store.payload({ ...task, payload: null })).toBe(payloadOf(task.id));
      }
      expect((await store.checkpoint(run.state)).removed).toBe(COUNT + 1);
      expect(restored(store).tasks.size).toBe(0);
      for (const id of ids) expect(store.finished(id)?.payload).toBe(payloadOf(id));
      await store.close();
    });
  });

  test('writes nothing of a task that came and finished since the last one', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const state = createState(1);
      apply(state, 1, { at: 1, commands: [submitAll([{ id: idOf(1) }])] });
      const task = state.tasks.get(idOf(1)) as Task;
      store.putPayload(task, payloadOf(idOf(1)));
      const cancel = { type: 'task.cancel', taskIds: [idOf(1)], reason: 'test' } as const;
      for (const event of apply(state, 2, { at: 2, commands: [cancel] }).events) {
        if (event.type !== 'task.canceled') continue;
        store.finish({ task: event.task, result: null, startedAt: 0, finishedAt: 2 });
      }
      expect(store.pinnedPayloadBytes).toBe(0);
      const stats = await store.checkpoint(state);
      expect(stats).toMatchObject({ appliedIndex: 2, removed: 0, rows: 1 });
      expect(store.payload({ ...task, payload: null })).toBe(null);
      expect(store.finished(idOf(1))?.payload).toBe(payloadOf(idOf(1)));
      await store.close();
    });
  });

  test('keeps what was removed and made again under the same name', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const state = createState(1);
      apply(state, 1, { at: 1, commands: [register('ada')] });
      await store.checkpoint(state);
      const again = register('ada', { slots: 7 }, 'second');
      const remove = { type: 'agent.remove', agentId: 'ada' as AgentId } as const;
      apply(state, 2, { at: 2, commands: [remove, again] });
      await store.checkpoint(state);
      expect(digest(restored(store))).toBe(digest(state));
      await store.close();
    });
  });

  test('takes names of any length and any characters', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const state = createState(1);
      const long = 'n'.repeat(5_000);
      const names = ['', '\0', '\ud800', '\udfff', long, `${long}1`, `${long}2`];
      apply(state, 1, { at: 1, commands: names.map((name) => register(name)) });
      await store.checkpoint(state);
      expect(digest(restored(store))).toBe(digest(state));
      expect(restored(store).agents.size).toBe(names.length);
      await store.close();
    });
  });

  test('runs alone', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const first = store.checkpoint(createState(1));
      const second = store.checkpoint(createState(1));
      await expect(second).rejects.toMatchObject({ code: 'CHECKPOINT_RUNNING' });
      await first;
      await store.close();
    });
  });

  test('that fails leaves the old one, and no later one passes for whole', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore({ directory });
      const state = createState(1);
      apply(state, 1, { at: 1, commands: [submitAll([{ id: idOf(1) }])] });
      await store.checkpoint(state);
      const before = digest(state);
      apply(state, 2, { at: 2, commands: [submitAll([{ id: 'no uuid' }])] });
      const failing = store.checkpoint(state);
      await expect(failing).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
      await expect(store.checkpoint(state)).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
      expect(store.appliedIndex).toBe(1);
      await expect(store.close()).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' });
      const reopened = await openStore({ directory });
      expect(digest(restored(reopened))).toBe(before);
      await reopened.close();
    });
  });
});

test('a new store has no state and replays from the start', async () => {
  await withDirectory(async (directory) => {
    const store = await openStore({ directory });
    expect([store.restore(), store.appliedIndex]).toEqual([null, 0]);
    await store.close();
    await store.close();
  });
});
