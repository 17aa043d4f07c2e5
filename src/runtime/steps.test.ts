/** What one command does to many tasks, in a whole runtime: a step at a time, and over a crash. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentId } from '../core/index.ts';
import { TestOrchestrator } from '../testing/index.ts';

const COUNT = 1_600;
let uqo: TestOrchestrator;
beforeEach(async () => {
  uqo = await TestOrchestrator.start();
});
afterEach(async () => {
  await uqo.assertInvariants();
  await uqo.stop();
});

const tasks = (): ReturnType<typeof uqo.runtime.status>['tasks'] => uqo.runtime.status().tasks;
const many = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({ type: 'work', ref: `t${i}`, ...more }));

test('an agent that is lost with many leases gives all of them back, over a crash', async () => {
  const never = (): Promise<null> => Promise.withResolvers<null>().promise;
  await uqo.agent({ id: 'a', capabilities: ['work'], slots: COUNT }, never);
  await uqo.runtime.submitTasks(many(COUNT));
  await uqo.clock.advance('1s');
  expect(tasks().running).toBe(COUNT);
  const agentId = 'a' as AgentId;
  await uqo.runtime.observed.loop.propose({ type: 'agent.lost', agentId });
  expect(tasks().running).toBeGreaterThanOrEqual(COUNT - 500);
  uqo.crash();
  await uqo.restart();
  await uqo.clock.advance('1s');
  expect(tasks()).toMatchObject({ queued: COUNT, running: 0 });
  expect(uqo.runtime.observed.state.records.losses.size).toBe(0);
});

test('a flow that is canceled goes, over a crash', async () => {
  const { id } = await uqo.runtime.submitFlow({ tasks: many(COUNT) });
  await uqo.runtime.flows.cancel(id, 'unwanted');
  expect(tasks().queued).toBeGreaterThanOrEqual(COUNT - 500);
  uqo.crash();
  await uqo.restart();
  await uqo.clock.advance('1s');
  expect(tasks().queued).toBe(0);
});

test('deadlines of one moment all pass, and nothing else is needed for it', async () => {
  const deadlineAt = new Date(uqo.clock.now() + 60_000).toISOString();
  await uqo.runtime.submitTasks(many(COUNT, { deadlineAt }));
  await uqo.clock.advance('61s');
  expect(tasks()).toMatchObject({ queued: 0, failed: COUNT });
});
