/** Runtimes on one log, of which one appends: the others are as it is, and any of them can go on. */
import { afterEach, describe, expect, test } from 'vitest';
import { normalizeSpec } from '../contract/index.ts';
import { digest } from '../core/index.ts';
import type { Runtime } from './runtime.ts';
import type { Submission } from './submission.ts';
import { FollowedCluster } from './testing/followed-cluster.ts';
import { HeldHandler, turn, type TaskId } from './testing/runtime-world.ts';

const WORKER = { id: 'worker', capabilities: ['work'], slots: 2 };
const NO_WAIT = 3_600_000;

let cluster = new FollowedCluster();
afterEach(async () => {
  await cluster.dispose();
  cluster = new FollowedCluster();
});

async function three(): Promise<[Runtime, Runtime, Runtime]> {
  const nodes = [await cluster.add(), await cluster.add(), await cluster.add()] as const;
  await cluster.lead(nodes[0]);
  return [...nodes];
}

async function submit(runtime: Runtime, task: object = {}): Promise<TaskId> {
  return (await runtime.submitTask({ type: 'work', ...task })) as TaskId;
}

describe('a node that follows', () => {
  test('is what its leader is, and shows what that one did', async () => {
    const [first, second] = await three();
    await first.serve(WORKER, (task) => task.payload);
    const done = await submit(first, { payload: 7 });
    await first.tasks.wait(done, NO_WAIT);
    const later = await submit(first, { delayMs: 60_000 });
    await cluster.catchUp();
    expect(digest(second.observed.state)).toEqual(digest(first.observed.state));
    expect(second.tasks.get(done)).toEqual(first.tasks.get(done));
    expect(second.tasks.get(later)).toEqual(first.tasks.get(later));
    const { items } = second.tasks.list({ limit: 10 });
    expect(items.map(({ id }) => id)).toEqual([later, done]);
  });

  test('takes nothing itself, and is not ready', async () => {
    const [, second] = await three();
    expect(second.ready).toBe(false);
    await expect(submit(second)).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });

  test('tells who waits there when a task has ended', async () => {
    const [first, second] = await three();
    const id = await submit(first, { payload: 'x' });
    await cluster.catchUp();
    const waiting = second.tasks.wait(id, NO_WAIT);
    await first.serve(WORKER, () => 'done');
    await first.tasks.wait(id, NO_WAIT);
    await cluster.catchUp();
    expect(await waiting).toMatchObject({ state: 'completed', result: 'done' });
  });

  test('lets no time pass, fires no schedule and gives up no agent', async () => {
    const [first, second] = await three();
    await first.schedules.set('tick', { everyMs: 60_000, task: { type: 'work' } });
    await first.serve({ ...WORKER, heartbeatMs: 10_000 }, () => 1);
    await cluster.catchUp();
    first.stepDown();
    cluster.leader = null;
    const { index } = second.observed.state;
    cluster.clock.advance(3_600_000);
    await turn();
    expect(second.observed.state.index).toBe(index);
  });
});

describe('a node that leads after another', () => {
  test('goes on with everything: waiting tasks, schedules, agents, and newer ids', async () => {
    const [first, second] = await three();
    const held = new HeldHandler();
    await first.serve({ ...WORKER, slots: 1 }, held.handler);
    await first.schedules.set('tick', { everyMs: 60_000, task: { type: 'work' } });
    const running = await submit(first);
    const run = await held.next();
    const waiting = await submit(first);
    await cluster.lead(second);
    expect(run.context.signal.aborted).toBe(true);
    expect(first.ready).toBe(false);
    await expect(submit(first)).rejects.toMatchObject({ code: 'NOT_LEADER' });
    const newer = await submit(second);
    expect(newer > waiting).toBe(true);
    await second.serve(WORKER, () => 'second');
    for (const id of [running, waiting, newer]) {
      expect(await second.tasks.wait(id, NO_WAIT)).toMatchObject({ state: 'completed' });
    }
    cluster.clock.advance(61_000);
    for (let i = 0; i < 20; i++) await turn();
    expect(second.tasks.list({ limit: 10 }).items).toHaveLength(4);
    await cluster.catchUp();
    expect(digest(first.observed.state)).toEqual(digest(second.observed.state));
  });

  test('knows what the old one answered: a submit of a session that comes again makes no second task', async () => {
    const [first, second] = await three();
    await first.tasks.openSession('session');
    const submission = (sequence: number, tasks: number): Submission => ({
      specs: [normalizeSpec({ type: 'work' })],
      specOf: null,
      payloads: Array.from({ length: tasks }, () => 'null'),
      extras: null,
      session: { id: 'session', sequence, acknowledged: 0 },
    });
    const small = await first.tasks.submit(submission(1, 2));
    const large = await first.tasks.submit(submission(2, 2_500));
    expect([small.repeated, large.repeated]).toEqual([[], []]);
    await cluster.lead(second);
    expect(await second.tasks.submit(submission(1, 2))).toEqual({ ...small, repeated: [0, 1] });
    const again = await second.tasks.submit(submission(2, 2_500));
    expect(again.ids).toEqual(large.ids);
    expect(again.repeated).toHaveLength(2_500);
    expect(second.observed.state.tasks.size).toBe(2_502);
    await cluster.catchUp();
    expect(digest(first.observed.state)).toEqual(digest(second.observed.state));
  });

  test('may have led before', async () => {
    const [first, second] = await three();
    const ids: TaskId[] = [];
    for (const leader of [second, first, second, first]) {
      await cluster.lead(leader);
      ids.push(await submit(leader));
      await leader.serve(WORKER, () => 'done');
      expect(await leader.tasks.wait(ids.at(-1) as TaskId, NO_WAIT)).toMatchObject({
        state: 'completed',
      });
    }
    await cluster.catchUp();
    for (const node of cluster.nodes) {
      expect(node.tasks.list({ limit: 9 }).items.map(({ id }) => id)).toEqual(ids.toReversed());
    }
  });

  test('gives out what waited when it led before', async () => {
    const [first, second] = await three();
    const ids = [await submit(first), await submit(first)];
    await cluster.lead(second);
    await cluster.lead(first);
    await first.serve(WORKER, () => 'done');
    for (const id of ids) {
      expect(await first.tasks.wait(id, NO_WAIT)).toMatchObject({ state: 'completed' });
    }
  });

  test('keeps no place for tasks that were given out elsewhere', async () => {
    const [first, second] = await three();
    const id = await submit(first);
    await cluster.catchUp();
    expect(second.observed.scheduler.counts().waiting).toBe(1);
    await first.serve(WORKER, () => 'done');
    await first.tasks.wait(id, NO_WAIT);
    await cluster.catchUp();
    expect(second.observed.scheduler.counts().waiting).toBe(0);
  });

  test('gives a silent agent one whole silence, and then its tasks to another', async () => {
    const [first, second] = await three();
    const held = new HeldHandler();
    await first.serve({ ...WORKER, heartbeatMs: 10_000 }, held.handler);
    const id = await submit(first, { retry: { delayMs: 0 } });
    await held.next();
    await cluster.lead(second);
    await second.serve({ ...WORKER, id: 'other' }, () => 'other');
    cluster.clock.advance(9_000);
    for (let i = 0; i < 5; i++) await turn();
    expect(second.tasks.get(id)).toMatchObject({ state: 'running', agentId: 'worker' });
    cluster.clock.advance(2_000);
    expect(await second.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'other' });
  });

  test('tells whoever waited at the old leader to ask again', async () => {
    const [first, second] = await three();
    const id = await submit(first);
    const waiting = first.tasks.wait(id, NO_WAIT);
    await cluster.lead(second);
    await expect(waiting).resolves.toMatchObject({ state: 'queued' });
  });
});
