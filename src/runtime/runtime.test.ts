import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { OrchestratorError } from '../base/errors.ts';
import { TaskFailure } from '../contract/index.ts';
import type { Runtime } from './runtime.ts';
import { TestOrchestrator } from '../testing/test-orchestrator.ts';
import { happens, HeldHandler, RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

const WORKER = { id: 'worker', capabilities: ['work'], slots: 2 };
const ONCE = { attemptsMax: 1 };
const NO_WAIT = 3_600_000;

let world = new RuntimeWorld({}, 'memory');
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld({}, 'memory');
});

async function submit(runtime: Runtime, task: object = {}): Promise<TaskId> {
  return (await runtime.submitTask({ type: 'work', ...task })) as TaskId;
}

describe('a task', () => {
  test('goes to its handler, and its result to whoever waits', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, (task: { payload: { n: number } }) => task.payload.n + 1);
    const id = await submit(runtime, { payload: { n: 41 } });
    expect(await runtime.tasks.wait(id, NO_WAIT)).toEqual({ id, state: 'completed', result: 42 });
    expect(runtime.tasks.get(id)).toMatchObject({ payload: { n: 41 }, result: 42, attempt: 1 });
  });

  test('hands parts of its output to whoever follows it, and nothing that JSON cannot carry', async () => {
    const runtime = await world.open();
    const chunks: unknown[] = [];
    const refused: unknown[] = [];
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime);
    const run = await held.next();
    const event = (next: { type: string; chunk?: unknown }): boolean => {
      if (next.type === 'task.output') chunks.push(next.chunk);
      return true;
    };
    runtime.feed.listen({ taskId: id, event, closed: () => undefined }, null);
    const { emit } = run.context;
    emit({ token: 'Hel' });
    emit(['lo']);
    for (const wrong of [undefined, 1n, 'x'.repeat(1_100_000)]) {
      try {
        emit(wrong);
      } catch (error) {
        refused.push((error as OrchestratorError).code);
      }
    }
    expect(chunks).toEqual([{ token: 'Hel' }, ['lo']]);
    expect(refused).toEqual(['CHUNK_INVALID', 'CHUNK_INVALID', 'CHUNK_INVALID']);
    run.end(null);
    await runtime.tasks.wait(id, NO_WAIT);
    emit('too late');
    expect(chunks.length).toBe(2);
  });

  test('that is delayed starts at its moment and not before', async () => {
    const uqo = await TestOrchestrator.start();
    onTestFinished(() => uqo.stop());
    await uqo.agent(WORKER, () => 'done');
    const task = await uqo.submit({ type: 'work', delayMs: 1_000 });
    await uqo.clock.advance(999);
    uqo.expectState(task, 'scheduled');
    await uqo.clock.advance(1);
    uqo.expectCompleted(task, 'done');
  });

  test('that fails waits for its delay and is tried again, until its attempts are used', async () => {
    const uqo = await TestOrchestrator.start();
    onTestFinished(() => uqo.stop());
    let runs = 0;
    await uqo.agent(WORKER, () => {
      runs += 1;
      throw new TaskFailure('NO_LUCK', `run ${runs}`);
    });
    const retry = { attemptsMax: 3, strategy: 'fixed', delayMs: 500, jitter: 0 } as const;
    const task = await uqo.submit({ type: 'work', retry });
    for (const expected of [1, 2]) {
      expect(runs).toBe(expected);
      await uqo.clock.advance(499);
      uqo.expectState(task, 'scheduled');
      await uqo.clock.advance(1);
    }
    uqo.expectFailed(task, 'NO_LUCK');
    expect(task.view()).toMatchObject({ error: { message: 'run 3' }, attempt: 3 });
    expect(task.view()?.failures).toHaveLength(3);
  });

  test('that runs too long is aborted, and what its handler returns later is ignored', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime, { timeouts: { runMs: 1_000 }, retry: { attemptsMax: 2 } });
    const first = await held.next();
    world.clock.advance(1_000);
    const second = await held.next();
    expect(first.context.signal.aborted).toBe(true);
    expect(second.context.fencingToken).toBeGreaterThan(first.context.fencingToken);
    first.end('late');
    await turn();
    second.end('right');
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'right' });
    expect(runtime.tasks.get(id)?.failures).toMatchObject([{ error: { code: 'RUN_TIMEOUT' } }]);
  });

  test('whose handler says nothing for too long is taken from it; one that speaks keeps it', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const timeouts = { heartbeatMs: 1_000 };
    const silent = await submit(runtime, { timeouts, retry: ONCE });
    const speaking = await submit(runtime, { timeouts, retry: ONCE });
    const runs = [await held.next(), await held.next()];
    const speaker = runs.find((run) => run.task.id === speaking);
    for (let i = 0; i < 4; i++) {
      world.clock.advance(500);
      speaker?.context.heartbeat();
      await turn();
    }
    expect(await runtime.tasks.wait(silent, NO_WAIT)).toMatchObject({
      state: 'failed',
      error: { code: 'HEARTBEAT_TIMEOUT' },
    });
    expect(runtime.tasks.get(speaking)?.state).toBe('running');
    speaker?.end();
    expect(await runtime.tasks.wait(speaking, NO_WAIT)).toMatchObject({ state: 'completed' });
  });

  test('given back and taken again is watched as a new attempt', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve({ ...WORKER, slots: 1 }, held.handler);
    const id = await submit(runtime, { timeouts: { heartbeatMs: 1_000 }, retry: ONCE });
    const first = await held.next();
    world.clock.advance(600);
    const { fencingToken } = first.context;
    await runtime.agents.release([{ taskId: id, fencingToken }], 'unwanted');
    const second = await held.next();
    expect(second.context.attempt).toBe(1);
    for (let i = 0; i < 4; i++) {
      world.clock.advance(400);
      second.context.heartbeat();
      await turn();
    }
    expect(runtime.tasks.get(id)?.state).toBe('running');
    second.end();
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ state: 'completed' });
  });

  test('whose result JSON cannot carry fails for good', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, () => 1n);
    const id = await submit(runtime);
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({
      state: 'failed',
      error: { code: 'RESULT_NOT_SERIALISABLE' },
    });
  });

  test('that is canceled while it runs has its handler told, and is not run again', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime);
    const run = await held.next();
    expect(await runtime.tasks.cancel([id], 'unwanted')).toEqual([null]);
    expect(run.context.signal.aborted).toBe(true);
    run.fail(new Error('aborted'));
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ state: 'canceled' });
    const [again] = await runtime.tasks.cancel([id], 'unwanted');
    expect(again?.code).toBe('TASK_FINISHED');
    expect(held.waiting).toBe(0);
  });

  test('that failed for good can be queued again', async () => {
    const runtime = await world.open();
    let isWell = false;
    await runtime.serve(WORKER, () => {
      if (!isWell) throw new TaskFailure('NO_LUCK', 'not yet', { retryable: false });
      return 'well';
    });
    const id = await submit(runtime);
    await runtime.tasks.wait(id, NO_WAIT);
    expect(runtime.tasks.deadLetters({ limit: 10 }).items.map((task) => task.id)).toEqual([id]);
    isWell = true;
    expect(await runtime.tasks.retry([id])).toEqual([null]);
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'well' });
    expect(runtime.tasks.deadLetters({ limit: 10 }).items).toEqual([]);
  });

  test('submitted again with its key is the same task; another body is refused', async () => {
    const runtime = await world.open();
    const id = await submit(runtime, { idempotencyKey: 'k', payload: 1, delayMs: 10 });
    world.clock.advance(5);
    expect(await submit(runtime, { idempotencyKey: 'k', payload: 1, delayMs: 10 })).toBe(id);
    await expect(submit(runtime, { idempotencyKey: 'k', payload: 2 })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  test.each([
    [{ runAt: '2026-02-31T99:00:00Z' }, '/runAt'],
    [{ runAt: '2026-02-31T00:00:00Z' }, '/runAt'],
    [{ deadlineAt: '2026-13-01T00:00:00Z' }, '/deadlineAt'],
    [{ payload: 1n }, '/payload'],
    [{ payload: () => 0 }, '/payload'],
    [{ metadata: { at: new Date(0) } }, '/metadata/at'],
  ])('with %o is refused, and the runtime goes on', async (task, path) => {
    const runtime = await world.open();
    await expect(submit(runtime, task)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { path },
    });
    await submit(runtime);
  });
});

describe('a queue', () => {
  test('that is paused holds its tasks until it is resumed', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, () => 'done');
    await submit(runtime);
    await runtime.queues.pause('default');
    const id = await submit(runtime);
    await turn();
    expect(runtime.tasks.get(id)?.state).toBe('queued');
    expect(runtime.queues.get('default')).toMatchObject({ paused: true, queued: 1 });
    await runtime.queues.resume('default');
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'done' });
  });
});

describe('an agent', () => {
  test('that is served anew gives its tasks to its successor, and the attempt counts', async () => {
    const runtime = await world.open();
    const [older, newer] = [new HeldHandler(), new HeldHandler()];
    await runtime.serve(WORKER, older.handler);
    const id = await submit(runtime);
    const first = await older.next();
    await runtime.serve(WORKER, newer.handler);
    expect(first.context.signal.aborted).toBe(true);
    const second = await newer.next();
    expect(second.context).toMatchObject({ attempt: 2 });
    first.end('old');
    await turn();
    second.end('new');
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'new' });
  });

  test('in this process is never too silent', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve({ ...WORKER, heartbeatMs: 1_000 }, held.handler);
    await submit(runtime);
    const run = await held.next();
    world.clock.advance(100_000);
    await turn();
    expect(run.context.signal.aborted).toBe(false);
    expect((await runtime.agents.list(null, 10)).items).toMatchObject([
      { state: 'ready', running: 1 },
    ]);
  });
});

describe('a full disk', () => {
  test('refuses submits, holds back reports, and loses neither tasks nor slots', async () => {
    const uqo = await TestOrchestrator.start();
    onTestFinished(() => uqo.stop());
    const held = new HeldHandler();
    await uqo.agent({ ...WORKER, slots: 1 }, held.handler);
    const first = await uqo.submit({ type: 'work' });
    const second = await uqo.submit({ type: 'work' });
    const run = await held.next();
    await uqo.fullDisk(true);
    await expect(uqo.submit({ type: 'work' })).rejects.toMatchObject({ code: 'LOG_FULL' });
    run.end('kept');
    await uqo.settle();
    uqo.expectState(first, 'running');
    await uqo.fullDisk(false);
    await uqo.clock.advance(1_000);
    uqo.expectCompleted(first, 'kept');
    (await held.next()).end('next');
    await uqo.settle();
    uqo.expectCompleted(second, 'next');
  });
});

describe('one entry that fails a task and queues it again', () => {
  test('leaves whoever waits waiting for its real end', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime, { retry: ONCE });
    const { context } = await held.next();
    const waiting = runtime.tasks.wait(id, NO_WAIT);
    const failure = { code: 'NO_LUCK', message: '', retryable: true, retryAfterMs: 0 };
    const { fencingToken } = context;
    const report = { ok: false, ...failure } as const;
    await Promise.all([
      runtime.agents.report([{ taskId: id, fencingToken, report }]),
      runtime.tasks.retry([id]),
    ]);
    (await held.next()).end('in the end');
    expect(await waiting).toMatchObject({ state: 'completed', result: 'in the end' });
  });
});

describe('a wait', () => {
  test('ends after its time with what is known, and when it is aborted', async () => {
    const runtime = await world.open();
    const id = await submit(runtime);
    const short = runtime.tasks.wait(id, 1_000);
    const abort = new AbortController();
    const aborted = runtime.tasks.wait(id, NO_WAIT, abort.signal);
    world.clock.advance(1_000);
    expect(await short).toEqual({ id, state: 'queued' });
    abort.abort();
    expect(await aborted).toEqual({ id, state: 'queued' });
    expect(await runtime.tasks.wait('nothing' as TaskId, NO_WAIT)).toBeNull();
    expect(world.clock.timers).toBe(1);
  });

  test('ends when the runtime closes, and none begins after that', async () => {
    const runtime = await world.open();
    const id = await submit(runtime);
    const waiting = runtime.tasks.wait(id, NO_WAIT);
    await runtime.close();
    expect(await waiting).toEqual({ id, state: 'queued' });
    await expect(runtime.tasks.wait(id, NO_WAIT)).rejects.toMatchObject({ code: 'STOPPED' });
  });
});

describe('a page after a page', () => {
  test('shows each task once while tasks finish and come', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve({ ...WORKER, slots: 100 }, held.handler);
    const ids: TaskId[] = [];
    for (let i = 0; i < 40; i++) ids.push(await submit(runtime));
    const runs = await Promise.all(ids.map(() => held.next()));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = runtime.tasks.list({ limit: 7, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.items.map((task) => task.id));
      cursor = page.nextCursor;
      for (const run of runs.splice(0, 5)) run.end();
      await happens(runtime, 'task.completed');
      if (runs.length === 0) cursor = null;
    } while (cursor !== null && runs.length > 0);
    let next = cursor;
    while (next !== null) {
      const page = runtime.tasks.list({ limit: 7, cursor: next });
      seen.push(...page.items.map((task) => task.id));
      next = page.nextCursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...ids].toReversed().slice(0, seen.length));
    expect(seen.length).toBeGreaterThan(30);
  });
});
