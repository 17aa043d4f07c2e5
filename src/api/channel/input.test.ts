/** Questions, answers and details over real sockets, some of which are cut. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Agent, type AgentOptions } from '../../client/index.ts';
import type { HandlerContext } from '../../contract/index.ts';
import {
  happens,
  HeldHandler,
  turn,
  type Run,
  type TaskId,
} from '../../runtime/testing/runtime-world.ts';
import { ChannelWorld, Proxy } from './testing/channel-world.ts';

let world: ChannelWorld;
let proxy: Proxy;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  world = new ChannelWorld();
  await world.open();
  proxy = new Proxy(world.port);
  await proxy.open();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await proxy.close();
  await world.dispose();
});

async function agent(
  handler: HeldHandler['handler'],
  options: Partial<AgentOptions> = {},
): Promise<Agent> {
  const agent = new Agent({
    url: proxy.url,
    id: 'worker',
    capabilities: ['work'],
    handler,
    ...options,
  });
  ends.push(() => agent.stop(0));
  await agent.start();
  return agent;
}

async function submit(): Promise<TaskId> {
  const task = { type: 'work', retry: { delayMs: 0, attemptsMax: 5 } };
  return (await world.runtime.submitTask(task)) as TaskId;
}

/** A run of a handler behind the proxy. */
async function running(): Promise<{ held: HeldHandler; run: Run; id: TaskId }> {
  const held = new HeldHandler();
  await agent(held.handler);
  const id = await submit();
  return { held, run: await held.next(), id };
}

async function asked(id: TaskId): Promise<void> {
  if (world.runtime.tasks.get(id)?.state !== 'input_required')
    await happens(world.runtime, 'task.input_required', id);
}

function resultOf(id: TaskId): Promise<unknown> {
  return world.runtime.tasks.wait(id, 30_000).then((outcome) => outcome?.result);
}

/** Cuts the connection and lets no other one through until the proxy is released. */
async function cutOff(): Promise<void> {
  const lost = world.runtime.agents.get('worker' as never)?.connection;
  expect(lost).toBe('channel');
  proxy.hold();
  proxy.cut();
  while (world.runtime.agents.get('worker' as never)?.connection !== null) await turn();
}

describe('an answer', () => {
  test('reaches the handler of an agent at the other end of a channel', async () => {
    await agent((_task, { waitForInput }) => waitForInput({ message: 'pay?', key: 'pay' }));
    const id = await submit();
    await asked(id);
    await world.runtime.inputs.answer(id, { answer: { approved: true } });
    expect(await resultOf(id)).toEqual({ approved: true });
  });

  test('given while the connection is down reaches the handler when it is back', async () => {
    const { id, run } = await running();
    const answer = run.context.waitForInput({ message: 'pay?' });
    await asked(id);
    await cutOff();
    await world.runtime.inputs.answer(id, { answer: 'yes' });
    expect(world.runtime.tasks.get(id)?.state).toBe('running');
    proxy.release();
    expect(await answer).toBe('yes');
    run.end('paid');
    expect(await resultOf(id)).toBe('paid');
    expect(world.runtime.tasks.get(id)?.attempt).toBe(1);
  });

  test('given before or after the agent is back from a restart of the server reaches its handler', async () => {
    const { id, run } = await running();
    const before = run.context.waitForInput({ message: 'pay?' });
    await asked(id);
    proxy.hold();
    await world.close();
    await world.open();
    expect(world.runtime.tasks.get(id)?.state).toBe('input_required');
    await world.runtime.inputs.answer(id, { answer: 1 });
    proxy.release();
    expect(await before).toBe(1);
    const after = run.context.waitForInput({ message: 'sure?' });
    await asked(id);
    await world.close();
    await world.open();
    while (world.runtime.agents.get('worker' as never)?.connection !== 'channel') await turn();
    await world.runtime.inputs.answer(id, { key: '2', answer: 2 });
    expect(await after).toBe(2);
    run.end('paid');
    expect(await resultOf(id)).toBe('paid');
    expect(world.runtime.tasks.get(id)?.attempt).toBe(1);
  });
});

describe('a question', () => {
  test('asked while the connection is down is asked when it is back', async () => {
    const { id, run } = await running();
    await cutOff();
    const answer = run.context.waitForInput({ message: 'pay?' });
    proxy.release();
    await asked(id);
    await world.runtime.inputs.answer(id, { answer: 3 });
    expect(await answer).toBe(3);
    run.end();
  });

  test('that the server refuses rejects, and the attempt goes on', async () => {
    const { id, run } = await running();
    const { waitForInput } = run.context;
    for (let n = 0; n < 64; n++) {
      const answer = waitForInput({ message: '?' });
      await asked(id);
      await world.runtime.inputs.answer(id, { answer: n });
      await answer;
    }
    await expect(waitForInput({ message: '?' })).rejects.toMatchObject({ code: 'INPUT_LIMIT' });
    run.end('fine');
    expect(await resultOf(id)).toBe('fine');
  });

  test('of an agent that stops goes to another one', async () => {
    const ask = (_task: unknown, { waitForInput }: HandlerContext): Promise<unknown> =>
      waitForInput({ message: 'pay?' });
    const first = await agent(ask);
    const id = await submit();
    await asked(id);
    const startedMs = performance.now();
    await first.stop(60_000);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
    expect(world.runtime.tasks.get(id)).toMatchObject({ state: 'queued', attempt: 0 });
    await agent(ask, { id: 'other' });
    await asked(id);
    await world.runtime.inputs.answer(id, { answer: 4 });
    expect(await resultOf(id)).toBe(4);
  });
});

describe('details', () => {
  test('reach the next attempt, also those that a cut swallowed', async () => {
    const { held, id, run } = await running();
    run.context.heartbeat({ page: 1 });
    await turn();
    await cutOff();
    run.context.heartbeat({ page: 2 });
    await turn();
    proxy.release();
    while (world.runtime.agents.get('worker' as never)?.connection !== 'channel') await turn();
    run.fail(new Error('again'));
    const second = await held.next();
    expect(second.context.lastDetails).toEqual({ page: 2 });
    for (const page of [3, 4, 5]) second.context.heartbeat({ page });
    second.fail(new Error('again'));
    const third = await held.next();
    expect(third.context.lastDetails).toEqual({ page: 5 });
    expect(third.context.trace.traceId).toBe(id.replaceAll('-', ''));
    third.end();
  });
});
