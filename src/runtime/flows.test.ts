import { afterEach, describe, expect, test } from 'vitest';
import { TaskFailure, type SubmitTask } from '../contract/index.ts';
import type { Runtime } from './runtime.ts';
import { happens, HeldHandler, RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

const WORKER = { id: 'worker', capabilities: ['work'], slots: 50 };
const ONCE = { attemptsMax: 1 };
const NO_WAIT = 3_600_000;

let world = new RuntimeWorld();
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld();
});

const work = (ref: string, dependsOn: readonly unknown[] = [], rest: object = {}): SubmitTask =>
  ({ type: 'work', ref, payload: ref, retry: ONCE, dependsOn, ...rest }) as SubmitTask;

async function flow(
  runtime: Runtime,
  ...tasks: readonly SubmitTask[]
): Promise<Map<string, TaskId>> {
  const submitted = await runtime.submitFlow({ tasks: [...tasks] });
  const ids = new Map(submitted.tasks.map(({ id, ref = '' }) => [ref, id as TaskId]));
  return ids.set('flow', submitted.id as TaskId);
}

const end = (runtime: Runtime, id: TaskId | undefined) => runtime.tasks.wait(id as TaskId, NO_WAIT);

describe('a task that depends on others', () => {
  test('is given what they came to, by their refs', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, (task: { payload: string }, { parents }) => {
      if (task.payload === 'b') throw new TaskFailure('NO_LUCK', 'none today');
      return task.payload === 'd' ? parents : { of: task.payload };
    });
    const ids = await flow(
      runtime,
      work('d', ['a', { ref: 'b', onFailure: 'continue' }, { ref: 'c', onFailure: 'continue' }]),
      work('a'),
      work('b'),
      work('c', [{ ref: 'b', onFailure: 'skip' }]),
    );
    expect(await end(runtime, ids.get('d'))).toMatchObject({
      state: 'completed',
      result: {
        a: { state: 'completed', result: { of: 'a' } },
        b: { state: 'failed', error: { code: 'NO_LUCK', message: 'none today' } },
        c: { state: 'canceled', error: { code: 'CANCELED' } },
      },
    });
  });

  test('may name tasks that ended long ago, by their ids', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, (task: { payload: string }, { parents }) =>
      task.payload === 'late' ? parents : 'early',
    );
    const first = (await runtime.submitTask({ type: 'work', payload: 'first' })) as TaskId;
    await end(runtime, first);
    const id = (await runtime.submitTask(work('late', [first]))) as TaskId;
    expect(await end(runtime, id)).toMatchObject({
      result: { [first]: { state: 'completed', result: 'early' } },
    });
  });

  test('finds a parent that ends while its submit is on the way', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    for (let round = 0; round < 20; round++) {
      const parent = (await runtime.submitTask({ type: 'work', payload: round })) as TaskId;
      const run = await held.next();
      // The report and the submit meet in the loop: the submit was resolved while the parent was live.
      run.end('done');
      for (let turns = 0; turns < round % 4; turns++) await turn();
      const child = (await runtime.submitTask(work('child', [parent]))) as TaskId;
      const next = await held.next();
      expect(next.task.id).toBe(child);
      expect(next.context.parents[parent]).toMatchObject({ state: 'completed', result: 'done' });
      next.end(null);
      await end(runtime, child);
    }
  });

  test('keeps its parents’ results from being forgotten', async () => {
    await world.dispose();
    world = new RuntimeWorld({ history: { countMax: 1 } });
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const ids = await flow(runtime, work('a'), work('b'), work('c', ['a', 'b']));
    const [one, two] = [await held.next(), await held.next()];
    const [a, b] = one.task.payload === 'a' ? [one, two] : [two, one];
    a.end('kept');
    await end(runtime, ids.get('a'));
    for (let i = 0; i < 3; i++) {
      const other = (await runtime.submitTask({ type: 'work' })) as TaskId;
      (await held.next()).end('other');
      await end(runtime, other);
    }
    await runtime.observed.store.flush();
    const store = runtime.observed.store as unknown as { purgeHistory(): Promise<number> };
    expect(await store.purgeHistory()).toBeGreaterThan(0);
    b.end('b');
    const c = await held.next();
    expect(c.context.parents['a']).toEqual({ state: 'completed', result: 'kept' });
    c.end(null);
    await end(runtime, ids.get('c'));
    await runtime.observed.store.flush();
    await store.purgeHistory();
    expect(runtime.tasks.get(ids.get('a') as TaskId)).toBeNull();
  });

  test('goes on after a crash in the middle, with results from before it', async () => {
    let runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const retry = { attemptsMax: 2, delayMs: 0 };
    const ids = await flow(runtime, work('a'), work('b', ['a'], { retry }), work('c', ['a', 'b']));
    (await held.next()).end(1);
    await end(runtime, ids.get('a'));
    await held.next();
    world.crash();
    runtime = await world.open();
    expect(runtime.tasks.get(ids.get('c') as TaskId)).toMatchObject({ state: 'blocked' });
    await runtime.serve(WORKER, (task: { payload: string }, { parents }) =>
      task.payload === 'c' ? parents : 2,
    );
    expect(await end(runtime, ids.get('c'))).toMatchObject({
      result: { a: { state: 'completed', result: 1 }, b: { state: 'completed', result: 2 } },
    });
  });

  test('fails where its parents’ results are too large together', async () => {
    const runtime = await world.open();
    const large = 'x'.repeat(6_000_000);
    await runtime.serve({ ...WORKER, slots: 1 }, () => large);
    const ids = await flow(runtime, work('a'), work('b'), work('c'), work('d', ['a', 'b', 'c']));
    expect(await end(runtime, ids.get('d'))).toMatchObject({
      state: 'failed',
      error: { code: 'PARENT_RESULTS_TOO_LARGE' },
    });
  });

  test('says in its explanation whom it waits for', async () => {
    const runtime = await world.open();
    const refs = Array.from({ length: 7 }, (_, i) => `p${i}`);
    const ids = await flow(runtime, ...refs.map((ref) => work(ref)), work('last', refs));
    expect(runtime.tasks.explain(ids.get('last') as TaskId)).toMatchObject({
      verdict:
        'it waits for 7 tasks to end: p0 (queued), p1 (queued), p2 (queued), p3 (queued), p4 (queued) and 2 more',
      blockedBy: { count: 7 },
    });
  });
});

describe('a submit of a flow', () => {
  test.each([
    ['FLOW_CYCLE', [work('a', ['c']), work('b', ['a']), work('c', ['b'])]],
    ['FLOW_TASK_NOT_FOUND', [work('a', ['nobody'])]],
    ['FLOW_TASK_NOT_FOUND', [work('a', ['0197a000-0000-7000-8000-000000000000'])]],
    ['FLOW_DUPLICATE', [work('a'), work('a')]],
    ['FLOW_DUPLICATE', [work('a'), work('b', ['a', { ref: 'a' }])]],
  ])('is refused whole with %s', async (code, tasks) => {
    const runtime = await world.open();
    await expect(runtime.submitFlow({ tasks: [...tasks] })).rejects.toMatchObject({ code });
    expect(runtime.tasks.list({ limit: 10 }).items).toEqual([]);
    expect(runtime.flows.list(null, 10).items).toEqual([]);
  });

  test('again with the same keys is the same flow', async () => {
    const runtime = await world.open();
    const tasks = [
      work('a', [], { idempotencyKey: 'k1' }),
      work('b', ['a'], { idempotencyKey: 'k2' }),
    ];
    const first = await runtime.submitFlow({ tasks });
    expect(await runtime.submitFlow({ tasks })).toEqual(first);
    expect(runtime.flows.list(null, 10).items.length).toBe(1);
  });

  test('shows how it stands, and can be canceled', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const ids = await flow(runtime, work('a'), work('b', ['a']), work('c', ['b']));
    const flowId = ids.get('flow') as string;
    const run = await held.next();
    world.clock.advance(500);
    run.end(1);
    await end(runtime, ids.get('a'));
    await held.next();
    expect(runtime.flows.get(flowId, { limit: 2 })).toMatchObject({
      isOver: false,
      counts: { completed: 1, running: 1, blocked: 1 },
      criticalPath: { durationMs: 500, tasks: [{ ref: 'a', durationMs: 500 }] },
      tasks: { items: [{ ref: 'c' }, { ref: 'b' }] },
    });
    await runtime.flows.cancel(flowId, 'enough');
    expect(runtime.flows.get(flowId, { limit: 9 })).toMatchObject({
      isOver: true,
      counts: { completed: 1, canceled: 2 },
    });
  });
});

describe('a running task', () => {
  test('submits children that depend on each other, and makes none twice when it is tried again', async () => {
    const runtime = await world.open();
    const seen: string[][] = [];
    await runtime.serve(WORKER, async (task: { payload: unknown }, context) => {
      if (task.payload !== 'parent') return task.payload;
      const ids = await context.submit([
        { type: 'work', ref: 'x', payload: 'x' },
        { type: 'work', payload: 'y', dependsOn: ['x'] },
      ]);
      const one = await context.submit({ type: 'work', payload: 'z' });
      seen.push([...ids, one]);
      if (context.attempt === 1) throw new Error('once more');
      return ids;
    });
    const retry = { attemptsMax: 2, delayMs: 0, jitter: 0 };
    const id = (await runtime.submitTask({ type: 'work', payload: 'parent', retry })) as TaskId;
    expect(await end(runtime, id)).toMatchObject({ state: 'completed' });
    expect(seen[0]).toEqual(seen[1]);
    const [, y] = seen[0] as string[];
    expect(await end(runtime, y as TaskId)).toMatchObject({ state: 'completed' });
    expect(runtime.tasks.get(y as TaskId)).toMatchObject({ parentId: id, depth: 1 });
    expect(runtime.tasks.list({ limit: 50 }).items.length).toBe(4);
  });

  test('is stopped by a guard when it submits itself', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, async (task: { payload: unknown }, context) => {
      await context.submit({ type: 'work', payload: task.payload });
    });
    const id = (await runtime.submitTask(work('again'))) as TaskId;
    expect(await end(runtime, id)).toMatchObject({ error: { code: 'LOOP_DETECTED' } });
  });

  test('lets a task start when what others reserved is settled', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve({ ...WORKER, slots: 5 }, held.handler);
    const estimate = { tokens: 60 };
    const tasks = [0, 1].map(() => ({ type: 'work', estimate }));
    const { tasks: made } = await runtime.submitFlow({ budget: { tokens: 100 }, tasks });
    const first = await held.next();
    const other = made.find(({ id }) => id !== first.task.id)?.id as TaskId;
    expect(runtime.tasks.explain(other)?.gate?.description).toContain('60 reserved, 60 wanted');
    first.context.reportUsage({ tokens: 40, costUsd: 0 });
    first.end('done');
    const second = await held.next();
    expect(second.task.id).toBe(other);
    second.end('done');
    expect(await end(runtime, other)).toMatchObject({ state: 'completed' });
  });

  test('spends what its tree may spend, and no more', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, async (task: { payload: unknown }, context) => {
      context.reportUsage({ tokens: 30, costUsd: 0.01 });
      if (typeof task.payload === 'number') return null;
      for (let i = 0; ; i++) {
        const child = await context.submit({ type: 'work', payload: i, retry: ONCE });
        await end(runtime, child as TaskId);
      }
    });
    const warned = happens(runtime, 'budget.warned');
    const id = (await runtime.submitTask({
      type: 'work',
      retry: ONCE,
      budget: { tokens: 100 },
    })) as TaskId;
    expect(await end(runtime, id)).toMatchObject({ error: { code: 'BUDGET_EXCEEDED' } });
    expect(await warned).toMatchObject({ taskId: id, note: '90 of 100 tokens are used' });
    expect(runtime.tasks.get(id)).toMatchObject({ usage: { tokens: 30 }, children: 4 });
  });
});

test('a task that completed shows its budget as long as what came from it goes on', async () => {
  const runtime = await world.open();
  await runtime.serve(WORKER, async (_task, context) => {
    await context.submit({ type: 'later' });
    context.reportUsage({ tokens: 60 });
    return 'done';
  });
  const id = (await runtime.submitTask({ type: 'work', budget: { tokens: 100 } })) as TaskId;
  expect(await end(runtime, id)).toMatchObject({ result: 'done' });
  expect(runtime.tasks.get(id)).toMatchObject({
    state: 'completed',
    budget: { limits: { tokens: 100 }, used: { tokens: 60 } },
  });
});

test('of a task in a killed namespace that is told first, whatever else is missing', async () => {
  const runtime = await world.open();
  const id = (await runtime.submitTask({ type: 'nobody-can', namespace: 'team' })) as TaskId;
  await runtime.kills.kill('namespace', 'team', { reason: 'out of money' });
  expect(runtime.tasks.explain(id)?.verdict).toBe(
    'namespace team was killed and waits to be restored',
  );
});

test('a killed namespace and a killed agent stay so across a restart, and can be restored', async () => {
  let runtime = await world.open();
  await runtime.serve(WORKER, () => 'done');
  await runtime.kills.kill('namespace', 'team', { reason: 'out of money', by: 'ann' });
  await runtime.kills.kill('agent', 'worker', { reason: 'odd' });
  const team = { type: 'work', namespace: 'team' };
  await expect(runtime.submitTask(team)).rejects.toMatchObject({ code: 'NAMESPACE_KILLED' });
  const id = (await runtime.submitTask({ type: 'work' })) as TaskId;
  expect(runtime.tasks.explain(id)?.verdict).toBe('1 agent matches but is killed');
  world.crash();
  runtime = await world.open();
  await runtime.serve(WORKER, () => 'done');
  expect(runtime.status().killed).toMatchObject([
    { kind: 'namespace', target: 'team', reason: 'out of money', by: 'ann' },
    { kind: 'agent', target: 'worker', by: null },
  ]);
  await expect(runtime.submitTask(team)).rejects.toMatchObject({ code: 'NAMESPACE_KILLED' });
  await runtime.kills.restore('agent', 'worker');
  expect(await end(runtime, id)).toMatchObject({ result: 'done' });
  await runtime.kills.restore('namespace', 'team');
  const again = (await runtime.submitTask(team)) as TaskId;
  expect(await end(runtime, again)).toMatchObject({ result: 'done' });
});
