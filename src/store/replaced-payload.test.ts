import { expect, test } from 'vitest';
import { apply, createState, type CoreState, type Task } from '../core/index.ts';
import { submitAll } from '../core/testing/commands.ts';
import { openStore, type LmdbStore } from './store.ts';
import { nextTurn } from './testing/next-turn.ts';
import { idOf } from './testing/store-run.ts';
import { withDirectory } from './testing/temporary.ts';

/** Turns that a checkpoint of one task takes, and some more. */
const TURNS = 40;

function submitted(): { state: CoreState; task: Task } {
  const state = createState(1);
  apply(state, 1, { at: 1_000, commands: [submitAll([{ id: idOf(1) }])] });
  const task = state.tasks.get(idOf(1));
  if (task === undefined) throw new Error('it was submitted');
  return { state, task };
}

function replace(
  store: LmdbStore,
  { state, task }: ReturnType<typeof submitted>,
  json: string,
): void {
  state.taskChanges.touch(task);
  store.replacePayload(task, json);
}

test('a payload that is replaced at any moment of a checkpoint is the one that is read and kept', async () => {
  await withDirectory(async (directory) => {
    const options = { directory, sliceMs: 0, flushDelayMs: 5 };
    const store = await openStore(options);
    const world = submitted();
    store.putPayload(world.task, '"first"');
    for (let turns = 0; turns < TURNS; turns++) {
      replace(store, world, `"before ${turns}"`);
      const checkpoint = store.checkpoint(world.state);
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      replace(store, world, `"during ${turns}"`);
      await checkpoint;
      expect(store.payload(world.task)).toBe(`"during ${turns}"`);
    }
    await store.checkpoint(world.state);
    expect(store.payload(world.task)).toBe(`"during ${TURNS - 1}"`);
    // It was read from the file just now: what is replaced must not be read from the cache.
    replace(store, world, '"last"');
    await store.checkpoint(world.state);
    expect(store.payload(world.task)).toBe('"last"');
    await store.close();
    const again = await openStore(options);
    const restored = again.restore()?.tasks.get(idOf(1));
    expect(restored && again.payload(restored)).toBe('"last"');
    await again.close();
  });
});
