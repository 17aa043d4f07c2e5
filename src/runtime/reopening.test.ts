import { afterEach, describe, expect, test } from 'vitest';
import type { Runtime } from './runtime.ts';
import { HeldHandler, RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

const WORKER = { id: 'worker', capabilities: ['work'], slots: 2 };
const NO_WAIT = 3_600_000;

let world = new RuntimeWorld();
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld();
});

async function submit(runtime: Runtime, task: object = {}): Promise<TaskId> {
  return (await runtime.submitTask({ type: 'work', ...task })) as TaskId;
}

describe('closing', () => {
  test('waits for running handlers, and their results are there afterwards', async () => {
    let runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime);
    const waiting = await submit(runtime, { delayMs: 60_000 });
    const run = await held.next();
    const closed = runtime.close(10_000);
    expect(runtime.ready).toBe(false);
    run.end({ of: id });
    await closed;
    expect(run.context.signal.aborted).toBe(false);
    runtime = await world.open();
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'completed', result: { of: id } });
    expect(runtime.tasks.get(waiting)).toMatchObject({ state: 'scheduled' });
  });

  test('gives back after its grace what has not ended: aborted, queued, and no attempt used', async () => {
    let runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve({ ...WORKER, slots: 1 }, held.handler);
    const id = await submit(runtime, { retry: { attemptsMax: 1 } });
    const run = await held.next();
    const closed = runtime.close(5_000);
    await turn();
    world.clock.advance(5_000);
    await closed;
    expect(run.context.signal.aborted).toBe(true);
    runtime = await world.open();
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'queued', attempt: 0, failures: [] });
    await runtime.serve(WORKER, () => 'second');
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'second' });
  });

  test('twice is closing once, and leaves no timer behind', async () => {
    const runtime = await world.open();
    await runtime.serve({ ...WORKER, heartbeatMs: 1_000 }, () => 'x');
    await submit(runtime, { timeouts: { runMs: 60_000, heartbeatMs: 1_000 } });
    await submit(runtime, { delayMs: 5_000 });
    await Promise.all([runtime.close(), runtime.close()]);
    expect(world.clock.timers).toBe(0);
    await expect(submit(runtime)).rejects.toMatchObject({ code: 'STOPPED' });
  });

  test('lets go of the folder', async () => {
    const first = await world.open();
    await expect(world.open()).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
    await first.close();
    await world.open();
  });
});

describe('opening again', () => {
  test('after a crash finds every acknowledged task, payload and result', async () => {
    let runtime = await world.open();
    await runtime.serve(WORKER, (task: { payload: unknown }) => ({ echo: task.payload }));
    const done: TaskId[] = [];
    const open: TaskId[] = [];
    for (let i = 0; i < 50; i++) {
      done.push(await submit(runtime, { payload: { i } }));
      open.push(await submit(runtime, { payload: { i }, delayMs: 60_000 }));
    }
    for (const id of done) await runtime.tasks.wait(id, NO_WAIT);
    world.crash();
    runtime = await world.open();
    for (const [i, id] of done.entries()) {
      const task = { state: 'completed', payload: { i }, result: { echo: { i } } };
      expect(runtime.tasks.get(id)).toMatchObject(task);
    }
    for (const [i, id] of open.entries())
      expect(runtime.tasks.get(id)).toMatchObject({ state: 'scheduled', payload: { i } });
  });

  test('finds copies whose payload is that of their task, before and after a checkpoint', async () => {
    const redundancy = { copies: 2, agree: 2 };
    let runtime = await world.open();
    const id = await submit(runtime, { payload: { n: 7 }, redundancy });
    // A regular end takes a checkpoint: from here on the payload is in the file alone.
    await runtime.close();
    runtime = await world.open();
    const payloads: unknown[] = [];
    await runtime.serve({ ...WORKER, id: 'first' }, (task: { payload: unknown }) => {
      payloads.push(task.payload);
      return 'same';
    });
    const copies = (runtime.tasks.get(id)?.copies?.taskIds ?? []) as TaskId[];
    await Promise.race(copies.map((copy) => runtime.tasks.wait(copy, NO_WAIT)));
    world.crash();
    runtime = await world.open();
    await runtime.serve({ ...WORKER, id: 'second' }, () => 'same');
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({
      state: 'completed',
      result: 'same',
    });
    expect(payloads).toEqual([{ n: 7 }]);
    await runtime.close();
    runtime = await world.open();
    const view = runtime.tasks.get(id);
    expect(view).toMatchObject({ payload: { n: 7 }, result: 'same' });
    expect(view?.copies?.agreed).toEqual(['first', 'second']);
  });

  test('after a crash with an attempt under way gives it to the next process, and the attempt counts', async () => {
    let runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime);
    const first = await held.next();
    world.crash();
    runtime = await world.open();
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'running', attempt: 1 });
    await runtime.serve(WORKER, held.handler);
    const second = await held.next();
    expect(second.context.attempt).toBe(2);
    expect(second.context.fencingToken).toBeGreaterThan(first.context.fencingToken);
    second.end('second');
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'second' });
    first.end();
  });

  test('gives up agents that do not return within their silence bound', async () => {
    let runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve({ ...WORKER, heartbeatMs: 5_000 }, held.handler);
    const id = await submit(runtime);
    await held.next();
    world.crash();
    runtime = await world.open();
    world.clock.advance(5_000);
    await turn();
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'running' });
    const { feed } = runtime;
    const lost = new Promise<void>((resolve) => {
      const event = ({ type }: { type: string }): boolean => {
        if (type === 'task.queued') resolve();
        return true;
      };
      feed.listen({ taskId: id, event, closed: () => undefined }, null);
    });
    world.clock.advance(200);
    await lost;
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'queued', reason: 'agent_lost' });
    expect((await runtime.agents.list(null, 1)).items).toMatchObject([{ state: 'lost' }]);
  });

  test('keeps payloads and results over checkpoints', async () => {
    world = new RuntimeWorld({ checkpointBytes: 1_000 });
    let runtime = await world.open();
    const ids: TaskId[] = [];
    for (let i = 0; i < 30; i++)
      ids.push(await submit(runtime, { payload: { i, pad: 'é'.repeat(200) }, delayMs: 1_000 }));
    while (runtime.status().log.checkpointIndex === 0) await turn();
    world.crash();
    runtime = await world.open();
    expect(runtime.status().log.checkpointIndex).toBeGreaterThan(0);
    await runtime.serve(WORKER, (task: { payload: { i: number } }) => task.payload.i * 2);
    world.clock.advance(1_000);
    for (const [i, id] of ids.entries())
      expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: i * 2 });
    await runtime.close();
    runtime = await world.open();
    for (const [i, id] of ids.entries())
      expect(runtime.tasks.get(id)).toMatchObject({ payload: { i }, result: i * 2 });
  });

  test('takes a checkpoint no later than its interval after the last change', async () => {
    world = new RuntimeWorld({ checkpointBytes: 1, checkpointIntervalMs: 1_000 });
    const runtime = await world.open();
    await submit(runtime);
    await submit(runtime);
    const { store } = runtime.observed;
    const { lastIndex } = runtime.status().log;
    // Without one this goes on until the test's time is over.
    while (store.appliedIndex < lastIndex) {
      world.clock.advance(1_000);
      await store.flush();
      await turn();
    }
    expect(store.appliedIndex).toBe(lastIndex);
  });

  test('before the first checkpoint draws the same chance again, so that what followed still holds', async () => {
    world = new RuntimeWorld({ seed: null });
    let runtime = await world.open();
    const retry = { delayMs: 60_000, jitter: 1 };
    await runtime.serve(WORKER, () => Promise.reject(new Error('once')));
    const ids: TaskId[] = [];
    for (let i = 0; i < 5; i++) ids.push(await submit(runtime, { retry }));
    while (ids.some((id) => runtime.tasks.get(id)?.state !== 'scheduled')) await turn();
    const runAt = ids.map((id) => runtime.tasks.get(id)?.runAt);
    world.crash();
    runtime = await world.open();
    expect(ids.map((id) => runtime.tasks.get(id)?.runAt)).toEqual(runAt);
  });

  test('makes ids that are newer than every id before, although the clock went back', async () => {
    let runtime = await world.open();
    const before = await submit(runtime);
    await runtime.close();
    world.clock.step(-3_600_000);
    runtime = await world.open();
    expect((await submit(runtime)) > before).toBe(true);
  });

  test('remembers idempotency keys', async () => {
    let runtime = await world.open();
    const id = await submit(runtime, { idempotencyKey: 'k' });
    world.crash();
    runtime = await world.open();
    expect(await submit(runtime, { idempotencyKey: 'k' })).toBe(id);
    await runtime.close();
    runtime = await world.open();
    expect(await submit(runtime, { idempotencyKey: 'k' })).toBe(id);
  });
});

describe('a polling agent that was lost before a restart', () => {
  test('is served again when it polls, and is not given again what it ended', async () => {
    let runtime = await world.open();
    const agent = { id: 'poller', capabilities: ['work'], slots: 4, heartbeatMs: 1_000 };
    type AgentId = Parameters<Runtime['agents']['get']>[0];
    const id = agent.id as AgentId;
    await runtime.agents.register([agent], 'first');
    world.clock.advance(1_500);
    while (runtime.agents.get(id)?.state !== 'lost') await turn();
    await runtime.close();
    runtime = await world.open();
    const task = await submit(runtime);
    const leases: { taskId: string; fencingToken: number }[] = [];
    const link = {
      kind: 'poll' as const,
      lastHeardMs: Number.NEGATIVE_INFINITY,
      lease: (lease: { taskId: string; fencingToken: number }) => void leases.push(lease),
      revoke: () => undefined,
      answer: () => undefined,
      cancelRequested: () => undefined,
      flush: () => undefined,
      replaced: () => undefined,
    };
    runtime.agents.poll(id, link, 1);
    while (leases.length === 0) await turn();
    expect(leases).toMatchObject([{ taskId: task }]);

    world.crash();
    runtime = await world.open();
    const { fencingToken } = leases.pop() as { fencingToken: number };
    const report = { ok: true, result: '1' } as const;
    expect(await runtime.agents.report([{ taskId: task, fencingToken, report }])).toEqual([null]);
    // Said twice is said once.
    expect(await runtime.agents.report([{ taskId: task, fencingToken, report }])).toEqual([null]);
    runtime.agents.poll(id, link, 1);
    await turn();
    expect(leases).toEqual([]);
  });
});
