/** Submits that are too large for one entry, in a whole runtime. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SubmitTask } from '../contract/index.ts';
import type { TaskId } from '../core/index.ts';
import { TestOrchestrator } from '../testing/index.ts';

const COUNT = 2_500;
let uqo: TestOrchestrator;
beforeEach(async () => {
  uqo = await TestOrchestrator.start();
});
afterEach(async () => {
  await uqo.assertInvariants();
  await uqo.stop();
});

/** Each task depends on the one after it. */
function backwards(count: number, more: Partial<SubmitTask> = {}): SubmitTask[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'work',
    ref: `t${i}`,
    payload: { i },
    dependsOn: i + 1 < count ? [`t${i + 1}`] : [],
    ...more,
  }));
}

const live = (): number => uqo.runtime.observed.state.tasks.size;
const staged = (): number => uqo.runtime.observed.state.records.stageParts.size;

describe('a flow in parts', () => {
  test('is there, in its order and with its payloads, when it is answered', async () => {
    const { id, tasks } = await uqo.runtime.submitFlow({ name: 'big', tasks: backwards(COUNT) });
    expect([live(), staged()]).toEqual([COUNT, 0]);
    expect(tasks.slice(0, 2).map(({ ref }) => ref)).toEqual(['t0', 't1']);
    const first = uqo.task(tasks[0]?.id ?? '').view();
    expect(first).toMatchObject({ payload: { i: 0 }, state: 'blocked', flowId: id });
    expect(uqo.task(tasks.at(-1)?.id ?? '').view()).toMatchObject({ state: 'queued' });
    const view = uqo.runtime.flows.get(id, { limit: 5 });
    expect(view?.counts).toMatchObject({ blocked: COUNT - 1, queued: 1 });
    expect(view?.tasks.items.map(({ id: taskId }) => taskId)).toEqual(
      tasks
        .slice(-5)
        .toReversed()
        .map(({ id: taskId }) => taskId),
    );
  });

  test('with a circle is refused by its names, and leaves nothing', async () => {
    const tasks = backwards(COUNT);
    tasks[COUNT - 1] = { ...(tasks[COUNT - 1] as SubmitTask), dependsOn: ['t2497'] };
    await expect(uqo.runtime.submitFlow({ tasks })).rejects.toMatchObject({
      code: 'FLOW_CYCLE',
      message: expect.stringContaining('t2499 → t2498 → t2497'),
    });
    expect([live(), staged()]).toEqual([0, 0]);
  });

  test('that a part of is refused for leaves nothing', async () => {
    const tasks = backwards(COUNT);
    tasks[7] = { ...(tasks[7] as SubmitTask), limits: [{ name: 'none' }] };
    await expect(uqo.runtime.submitFlow({ tasks })).rejects.toMatchObject({
      code: 'LIMIT_NOT_FOUND',
    });
    await uqo.clock.advance('1s');
    expect([live(), staged()]).toEqual([0, 0]);
  });

  test('submitted again under the same keys is the same flow', async () => {
    const tasks = backwards(COUNT).map((task) => ({ ...task, idempotencyKey: `k ${task.ref}` }));
    const first = await uqo.runtime.submitFlow({ tasks });
    const again = await uqo.runtime.submitFlow({ tasks });
    expect(again).toEqual(first);
    expect(live()).toBe(COUNT);
  });

  test('may depend on a task that has ended', async () => {
    await uqo.agent({ id: 'a', capabilities: ['first'] }, () => 'done');
    const taskId = await uqo.runtime.submitTask({ type: 'first' });
    await uqo.clock.advance('1s');
    const tasks = backwards(COUNT);
    tasks[COUNT - 1] = { ...(tasks[COUNT - 1] as SubmitTask), dependsOn: [taskId] };
    const flow = await uqo.runtime.submitFlow({ tasks });
    expect(uqo.task(flow.tasks.at(-1)?.id ?? '').view()).toMatchObject({ state: 'queued' });
  });
});

test('a plain list of tasks comes in parts, too, each with its own options', async () => {
  const tasks = Array.from({ length: COUNT }, (_, i) => ({ type: 'work', priority: i % 3 }));
  const ids = await uqo.runtime.submitTasks(tasks);
  const priorities = [0, 1, 2, 1_000].map((i) => uqo.task(ids[i] ?? '').view()?.priority);
  expect(priorities).toEqual([0, 1, 2, 1]);
});

describe('after a crash', () => {
  test('a submit without its commit is as if it had never come', async () => {
    const submitting = uqo.runtime.submitFlow({ tasks: backwards(COUNT) });
    submitting.catch(() => undefined);
    while (staged() < 2) await new Promise((resolve) => setImmediate(resolve));
    uqo.crash();
    await uqo.restart();
    expect([live(), staged() >= 2]).toEqual([0, true]);
    await uqo.clock.advance('61s');
    expect([live(), staged()]).toEqual([0, 0]);
  });

  test('one that was committed is whole', async () => {
    const submitting = uqo.runtime.submitFlow({ tasks: backwards(COUNT) });
    submitting.catch(() => undefined);
    while (live() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(live()).toBeLessThan(COUNT);
    uqo.crash();
    await uqo.restart();
    await uqo.clock.advance('1s');
    expect([live(), staged()]).toEqual([COUNT, 0]);
  });
});

describe('a submit of a running task', () => {
  test('comes in parts, too, and each of them is its child', async () => {
    const made = Promise.withResolvers<readonly string[]>();
    await uqo.agent({ id: 'a', capabilities: ['parent'] }, async (_, context) => {
      const tasks = Array.from({ length: COUNT }, () => ({ type: 'work' }));
      made.resolve(await context.submit(tasks));
      return null;
    });
    const parent = await uqo.runtime.submitTask({ type: 'parent' });
    await uqo.clock.advance('1s');
    const ids = await made.promise;
    expect([live(), staged()]).toEqual([COUNT, 0]);
    const { records, tasks } = uqo.runtime.observed.state;
    expect(tasks.get(ids[7] as TaskId)?.extra?.family).toMatchObject({
      parentId: parent,
      depth: 1,
    });
    expect(records.trees.get(parent)).toMatchObject({ subtasks: COUNT, coming: 0 });
  });
});

test('tasks with dedupe keys come in parts, too', async () => {
  const tasks = Array.from({ length: COUNT }, (_, i): SubmitTask => ({
    type: 'work',
    dedupe:
      i % 2 === 0
        ? { key: `k${i % 10}`, mode: 'keep-last' }
        : { key: `k${i % 10}`, mode: 'throttle', windowMs: 60_000 },
  }));
  const ids = await uqo.runtime.submitTasks(tasks);
  // The last of each key that keeps the last, and the first of each key that is throttled.
  expect([live(), staged()]).toEqual([10, 0]);
  expect(ids[11]).toBe(ids[1]);
  expect(uqo.task(ids[COUNT - 2] ?? '').view()?.state).toBe('queued');
});
