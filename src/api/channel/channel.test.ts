/** Clients, agents and the server's ends of their channels, over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { Agent, Client, type AgentOptions } from '../../client/index.ts';
import type { HandlerContext, HandlerTask, SubmitTask } from '../../contract/index.ts';
import { happens, HeldHandler, turn, type TaskId } from '../../runtime/testing/runtime-world.ts';
import { ChannelWorld, PAYLOAD_BYTES_MAX, Proxy } from './testing/channel-world.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

type Task = HandlerTask<{ n: number }>;

let world: ChannelWorld;
let proxy: Proxy;
const ends: (() => Promise<unknown>)[] = [];
const unheard: unknown[] = [];
process.on('unhandledRejection', (error) => unheard.push(error));

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
  expect(unheard.splice(0)).toEqual([]);
});

function clientAt(url: string): Client {
  const client = new Client({ url });
  ends.push(() => client.close());
  return client;
}

async function agentAt(url: string, options: Partial<AgentOptions> = {}): Promise<Agent> {
  const agent = new Agent({
    url,
    id: 'worker',
    capabilities: ['work'],
    slots: 4,
    handler: (task: Task) => task.payload.n * 2,
    ...options,
  });
  ends.push(() => agent.stop(0));
  await agent.start();
  return agent;
}

function work(n: number, more: Partial<SubmitTask> = {}): SubmitTask & { type: string } {
  return { type: 'work', payload: { n }, retry: { delayMs: 0, attemptsMax: 100 }, ...more };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe('a client and an agent', () => {
  test('have five thousand tasks done in bulk, each with its own result', async () => {
    await agentAt(world.url, { slots: 500 });
    const client = clientAt(world.url);
    const handles = await client.submitMany(numbers(5_000).map((n) => work(n)));
    const results = await Promise.all(handles.map((handle) => handle.result()));
    expect(results).toEqual(numbers(5_000).map((n) => n * 2));
  });

  test('may come before the server does', async () => {
    await world.close();
    const client = clientAt(world.url);
    const agent = new Agent({
      url: world.url,
      id: 'worker',
      capabilities: ['work'],
      handler: (task: Task) => task.payload.n * 2,
    });
    ends.push(() => agent.stop(0));
    const started = agent.start();
    const submitted = client.submit(work(21));
    await world.open();
    await started;
    expect(await (await submitted).result()).toBe(42);
  });

  test('ask twice for one result, early and late, and get it each time', async () => {
    await agentAt(world.url);
    const client = clientAt(world.url);
    const handle = await client.submit(work(1, { idempotencyKey: 'k' }));
    expect(await Promise.all([handle.result(), handle.result()])).toEqual([2, 2]);
    expect(await handle.result()).toBe(2);
    const again = await client.submit(work(1, { idempotencyKey: 'k' }));
    expect(again.id).toBe(handle.id);
    expect(await again.result()).toBe(2);
    expect(await again.result()).toBe(2);
    expect(await clientAt(world.url).handle(handle.id).result()).toBe(2);
  });

  test('learn how tasks end that do not complete', async () => {
    await agentAt(world.url, {
      handler: () => {
        throw Object.assign(new Error('no'), { code: 'NO_LUCK', retryable: false });
      },
    });
    const client = clientAt(world.url);
    const failed = await client.submit(work(1));
    await expect(failed.result()).rejects.toMatchObject({ code: 'NO_LUCK', state: 'failed' });
    const waiting = await client.submit(work(1, { delayMs: 60_000 }));
    const result = waiting.result();
    await waiting.cancel();
    await expect(result).rejects.toMatchObject({ code: 'CANCELED', state: 'canceled' });
    await expect(waiting.cancel()).rejects.toMatchObject({ code: 'TASK_FINISHED' });
    const unknown = client.handle('00000000-0000-7000-8000-000000000000');
    await expect(unknown.result()).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(unknown.result()).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(client.handle('no id').result()).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  test('stop waiting for a result when they are told to, or closed', async () => {
    const client = clientAt(world.url);
    const handle = await client.submit(work(1));
    const abort = new AbortController();
    const aborted = handle.result({ signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const open = handle.result();
    const closed = expect(open).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await client.close();
    await closed;
    await expect(handle.result()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(client.submit(work(1))).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  test('exchange payloads and results that together are larger than any message', async () => {
    const pad = 'x'.repeat(PAYLOAD_BYTES_MAX - 100);
    const client = clientAt(world.url);
    const submits = numbers(4).map(() =>
      client.submitMany(numbers(150).map(() => ({ type: 'work', payload: { pad } }))),
    );
    const handles = (await Promise.all(submits)).flat();
    // Only now, so that all leases are granted at once.
    await agentAt(world.url, {
      slots: 1_200,
      handler: (task: HandlerTask<{ pad: string }>) => task.payload.pad,
    });
    for (const handle of handles) expect(await handle.result()).toBe(pad);
  });

  test.each([
    ['too large', () => 'x'.repeat(PAYLOAD_BYTES_MAX), 'RESULT_TOO_LARGE'],
    ['too deep', () => JSON.parse('['.repeat(80) + ']'.repeat(80)), 'RESULT_NOT_SERIALISABLE'],
  ])('keep their connection over a result that is %s: its task fails', async (_, bad, code) => {
    const errors: unknown[] = [];
    await agentAt(proxy.url, {
      handler: (task: Task) => (task.payload.n < 0 ? (bad() as unknown) : 'fine'),
      onError: (error) => errors.push(error),
    });
    const client = clientAt(world.url);
    const handle = await client.submit(work(-1));
    await expect(handle.result()).rejects.toMatchObject({ code });
    expect(await (await client.submit(work(1))).result()).toBe('fine');
    expect(errors).toEqual([]);
  });

  test('are not undone by what a handler says of its progress, or throws', async () => {
    const errors: unknown[] = [];
    await agentAt(world.url, {
      handler: (task: Task, context: HandlerContext) => {
        context.progress(0 / 0, 'n'.repeat(5_000));
        context.progress(7);
        if (task.payload.n === 0) throw new Error('m'.repeat(3_000_000));
        return 'fine';
      },
      onError: (error) => errors.push(error),
    });
    const client = clientAt(world.url);
    const bad = await client.submit(work(0, { retry: { attemptsMax: 1 } }));
    await expect(bad.result()).rejects.toMatchObject({ code: 'HANDLER_ERROR' });
    expect(await (await client.submit(work(1))).result()).toBe('fine');
    expect(errors).toEqual([]);
  });

  test('hand over parts of their output on the way', async () => {
    await agentAt(world.url, {
      handler: (_task: Task, context: HandlerContext) => {
        for (const chunk of ['Hel', { rest: 'lo' }]) context.emit(chunk);
        return 'Hello';
      },
    });
    const chunks: unknown[] = [];
    const event = (next: { type: string; chunk?: unknown }): boolean => {
      if (next.type === 'task.output') chunks.push(next.chunk);
      return true;
    };
    world.runtime.feed.listen({ taskId: null, event, closed: () => undefined }, null);
    const task = await clientAt(world.url).submit(work(1));
    expect(await task.result()).toBe('Hello');
    expect(chunks).toEqual(['Hel', { rest: 'lo' }]);
  });

  test.each([
    ['too deep', JSON.parse('['.repeat(80) + ']'.repeat(80)) as unknown],
    ['deep only as JSON', { toJSON: () => JSON.parse('['.repeat(80) + ']'.repeat(80)) as unknown }],
    ['too long', 'x'.repeat(1_100_000)],
    ['of a key that is refused', JSON.parse('{"__proto__":1}') as unknown],
  ])('are told of a chunk that is %s, and go on', async (_, chunk) => {
    const errors: unknown[] = [];
    await agentAt(world.url, {
      handler: (_task: Task, context: HandlerContext) => {
        try {
          context.emit(chunk);
        } catch (error) {
          return (error as { code: string }).code;
        }
        return 'taken';
      },
      onError: (error) => errors.push(error),
    });
    expect(await (await clientAt(world.url).submit(work(1))).result()).toBe('CHUNK_INVALID');
    expect(errors).toEqual([]);
  });

  test('of one connection may be several agents', async () => {
    await agentAt(world.url, {
      also: [{ id: 'second', capabilities: ['other'], handler: { other: () => 'by the second' } }],
      handler: () => 'by the first',
    });
    const client = clientAt(world.url);
    expect(await (await client.submit(work(1))).result()).toBe('by the first');
    expect(await (await client.submit({ type: 'other' })).result()).toBe('by the second');
  });

  test('are refused what no server would take', async () => {
    const client = clientAt(world.url);
    await expect(client.submitMany([])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    const pad = 'x'.repeat(20_000_000);
    const tasks = [1, 2].map(() => ({
      type: 'work',
      payload: pad,
      idempotencyKey: pad.slice(0, 9),
    }));
    await expect(client.submitMany(tasks)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await expect(
      client.submit({ type: 'work', payload: 'x'.repeat(70_000) }),
    ).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
    await expect(client.cancel(numbers(10_001).map(String))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
    await client.submit(work(1));
  });
});

describe('a connection that is lost', () => {
  test('at random moments loses no task, repeats no attempt, and every result arrives', async () => {
    const attempts = new Set<string>();
    const twice: string[] = [];
    await agentAt(proxy.url, {
      slots: 50,
      handler: async (task: Task, context: HandlerContext) => {
        const attempt = `${task.id} ${context.fencingToken}`;
        if (attempts.has(attempt)) twice.push(attempt);
        attempts.add(attempt);
        await turn();
        return task.payload.n * 2;
      },
    });
    const rng = Rng.fromSeed(SEED);
    const client = clientAt(proxy.url);
    const results: Promise<unknown>[] = [];
    try {
      for (let round = 0; round < 25; round++) {
        const tasks = numbers(40).map((i) => {
          const n = round * 40 + i;
          return work(n, { idempotencyKey: `k${n}` });
        });
        const submitted = client.submitMany(tasks);
        for (let turns = rng.below(30); turns > 0; turns--) await turn();
        proxy.cut();
        for (const handle of await submitted) results.push(handle.result());
      }
      expect(await Promise.all(results)).toEqual(numbers(1_000).map((n) => n * 2));
    } catch (error) {
      throw new Error(`failed with SEED=${SEED}`, { cause: error });
    }
    expect(twice).toEqual([]);
    expect(attempts.size).toBe(1_000);
  });

  test('before a lease arrived has it delivered again, as the same attempt', async () => {
    const tokens: number[] = [];
    await agentAt(proxy.url, {
      handler: (_task, context: HandlerContext) => {
        tokens.push(context.fencingToken);
        return context.attempt;
      },
    });
    let cuts = 0;
    proxy.filter = (bytes) => !(bytes.includes('leases') && cuts++ === 0);
    const client = clientAt(world.url);
    expect(await (await client.submit(work(1))).result()).toBe(1);
    expect(cuts).toBeGreaterThan(1);
    expect(tokens).toHaveLength(1);
  });

  test('before a report arrived has it sent again: the attempt is not run twice', async () => {
    const held = new HeldHandler();
    await agentAt(proxy.url, { handler: held.handler });
    const handle = await clientAt(world.url).submit(work(1));
    const run = await held.next();
    proxy.hold();
    run.end('once');
    // The report is on its way, and stops in the proxy.
    for (let i = 0; i < 5; i++) await turn();
    proxy.cut();
    proxy.release();
    expect(await handle.result()).toBe('once');
    expect(held.waiting).toBe(0);
  });

  test('before a report was answered has it sent again, and it counts once', async () => {
    let runs = 0;
    await agentAt(proxy.url, { handler: () => (runs += 1) });
    let cuts = 0;
    proxy.filter = (bytes) => !(bytes.includes('reported') && cuts++ === 0);
    const client = clientAt(world.url);
    expect(await (await client.submit(work(1))).result()).toBe(1);
    expect(await (await client.submit(work(1))).result()).toBe(2);
    expect(cuts).toBeGreaterThan(1);
  });

  test('while a handler runs leaves it running: it is not given again', async () => {
    const held = new HeldHandler();
    await agentAt(proxy.url, { handler: held.handler });
    const handle = await clientAt(world.url).submit(work(1));
    const run = await held.next();
    for (let i = 0; i < 3; i++) {
      proxy.cut();
      await happensAgain(() => world.runtime.agents.get('worker' as never)?.connection === null);
      await happensAgain(
        () => world.runtime.agents.get('worker' as never)?.connection === 'channel',
      );
    }
    expect(held.waiting).toBe(0);
    run.end('kept');
    expect(await handle.result()).toBe('kept');
  });

  test('before a submit without a key was answered has it sent again, and it makes one task', async () => {
    const client = clientAt(proxy.url);
    await client.submit(work(1));
    let cuts = 0;
    proxy.filter = (bytes) => !(bytes.includes('submitted') && cuts++ === 0);
    const [second, third] = await Promise.all([client.submit(work(2)), client.submit(work(3))]);
    expect(cuts).toBeGreaterThan(1);
    const { items } = world.runtime.tasks.list({ limit: 10 });
    expect(items.map(({ id }) => id).toSorted()).toContain(second.id);
    expect(items).toHaveLength(3);
    await agentAt(world.url, { handler: (task: Task) => task.payload.n });
    expect(await Promise.all([second.result(), third.result()])).toEqual([2, 3]);
  });

  test('before a large submit was answered has it sent again, and makes its tasks once', async () => {
    const client = clientAt(proxy.url);
    await client.submit(work(1));
    let cuts = 0;
    proxy.filter = (bytes) => !(bytes.includes('submitted') && cuts++ === 0);
    const ids = await client.enqueue(numbers(3_000).map((n) => work(n)));
    expect(cuts).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(3_000);
    expect(world.runtime.observed.state.tasks.size).toBe(3_001);
  });

  test('for longer than its session is kept leaves it unknown whether a submit was taken', async () => {
    const client = clientAt(proxy.url);
    await client.submit(work(1));
    let cuts = 0;
    proxy.filter = (bytes) => !(bytes.includes('submitted') && (cuts += 1) > 0);
    const lost = client.submit(work(2));
    const refused = expect(lost).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await happensAgain(() => cuts > 0);
    const { sessions } = world.runtime.observed.state.records;
    const [session] = sessions.values();
    if (session === undefined) throw new Error('the session is known');
    session.usedAt = 0;
    proxy.filter = null;
    await refused;
    // What was not sent before goes into another session by itself.
    await client.submit(work(3));
    expect(world.runtime.observed.state.tasks.size).toBe(3);
  });
});

/** Waits for what the server's sockets will bring about. */
async function happensAgain(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

describe('a server that closes and comes back', () => {
  test('goes on with what it had, for the client and the agent that waited', async () => {
    await agentAt(world.url, {
      slots: 20,
      handler: async (task: Task) => {
        await turn();
        return task.payload.n * 2;
      },
    });
    const client = clientAt(world.url);
    const results: Promise<unknown>[] = [];
    for (let round = 0; round < 4; round++) {
      const tasks = numbers(200).map((i) =>
        work(round * 200 + i, { idempotencyKey: `${round} ${i}` }),
      );
      for (const handle of await client.submitMany(tasks)) results.push(handle.result());
      await world.close();
      await world.open();
    }
    expect(await Promise.all(results)).toEqual(numbers(800).map((n) => n * 2));
  });
});

describe('an agent', () => {
  test('that starts as a new process has the leases of the old one queued again', async () => {
    const held = new HeldHandler();
    const errors: { code: string }[] = [];
    const older = await agentAt(world.url, {
      handler: held.handler,
      onError: (error) => errors.push(error),
    });
    const handle = await clientAt(world.url).submit(work(1));
    const first = await held.next();
    await agentAt(world.url, { handler: held.handler });
    const second = await held.next();
    expect(second.context.attempt).toBe(2);
    expect(first.context.signal.aborted).toBe(true);
    first.end('old');
    second.end('new');
    expect(await handle.result()).toBe('new');
    expect(errors).toMatchObject([{ code: 'AGENT_REPLACED' }]);
    await older.stop();
    await expect(older.start()).rejects.toMatchObject({ code: 'AGENT_STOPPED' });
    expect(world.runtime.agents.get('worker' as never)?.connection).toBe('channel');
  });

  test('that stops finishes what it runs, takes nothing more, and is forgotten', async () => {
    const held = new HeldHandler();
    const agent = await agentAt(world.url, { slots: 1, handler: held.handler });
    const client = clientAt(world.url);
    const [running, waiting] = await client.submitMany([work(1), work(2)]);
    const run = await held.next();
    const drained = happens(world.runtime, 'agent.changed');
    const stopped = agent.stop();
    await drained;
    run.end('finished');
    await stopped;
    expect(await running?.result()).toBe('finished');
    expect(held.waiting).toBe(0);
    expect(world.runtime.agents.list(null, 10).items).toEqual([]);
    expect(world.runtime.tasks.get(waiting?.id as TaskId)?.state).toBe('queued');
  });

  test('that stops without patience gives back what it runs: no attempt is used', async () => {
    const held = new HeldHandler();
    const agent = await agentAt(world.url, { handler: held.handler });
    const handle = await clientAt(world.url).submit(work(1, { retry: { attemptsMax: 1 } }));
    const run = await held.next();
    await agent.stop(0);
    expect(run.context.signal.aborted).toBe(true);
    expect(world.runtime.tasks.get(handle.id as TaskId)).toMatchObject({
      state: 'queued',
      attempt: 0,
      reason: 'agent_stopped',
    });
    await agentAt(world.url, { id: 'other', handler: () => 'elsewhere' });
    expect(await handle.result()).toBe('elsewhere');
  });

  test('that stops while the server is away does so without waiting for it', async () => {
    const agent = await agentAt(world.url);
    await world.close();
    await agent.stop();
    const unreached = new Agent({ url: world.url, id: 'x', capabilities: ['x'], handler: () => 0 });
    const started = expect(unreached.start()).rejects.toMatchObject({ code: 'AGENT_STOPPED' });
    await unreached.stop();
    await started;
  });

  test('that was removed stops and says so', async () => {
    const told = Promise.withResolvers<{ code: string }>();
    await agentAt(world.url, { onError: told.resolve });
    await world.runtime.agents.remove('worker' as never);
    expect(await told.promise).toMatchObject({ code: 'AGENT_REPLACED' });
  });

  test('that fell silent for too long and speaks again is served again', async () => {
    const held = new HeldHandler();
    await agentAt(proxy.url, { heartbeatMs: 1_000, handler: held.handler });
    const handle = await clientAt(world.url).submit(work(1));
    const first = await held.next();
    const lost = happens(world.runtime, 'task.queued', handle.id);
    proxy.hold();
    await lost;
    proxy.release();
    const second = await held.next();
    expect(first.context.signal.aborted).toBe(true);
    second.end('again');
    expect(await handle.result()).toBe('again');
  });
});
