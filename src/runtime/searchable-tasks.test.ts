/** What tasks belong to can be searched, live and finished. */
import { afterEach, expect, test } from 'vitest';
import { parseQuery } from '../contract/index.ts';
import { TestOrchestrator } from '../testing/index.ts';

const open: TestOrchestrator[] = [];
afterEach(async () => {
  for (const uqo of open.splice(0)) await uqo.stop();
});

async function begin(): Promise<TestOrchestrator> {
  const uqo = await TestOrchestrator.start();
  open.push(uqo);
  return uqo;
}

test('flow, parent, schedule and concurrencyKey find live tasks and finished ones', async () => {
  const uqo = await begin();
  const { runtime } = uqo;
  const find = async (text: string): Promise<string[]> => {
    const page = await runtime.tasks.search({ query: parseQuery(text), limit: 20 });
    return page.items.map(({ type }) => type).toSorted();
  };
  const flow = await runtime.submitFlow({ tasks: [{ type: 'step' }, { type: 'child.maker' }] });
  const task = { type: 'fired', concurrencyKey: 'k' };
  await runtime.schedules.set('s', { at: [uqo.clock.now() + 1_000], task });
  await uqo.clock.advance('2s');
  const queries = [
    `flow:${flow.id}`,
    'schedule:s',
    'concurrencyKey:k',
    `parent:${flow.tasks[1]?.id}`,
  ];
  const before = [['child.maker', 'step'], ['fired'], ['fired'], []];
  expect(await Promise.all(queries.map(find))).toEqual(before);
  const capabilities = ['step', 'fired', 'child.maker', 'child'];
  await uqo.agent({ id: 'a', capabilities, slots: 9 }, async (run, context) => {
    if (run.type === 'child.maker') await context.submit({ type: 'child' });
    return null;
  });
  await uqo.clock.advance('2s');
  const after = [['child', 'child.maker', 'step'], ['fired'], ['fired'], ['child']];
  expect(await Promise.all(queries.map(find))).toEqual(after);
  expect(runtime.observed.state.tasks.size).toBe(0);
});

test('gates that hold tasks back are counted by their kind', async () => {
  const uqo = await begin();
  const held = (): unknown => uqo.runtime.observed.scheduler.heldGates();
  await uqo.runtime.limits.setLimit('l', { concurrencyMax: 1 });
  const agent = await uqo.scripted({ id: 'a', capabilities: ['t'], slots: 9 });
  for (let i = 0; i < 4; i++) await uqo.submit({ type: 't', limits: [{ name: 'l' }] });
  for (let i = 0; i < 3; i++) await uqo.submit({ type: 't', concurrencyKey: 'k' });
  expect(held()).toEqual([
    { kind: 'limit', gates: 1, tasks: 3 },
    { kind: 'key', gates: 1, tasks: 2 },
  ]);
  const leases = [await agent.nextLease(), await agent.nextLease()];
  for (const lease of leases) await lease.complete(null);
  expect(held()).toEqual([
    { kind: 'limit', gates: 1, tasks: 2 },
    { kind: 'key', gates: 1, tasks: 1 },
  ]);
});
