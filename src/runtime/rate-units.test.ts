/** Rates that count units: who passes, and what attempts report of them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestOrchestrator } from '../testing/index.ts';

let uqo: TestOrchestrator;
beforeEach(async () => {
  uqo = await TestOrchestrator.start();
});
afterEach(async () => {
  await uqo.assertInvariants();
  await uqo.stop();
});

const ran: string[] = [];
async function begin(rate: object, tokens: number | null = null): Promise<void> {
  ran.length = 0;
  await uqo.runtime.limits.setLimit('l', { rate: rate as never });
  await uqo.agent({ id: 'a', capabilities: ['small', 'big'], slots: 100 }, (task, context) => {
    ran.push(task.type);
    if (tokens !== null) context.reportUsage({ tokens, costUsd: 0 });
    return null;
  });
}

const submit = (type: string, units: number, queue = type): Promise<unknown> =>
  uqo.runtime.submitTask({ type, queue, limits: [{ name: 'l', units }] });

test('a task that takes many units does not wait behind all that take few', async () => {
  await begin({ units: 10, perMs: 1_000 });
  for (let i = 0; i < 200; i++) await submit('small', 1);
  await submit('big', 10);
  await uqo.clock.advance('4s');
  expect(ran).toContain('big');
  const before = ran.length;
  await uqo.clock.advance('30s');
  expect([before < 60, ran.length]).toEqual([true, 201]);
});

test('units are not kept for a task that no agent can run', async () => {
  await begin({ units: 10, perMs: 1_000 });
  await uqo.agent({ id: 'b', capabilities: ['rare'], slots: 1 }, () => uqo.clock.sleep(3_600_000));
  for (let i = 0; i < 100; i++) await submit('small', 1);
  await submit('rare', 10);
  await uqo.clock.advance(900);
  await uqo.runtime.submitTask({ type: 'rare', queue: 'other' });
  await uqo.clock.advance('30s');
  expect(ran.filter((type) => type === 'small').length).toBeGreaterThan(60);
});

test('units kept for a task that is canceled are free at once', async () => {
  await begin({ units: 10, perMs: 3_600_000, burst: 10 });
  await submit('small', 5);
  const big = (await submit('big', 10)) as never;
  await uqo.clock.advance('10s');
  await submit('small', 5);
  await uqo.clock.advance('1s');
  expect(ran).toEqual(['small']);
  await uqo.runtime.tasks.cancel([big], 'no more');
  await uqo.clock.advance('1s');
  expect(ran).toEqual(['small', 'small']);
});

test('tokens that an attempt reports take the place of those it declared', async () => {
  await begin({ units: 100, perMs: 60_000, counts: 'tokens' }, 10);
  for (let i = 0; i < 5; i++) {
    await submit('small', 100);
    await uqo.clock.advance(1);
  }
  expect(ran).toHaveLength(1);
  await uqo.clock.advance('7s');
  expect(ran).toHaveLength(2);
});

test('one that used more than it declared makes others wait, for one burst at most', async () => {
  await begin({ units: 100, perMs: 60_000, counts: 'tokens' }, 100_000);
  await submit('small', 10);
  await uqo.clock.advance(1);
  const { buckets } = uqo.runtime.observed.state.records;
  expect([...buckets.values()].map(({ level }) => level)).toEqual([-100]);
  await submit('big', 50);
  await uqo.clock.advance('89s');
  expect(ran).toEqual(['small']);
  await uqo.clock.advance('2s');
  expect(ran).toEqual(['small', 'big']);
});

test('a rate that counts no tokens is not corrected', async () => {
  await begin({ units: 100, perMs: 60_000 }, 10);
  await submit('small', 100);
  await submit('small', 100);
  await uqo.clock.advance('30s');
  expect(ran).toHaveLength(1);
});

test('a limit lowered below what a task takes fails that task, and those behind it go on', async () => {
  await begin({ units: 10, perMs: 1_000 });
  await uqo.runtime.queues.set('small', {});
  await uqo.runtime.queues.pause('small');
  const task = (units: number) =>
    uqo.submit({ type: 'small', queue: 'small', limits: [{ name: 'l', units }] });
  const [big, small] = [await task(9), await task(1)];
  await uqo.runtime.limits.setLimit('l', { rate: { units: 5, perMs: 1_000 } });
  await uqo.runtime.queues.resume('small');
  await uqo.clock.advance('1s');
  uqo.expectCompleted(small);
  uqo.expectFailed(big, 'LIMIT_IMPOSSIBLE');
  const { error } = uqo.orchestrator.getTask(big.id) ?? {};
  expect(error?.message).toBe('an attempt can take at most 5 units of limit l, got 9');

  await uqo.runtime.limits.setLimit('l', { rate: { units: 10, perMs: 1_000 } });
  await uqo.runtime.deadLetters.redrive(big.id as never, {}, 1_000_000);
  await uqo.clock.advance('5s');
  uqo.expectCompleted(big);
});
