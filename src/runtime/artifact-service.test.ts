import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { happens, HeldHandler, RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';
import type { LmdbStore } from '../store/store.ts';
import type { Runtime } from './runtime.ts';

const HOUR_MS = 3_600_000;
let world: RuntimeWorld;

afterEach(() => world.dispose());

async function keep(
  runtime: Runtime,
  taskId: string,
  fencingToken = 1,
): Promise<{ id: string; file: string }> {
  const order = { taskId, fencingToken, name: 'a.bin', contentType: 'text/plain', bytes: 3 };
  const draft = await runtime.artifacts.begin(order);
  writeFileSync(draft.file, 'abc');
  const { id } = await draft.keep(createHash('sha256').update('abc').digest('hex'));
  return { id, file: draft.file.replace(/draft$/, 'data') };
}

test('an artifact is there as long as its task, live or finished, and goes with its history', async () => {
  world = new RuntimeWorld({ history: { ageMsMax: HOUR_MS } });
  const runtime = await world.open();
  const held = new HeldHandler();
  await runtime.serve({ id: 'a', kind: 'general', capabilities: ['x'], slots: 1 }, held.handler);
  const taskId = (await runtime.submitTask({ type: 'x' })) as TaskId;
  const run = await held.next();
  const { file, id } = await keep(runtime, taskId);
  expect(await runtime.artifacts.sweep()).toBe(0);
  const completed = happens(runtime, 'task.completed', taskId);
  run.end();
  await completed;
  expect(await runtime.artifacts.sweep()).toBe(0);
  expect(runtime.artifacts.list(taskId)?.items).toMatchObject([
    { id, taskId, href: `/api/v1/artifacts/${id}`, bytes: 3 },
  ]);
  await runtime.observed.store.flush();
  world.clock.advance(HOUR_MS + 1);
  await (runtime.observed.store as LmdbStore).purgeHistory();
  expect(runtime.artifacts.list(taskId)).toBe(null);
  // The clock's step also rang the sweep's own timer: both end in the same state.
  await runtime.artifacts.sweep();
  while (existsSync(file)) await turn();
  expect(runtime.artifacts.find(id)).toBe(null);
  await expect(runtime.artifacts.open(id)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  expect(runtime.artifacts.bytes).toBe(0);
});

test('the sweep runs by itself, again and again', async () => {
  world = new RuntimeWorld();
  const runtime = await world.open();
  // An artifact of an attempt that is not in the log yet would be left alone.
  await runtime.submitTask({ type: 'x' });
  for (let round = 0; round < 2; round++) {
    const { file } = await keep(runtime, '0198c0de-7a11-7000-8000-000000000000');
    world.clock.advance(60_000);
    while (existsSync(file)) await turn();
    while (runtime.artifacts.bytes > 0) await turn();
    await turn();
  }
});

test('artifacts are there again after a crash', async () => {
  world = new RuntimeWorld();
  const before = await world.open();
  const taskId = (await before.submitTask({ type: 'x' })) as TaskId;
  const { id } = await keep(before, taskId);
  world.crash();
  const after = await world.open();
  expect(after.artifacts.list(taskId)?.items.map((item) => item.id)).toEqual([id]);
});

test('a node that has not applied the assignment of an attempt yet leaves its artifact alone', async () => {
  world = new RuntimeWorld();
  const runtime = await world.open();
  const taskId = '0198c0de-7a11-7000-8000-000000000000';
  const { index } = runtime.observed.state;
  const { id } = await keep(runtime, taskId, index + 1);
  expect(await runtime.artifacts.sweep()).toBe(0);
  await runtime.submitTask({ type: 'x' });
  expect(await runtime.artifacts.sweep()).toBe(1);
  expect(runtime.artifacts.find(id)).toBe(null);
});
