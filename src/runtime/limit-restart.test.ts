/** What of limits, keys and pauses is there after a crash. */
import { afterEach, expect, test } from 'vitest';
import type { Runtime } from './runtime.ts';
import { happens, HeldHandler, RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

let world = new RuntimeWorld();
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld();
});

const states = (runtime: Runtime, ids: readonly TaskId[]): (string | undefined)[] =>
  ids.map((id) => runtime.tasks.get(id)?.state);

test('a paused queue is still paused, and a rate still remembers what was drawn', async () => {
  const before = await world.open();
  await before.queues.set('calm', {});
  await before.queues.pause('calm');
  await before.limits.setLimit('calls', { rate: { units: 2, perMs: 60_000 } });
  const held = new HeldHandler();
  await before.serve({ id: 'w', capabilities: ['work'], slots: 9 }, held.handler);
  const use = { type: 'work', limits: [{ name: 'calls' }] };
  await before.submitTask(use);
  await before.submitTask(use);
  await held.next();
  await held.next();
  world.crash();

  const after = await world.open();
  expect(after.queues.get('calm')?.paused).toBe(true);
  await after.serve({ id: 'v', capabilities: ['work'], slots: 9 }, held.handler);
  const third = (await after.submitTask(use)) as TaskId;
  await turn();
  expect(after.tasks.explain(third)?.verdict).toMatch(/^limit calls: 0 of 2 units left, opens at /);
  const started = happens(after, 'task.assigned', third);
  world.clock.advance(30_000);
  await started;
});

test('a key is held by what ran before, and a timer of a rate wakes the loop by itself', async () => {
  const before = await world.open();
  const held = new HeldHandler();
  await before.serve({ id: 'w', capabilities: ['work'], slots: 9 }, held.handler);
  const key = { type: 'work', concurrencyKey: 'k' };
  const first = (await before.submitTask(key)) as TaskId;
  await held.next();
  const second = (await before.submitTask(key)) as TaskId;
  world.crash();

  const after = await world.open();
  await after.serve({ id: 'v', capabilities: ['work'], slots: 9 }, held.handler);
  await turn();
  expect(states(after, [first, second])).toEqual(['running', 'queued']);
  const started = happens(after, 'task.assigned', second);
  await after.tasks.cancel([first], 'asked');
  await started;
  expect(states(after, [second])).toEqual(['running']);

  await after.queues.set('slow', { rate: { units: 1, perMs: 1_000 } });
  const slow = [
    await after.submitTask({ type: 'work', queue: 'slow' }),
    await after.submitTask({ type: 'work', queue: 'slow' }),
  ] as TaskId[];
  await turn();
  expect(states(after, slow)).toEqual(['running', 'queued']);
  const next = happens(after, 'task.assigned', slow[1] as string);
  world.clock.advance(1_000);
  await next;
  expect(states(after, slow)).toEqual(['running', 'running']);
});

test('a removed queue stays removed, before and after a checkpoint, and comes back with the settings of all', async () => {
  const settings = { strategy: 'born', rate: { units: 1, perMs: 60_000 } } as const;
  const before = await world.open();
  await before.queues.set('team/old', settings);
  await before.queues.pause('team/old');
  await before.close();
  const opened = await world.open();
  await opened.queues.remove('team/old');
  world.crash();

  const replayed = await world.open();
  expect(replayed.queues.get('team/old')).toBeNull();
  await replayed.close();

  const restored = await world.open();
  expect(restored.queues.get('team/old')).toBeNull();
  await restored.submitTask({ type: 'work', queue: 'old', namespace: 'team' });
  const fresh = restored.queues.get('team/old');
  expect(fresh).toMatchObject({ paused: false, strategy: 'shortest-expected-delay', queued: 1 });
  expect(fresh).not.toHaveProperty('rate');
});
