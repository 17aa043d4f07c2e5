import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskView } from '../contract/index.ts';
import { TestOrchestrator, type ScriptedAgent, type ScriptedLease } from '../testing/index.ts';

let uqo: TestOrchestrator;
afterEach(() => uqo.stop());

const HEDGED = { type: 'work', retry: { attemptsMax: 1 } };

function view(id: string): TaskView {
  const found = uqo.orchestrator.getTask(id);
  if (found === null) throw new Error('the task is kept');
  return found;
}

async function scripted(id: string, slots = 1): Promise<ScriptedAgent> {
  return uqo.scripted({ id, capabilities: ['work'], slots, heartbeatMs: 86_400_000 });
}

/** Who has the next lease of the two. */
async function leaseOf(
  a: ScriptedAgent,
  b: ScriptedAgent,
): Promise<{ lease: ScriptedLease; other: ScriptedAgent }> {
  await uqo.settle();
  const [has, other] = a.leasesWaiting > 0 ? [a, b] : [b, a];
  return { lease: await has.nextLease(), other };
}

describe('an attempt that takes longer than it should', () => {
  beforeEach(async () => {
    uqo = await TestOrchestrator.start();
  });

  test('is hedged on another agent, and the first result counts', async () => {
    const [a, b] = [await scripted('a'), await scripted('b')];
    const task = await uqo.submit({ ...HEDGED, payload: 'p', hedge: { afterMs: 1_000 } });
    const { lease: slow, other } = await leaseOf(a, b);
    await uqo.clock.advance(999);
    expect(other.leasesWaiting).toBe(0);
    await uqo.clock.advance(1);
    const fast = await other.nextLease();
    expect(fast.payload).toBe('p');
    expect(view(fast.taskId).copyOf).toEqual({ taskId: task.id, kind: 'hedge' });
    expect(uqo.runtime.tasks.explain(task.id as never)?.verdict).toMatch(
      /^it runs on agent [ab] and is hedged: a copy is running on [ab]; the first result counts$/,
    );
    await fast.complete('fast');
    uqo.expectCompleted(task, 'fast');
    expect(slow.revokedBecause).toBe('hedged');
    expect(view(task.id)).toMatchObject({ agentId: other.id, copies: { chosen: fast.taskId } });
    uqo.expectEvents(['task.hedged', 'task.completed'], task);
    await uqo.assertInvariants();
  });

  test('is not told that its result was taken where that of its hedge was', async () => {
    const [a, b] = [await scripted('a'), await scripted('b')];
    const task = await uqo.submit({ ...HEDGED, hedge: { afterMs: 1_000 } });
    const { lease: slow, other } = await leaseOf(a, b);
    await uqo.clock.advance('1s');
    const fast = await other.nextLease();
    await fast.complete('fast');
    await expect(slow.complete('slow')).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await fast.complete('fast');
    uqo.expectCompleted(task, 'fast');
  });

  test('ends its hedge where it is faster after all', async () => {
    const [a, b] = [await scripted('a'), await scripted('b')];
    const task = await uqo.submit({ ...HEDGED, hedge: { afterMs: 1_000 } });
    const { lease: first, other } = await leaseOf(a, b);
    await uqo.clock.advance('1s');
    const copy = await other.nextLease();
    await first.complete('own');
    uqo.expectCompleted(task, 'own');
    expect(copy.revokedBecause).toBe('canceled');
    uqo.expectState(copy.taskId, 'canceled');
    expect(view(task.id).copies?.chosen).toBeUndefined();
    await uqo.assertInvariants();
  });

  test('fails only when its hedge has failed, too', async () => {
    const [a, b] = [await scripted('a'), await scripted('b')];
    const task = await uqo.submit({ ...HEDGED, hedge: { afterMs: 1_000 } });
    const { lease: first, other } = await leaseOf(a, b);
    await uqo.clock.advance('1s');
    const copy = await other.nextLease();
    await first.fail('LOST_IT');
    uqo.expectState(task, 'blocked');
    expect(uqo.runtime.tasks.explain(task.id as never)?.verdict).toMatch(
      /^its own attempts failed, and it waits for its hedge, which is running on [ab]$/,
    );
    uqo.crash();
    await uqo.restart();
    await copy.complete('saved');
    uqo.expectCompleted(task, 'saved');
    await uqo.assertInvariants();
  });

  test('is hedged after a restart, too', async () => {
    const [a, b] = [await scripted('a'), await scripted('b')];
    await uqo.submit({ ...HEDGED, hedge: { afterMs: 1_000 } });
    const { other } = await leaseOf(a, b);
    uqo.crash();
    await uqo.restart();
    await uqo.clock.advance('1s');
    expect((await other.nextLease()).type).toBe('work');
  });

  test('is known by its percentile once enough of its type have ended', async () => {
    const [a, b] = [await scripted('a', 100), await scripted('b', 100)];
    const hedge = { percentile: 0.9 };
    const run = async (ms: number): Promise<void> => {
      await uqo.submit({ ...HEDGED, hedge });
      const { lease } = await leaseOf(a, b);
      await uqo.clock.advance(ms);
      await lease.complete();
    };
    // Nothing is predicted from few.
    await run(60_000);
    for (let n = 1; n < 20; n++) await run(100 + n);
    const hedges = (): number => uqo.events.filter(({ type }) => type === 'task.hedged').length;
    expect(hedges()).toBe(0);
    const task = await uqo.submit({ ...HEDGED, hedge });
    const { lease } = await leaseOf(a, b);
    await uqo.clock.advance(112);
    expect(hedges()).toBe(0);
    await uqo.clock.advance(10);
    expect(hedges()).toBe(1);
    await lease.complete('own');
    uqo.expectCompleted(task, 'own');
  });
});

describe('hedges in all', () => {
  const hedges = (): number => uqo.events.filter(({ type }) => type === 'task.hedged').length;

  test('are a small part of what was started', async () => {
    uqo = await TestOrchestrator.start({ settings: { hedging: { share: 0.125 } } });
    const [a, b] = [await scripted('a', 1_000), await scripted('b', 1_000)];
    for (let n = 0; n < 48; n++) await uqo.submit({ ...HEDGED, hedge: { afterMs: 100 } });
    const own = a.leasesWaiting + b.leasesWaiting;
    for (let n = 0; n < own; n++) await (a.leasesWaiting > 0 ? a : b).nextLease();
    for (let round = 0; round < 100; round++) {
      await uqo.clock.advance('1s');
      // Each hedge ends at once: as many as may be run at a time are no bound.
      while (a.leasesWaiting + b.leasesWaiting > 0) {
        await (await (a.leasesWaiting > 0 ? a : b).nextLease()).complete();
      }
    }
    // One to begin with, and an eighth of forty-eight.
    expect(hedges()).toBe(7);
  });

  test('are a small part of what runs', async () => {
    uqo = await TestOrchestrator.start({ settings: { hedging: { share: 0.1 } } });
    const [a, b] = [await scripted('a', 1_000), await scripted('b', 1_000)];
    for (let n = 0; n < 200; n++) {
      await uqo.submit({ ...HEDGED, hedge: { afterMs: 100 } });
      await (await leaseOf(a, b)).lease.complete();
    }
    for (let n = 0; n < 60; n++) await uqo.submit({ ...HEDGED, hedge: { afterMs: 100 } });
    await uqo.clock.advance('10m');
    expect(hedges()).toBe(6);
    const copy = [...uqo.runtime.observed.state.tasks.values()].find(({ extra }) => extra?.copyOf);
    await uqo.runtime.tasks.cancel([copy?.id as never], 'slow');
    await uqo.settle();
    // Who was late before gets its place.
    expect(hedges()).toBe(7);
  });

  test('are none where the program wants none', async () => {
    uqo = await TestOrchestrator.start({ settings: { hedging: { share: 0 } } });
    await scripted('a', 9);
    await scripted('b', 9);
    await uqo.submit({ ...HEDGED, hedge: { afterMs: 100 } });
    await uqo.clock.advance('1h');
    expect(hedges()).toBe(0);
  });
});
