import { afterEach, describe, expect, test } from 'vitest';
import type { OperationBody, OperationView } from '../contract/index.ts';
import { systemClock } from './clock.ts';
import type { Runtime } from './runtime.ts';
import { RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

let world: RuntimeWorld;
const UNKNOWN = '01900000-0000-7000-8000-000000000000' as TaskId;

afterEach(async () => {
  await world.dispose();
});

async function submit(runtime: Runtime, count: number, more: object = {}): Promise<TaskId[]> {
  const ids: TaskId[] = [];
  for (let n = 0; n < count; n++) {
    const task = { type: 'mail', payload: { n, to: `user${n}` }, ...more };
    ids.push((await runtime.submitTask(task)) as TaskId);
  }
  return ids;
}

/** Serves `mail`: fails for good until the payload says `ok`. */
async function serve(runtime: Runtime): Promise<void> {
  await runtime.serve({ id: 'a1', capabilities: ['mail'], slots: 1_000 }, (task) => {
    const { ok, n } = task.payload as { ok?: boolean; n: number };
    if (ok !== true) return Promise.reject(new Error(n % 2 === 0 ? 'even is odd' : 'odd'));
    return Promise.resolve(task.payload);
  });
}

async function deadLetters(runtime: Runtime, count: number): Promise<TaskId[]> {
  // Failing is all that the agent is here for.
  for (const kind of ['agent', 'capability'] as const) {
    await runtime.breakers.set(kind, null, { enabled: false });
  }
  await serve(runtime);
  const ids = await submit(runtime, count, { retry: { attemptsMax: 1 } });
  await until(() => ids.every((id) => runtime.tasks.get(id)?.state === 'failed'));
  return ids;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000; turns++) {
    if (isSo()) return;
    await turn();
  }
  throw new Error('what was waited for did not come');
}

async function start(runtime: Runtime, body: OperationBody): Promise<OperationView> {
  const started = await runtime.operations.start(body);
  if ('dryRun' in started) throw new Error('a dry run starts nothing');
  return started;
}

async function ended(runtime: Runtime, id: string): Promise<OperationView> {
  await until(() => runtime.operations.get(id).state !== 'running');
  return runtime.operations.get(id);
}

function outcomes(runtime: Runtime, id: string): Map<string, string> {
  const seen = new Map<string, string>();
  let cursor: string | null = null;
  do {
    const at: { readonly cursor?: string } = cursor === null ? {} : { cursor };
    const page = runtime.operations.items(id, { limit: 7, ...at });
    for (const { outcome, taskId } of page.items) {
      expect(seen).not.toContain(taskId);
      seen.set(taskId, outcome);
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return seen;
}

function statesOf(runtime: Runtime, ids: readonly TaskId[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids) {
    const state = runtime.tasks.get(id)?.state ?? 'gone';
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

describe('a bulk operation', () => {
  test('that is a dry run counts, shows the newest, and changes nothing', async () => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    const ids = await submit(runtime, 25);
    const { index } = runtime.observed.state;
    const body = { action: 'cancel', query: 'type:mail', dryRun: true } as const;
    expect(await runtime.operations.start(body)).toMatchObject({ dryRun: true, matched: 25 });
    const shown = await runtime.operations.start(body);
    if (!('dryRun' in shown)) throw new Error('it was to be a dry run');
    expect(shown.examples.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 10));
    expect(runtime.observed.state.index).toBe(index);
    expect(runtime.operations.list()).toEqual([]);
  });

  test('cancels what its query means, and nothing that is submitted later', async () => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    const ids = await submit(runtime, 600);
    const kept = await submit(runtime, 5, { queue: 'other' });
    const started = await start(runtime, {
      action: 'cancel',
      query: 'queue:default',
      by: 'ann',
      reason: 'not needed',
    });
    expect(started).toMatchObject({ state: 'running', matched: 600, done: 0, remaining: 600 });
    const later = await submit(runtime, 3);
    expect(await ended(runtime, started.id)).toMatchObject({
      state: 'completed',
      done: 600,
      refused: 0,
      remaining: 0,
      by: 'ann',
      reason: 'not needed',
    });
    expect(statesOf(runtime, ids)).toEqual({ canceled: 600 });
    expect(runtime.tasks.get(ids[0] as TaskId)?.reason).toBe('not needed');
    expect(statesOf(runtime, [...kept, ...later])).toEqual({ queued: 8 });
    expect([...outcomes(runtime, started.id).keys()]).toEqual(ids.toReversed());
  });

  test('moves waiting tasks to another queue and priority, where they are placed by it', async () => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    const ids = await submit(runtime, 3);
    const params = { queue: 'fast', priority: 9 };
    const moved = await start(runtime, { action: 'reprioritise', query: 'state:queued', params });
    expect(await ended(runtime, moved.id)).toMatchObject({ done: 3, params });
    expect(runtime.tasks.get(ids[1] as TaskId)).toMatchObject({ queue: 'fast', priority: 9 });
    // It comes before where they were, and after where they are.
    await submit(runtime, 1, { priority: 5 });
    const order: unknown[] = [];
    await runtime.serve({ id: 'a1', capabilities: ['mail'], slots: 1 }, (task) => {
      order.push((task.payload as { n: number }).n);
      return Promise.resolve(null);
    });
    await until(() => order.length === 4);
    expect(order).toEqual([0, 1, 2, 0]);
    runtime.observed.scheduler.checkInvariants();
  });

  test('goes on after a crash where it was, and deals with each task once', async () => {
    world = new RuntimeWorld({ checkpointBytes: 20_000 });
    const before = await world.open();
    const ids = await submit(before, 1_500);
    const { id } = await start(before, { action: 'cancel', query: 'type:mail' });
    await until(() => before.operations.get(id).done > 0);
    world.crash();
    expect(before.operations.get(id).state).toBe('running');
    const after = await world.open();
    const resumed = after.operations.get(id);
    expect(resumed.done).toBeGreaterThan(0);
    expect(resumed.done).toBeLessThan(1_500);
    expect(await ended(after, id)).toMatchObject({ state: 'completed', done: 1_500, refused: 0 });
    expect(outcomes(after, id).size).toBe(1_500);
    expect(statesOf(after, ids)).toEqual({ canceled: 1_500 });
  });

  test('keeps to its rate, and does nothing more once it is aborted', async () => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    const ids = await submit(runtime, 50);
    const { id } = await start(runtime, { action: 'cancel', query: 'type:mail', rate: 20 });
    const after = async (ms: number, done: number): Promise<void> => {
      world.clock.advance(ms);
      await until(() => runtime.operations.get(id).done === done);
      for (let turns = 0; turns < 50; turns++) await turn();
      expect(runtime.operations.get(id).done).toBe(done);
    };
    await after(0, 2);
    await after(99, 2);
    await after(1, 4);
    await after(100, 6);
    expect(await runtime.operations.abort(id, 'bob', 'too fast')).toMatchObject({
      state: 'aborted',
      done: 6,
      remaining: 44,
      endedBy: 'bob',
      endedReason: 'too fast',
    });
    await after(10_000, 6);
    expect(statesOf(runtime, ids)).toEqual({ canceled: 6, queued: 44 });
    await expect(runtime.operations.abort(id)).rejects.toMatchObject({ code: 'OPERATION_ENDED' });
  });

  test('on a sample deals with so many or such a share, the same for the same seed', async () => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    await submit(runtime, 400);
    const drawn = async (sample: number, seed: number): Promise<string[]> => {
      const body = { action: 'cancel', query: 'type:mail', dryRun: true, sample, seed } as const;
      const dry = await runtime.operations.start(body);
      if (!('dryRun' in dry)) throw new Error('it was to be a dry run');
      return [String(dry.matched), ...dry.examples.map(({ id }) => id)];
    };
    const [count, ...first] = await drawn(7, 1);
    expect(count).toBe('7');
    expect(await drawn(7, 1)).toEqual([count, ...first]);
    expect(await drawn(7, 2)).not.toEqual([count, ...first]);
    const [share] = await drawn(0.25, 3);
    expect(Number(share)).toBeGreaterThan(60);
    expect(Number(share)).toBeLessThan(140);
    const body = { action: 'cancel', query: 'type:mail', sample: 7, seed: 1 } as const;
    const { id } = await start(runtime, body);
    expect(await ended(runtime, id)).toMatchObject({ done: 7 });
    expect([...outcomes(runtime, id).keys()]).toEqual(first);
  });

  test.each([
    [{ action: 'cancel', query: 'type:mail', params: { priority: 1 } }, '/params/priority'],
    [{ action: 'reprioritise', query: 'type:mail' }, '/params'],
    [{ action: 'reprioritise', query: 'type:mail', params: { payload: 1 } }, '/params/payload'],
    [{ action: 'redrive', query: 'a:b', params: { payload: 1, patch: {} } }, '/params/patch'],
    [{ action: 'cancel', query: 'type:mail', sample: 1.5 }, '/sample'],
  ] as const)('%j is refused', async (body, path) => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    await expect(runtime.operations.start(body)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { path },
    });
  });

  test('of 100,000 tasks lets every submit in after a few of its steps', async () => {
    world = new RuntimeWorld({ clock: systemClock }, 'memory');
    const runtime = await world.open();
    const spec = { capabilities: ['mail'], labels: {} };
    const retry = {
      attemptsMax: 1,
      strategy: 'fixed',
      delayMs: 0,
      delayMsMax: 0,
      jitter: 0,
      nonRetryable: [],
    } as const;
    const common = { namespace: 'default', queue: 'default', type: 'mail', priority: 4 };
    for (let batch = 0; batch < 10; batch++) {
      await runtime.tasks.submit({
        specs: [{ ...common, requires: spec, retry, timeouts: {} }],
        specOf: null,
        payloads: Array<string>(10_000).fill('1'),
        extras: null,
      });
    }
    const { id } = await start(runtime, { action: 'cancel', query: 'type:mail' });
    const { state } = runtime.observed;
    let submits = 0;
    while (runtime.operations.get(id).state === 'running') {
      const [done, index] = [runtime.operations.get(id).done, state.index];
      await submit(runtime, 1, { type: 'urgent' });
      expect(state.index - index).toBeLessThanOrEqual(3);
      expect(runtime.operations.get(id).done - done).toBeLessThanOrEqual(3 * 256);
      submits += 1;
    }
    expect(runtime.operations.get(id)).toMatchObject({ state: 'completed', done: 100_000 });
    expect(submits).toBeGreaterThan(100);
  }, 60_000);
});

describe('dead letters', () => {
  test('are redriven with an edited payload, which a crash does not lose', async () => {
    world = new RuntimeWorld({ checkpointBytes: 10_000 });
    const before = await world.open();
    const ids = await deadLetters(before, 20);
    await before.queues.set('mended', {});
    await before.queues.pause('mended');
    const params = { patch: { ok: true, to: null }, queue: 'mended' };
    const { id } = await start(before, { action: 'redrive', query: 'state:failed', params });
    expect(await ended(before, id)).toMatchObject({ done: 20, refused: 0 });
    world.crash();
    const after = await world.open();
    expect(after.tasks.get(ids[3] as TaskId)).toMatchObject({
      state: 'queued',
      queue: 'mended',
      payload: { n: 3, ok: true },
    });
    await after.queues.resume('mended');
    await serve(after);
    await until(() => statesOf(after, ids)['completed'] === 20);
    expect(after.tasks.get(ids[3] as TaskId)).toMatchObject({ result: { n: 3, ok: true } });
  });

  test('of one group are redriven alone, and the group can be resolved and ignored', async () => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    const ids = await deadLetters(runtime, 9);
    const groups = runtime.deadLetters.groups();
    expect(groups.map(({ live, message }) => [live, message])).toEqual([
      [5, 'even is odd'],
      [4, 'odd'],
    ]);
    expect(runtime.deadLetters.counts()).toEqual({
      groups: { open: 2, resolved: 0, ignored: 0 },
      letters: 9,
    });
    const [even, odd] = groups.map(({ key }) => key) as [string, string];
    await runtime.deadLetters.setGroup(even, { state: 'ignored', by: 'ann', note: 'known' });
    expect(runtime.deadLetters.counts().letters).toBe(4);
    expect(runtime.deadLetters.groups({ state: 'ignored' })).toMatchObject([
      { key: even, by: 'ann', note: 'known' },
    ]);
    const redrive = { action: 'redrive', query: 'state:failed', group: odd } as const;
    const { id } = await start(runtime, { ...redrive, params: { patch: { ok: true } } });
    expect(await ended(runtime, id)).toMatchObject({ matched: 4, done: 4 });
    await until(() => statesOf(runtime, ids)['completed'] === 4);
    expect(statesOf(runtime, ids)).toEqual({ completed: 4, failed: 5 });
    await expect(runtime.deadLetters.setGroup('x', { state: 'open' })).rejects.toMatchObject({
      code: 'FAILURE_GROUP_NOT_FOUND',
    });
  });

  test('that are poison are redriven only where that is asked for', async () => {
    world = new RuntimeWorld({ settings: { poisonAgents: 1 } }, 'memory');
    const runtime = await world.open();
    await runtime.serve({ id: 'a1', capabilities: ['mail'], slots: 9 }, () => new Promise(() => 0));
    const [poison] = await submit(runtime, 1);
    await until(() => runtime.tasks.get(poison as TaskId)?.state === 'running');
    await runtime.observed.loop.propose({ type: 'agent.lost', agentId: 'a1' as never });
    expect(runtime.deadLetters.get(poison as TaskId)).toMatchObject({
      isPoison: true,
      payload: { n: 0 },
      error: { code: 'POISON_TASK' },
      failures: [{ agentId: 'a1', error: { code: 'AGENT_LOST' } }],
      group: { code: 'POISON_TASK', live: 1 },
    });
    const body = { action: 'redrive', query: 'state:failed' } as const;
    const without = await start(runtime, body);
    expect(await ended(runtime, without.id)).toMatchObject({ matched: 0, done: 0 });
    const asked = await start(runtime, { ...body, includePoison: true });
    expect(await ended(runtime, asked.id)).toMatchObject({ done: 1 });
  });

  test('get their own payloads where others of the same command are refused', async () => {
    world = new RuntimeWorld();
    const before = await world.open();
    const [first, second] = (await deadLetters(before, 2)) as [TaskId, TaskId];
    await before.queues.pause('default');
    const items = [UNKNOWN, first, second].map((taskId) => ({ taskId, payloadBytes: 1 }));
    const order = { redrive: {}, by: 'ann', reason: null };
    await before.observed.loop.propose({ type: 'task.redrive', items, ...order }, ['0', '1', '2']);
    expect(before.tasks.get(first)?.payload).toBe(1);
    expect(before.tasks.get(second)?.payload).toBe(2);
    world.crash();
    const after = await world.open();
    expect(after.tasks.get(first)?.payload).toBe(1);
    expect(after.tasks.get(second)?.payload).toBe(2);
  });

  test('are redriven one by one, changed, and the event says by whom and why', async () => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await world.open();
    const [id] = (await deadLetters(runtime, 1)) as [TaskId];
    const told: unknown[] = [];
    runtime.feed.listen(
      { taskId: id, event: (event) => told.push(event) > 0, closed: () => undefined },
      null,
    );
    const how = { patch: { ok: true }, by: 'ann', reason: 'mended' };
    await runtime.deadLetters.redrive(id, how, 1_000);
    await until(() => runtime.tasks.get(id)?.state === 'completed');
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'task.redriven', by: 'ann', reason: 'mended' }),
    );
    const again = runtime.deadLetters.redrive(id, {}, 1_000);
    await expect(again).rejects.toMatchObject({ code: 'TASK_FINISHED' });
    const none = runtime.deadLetters.redrive(UNKNOWN, {}, 1_000);
    await expect(none).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    const [waiting] = (await submit(runtime, 1, { delayMs: 9_000 })) as [TaskId];
    const early = runtime.deadLetters.redrive(waiting, {}, 1_000);
    await expect(early).rejects.toMatchObject({ code: 'TASK_NOT_FAILED' });
  });
});

test('a query of blanks is refused, and all tasks can be meant', async () => {
  world = new RuntimeWorld({}, 'memory');
  const runtime = await world.open();
  await submit(runtime, 3);
  const blank = runtime.operations.start({ action: 'cancel', query: '  ' });
  await expect(blank).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { path: '/query' },
  });
  const all = { action: 'cancel', query: 'id:*', dryRun: true } as const;
  expect(await runtime.operations.start(all)).toMatchObject({ matched: 3 });
});
