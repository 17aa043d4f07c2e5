/** Clients, agents and the server's ends of their channels, over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Agent } from '../../client/index.ts';
import type { HandlerContext, HandlerTask } from '../../contract/index.ts';
import { happens, HeldHandler, turn, type TaskId } from '../../runtime/testing/runtime-world.ts';
import { Cast, numbers, type NumberTask, work } from './testing/cast.ts';
import { PAYLOAD_BYTES_MAX } from './testing/channel-world.ts';

let cast: Cast;

beforeEach(async () => {
  cast = await Cast.open();
});
afterEach(() => cast.close());

describe('a client and an agent', () => {
  test('have five thousand tasks done in bulk, each with its own result', async () => {
    await cast.agent(cast.world.url, { slots: 500 });
    const client = cast.client(cast.world.url);
    const handles = await client.submitMany(numbers(5_000).map((n) => work(n)));
    const results = await Promise.all(handles.map((handle) => handle.result()));
    expect(results).toEqual(numbers(5_000).map((n) => n * 2));
  });

  test('may come before the server does', async () => {
    await cast.world.close();
    const client = cast.client(cast.world.url);
    const started = cast.agent(cast.world.url);
    const submitted = client.submit(work(21));
    await cast.world.open();
    await started;
    expect(await (await submitted).result()).toBe(42);
  });

  test('ask twice for one result, early and late, and get it each time', async () => {
    await cast.agent(cast.world.url);
    const client = cast.client(cast.world.url);
    const handle = await client.submit(work(1, { idempotencyKey: 'k' }));
    expect(await Promise.all([handle.result(), handle.result()])).toEqual([2, 2]);
    expect(await handle.result()).toBe(2);
    const again = await client.submit(work(1, { idempotencyKey: 'k' }));
    expect(again.id).toBe(handle.id);
    expect(await again.result()).toBe(2);
    expect(await again.result()).toBe(2);
    expect(await cast.client(cast.world.url).handle(handle.id).result()).toBe(2);
  });

  test('learn how tasks end that do not complete', async () => {
    await cast.agent(cast.world.url, {
      handler: () => {
        throw Object.assign(new Error('no'), { code: 'NO_LUCK', retryable: false });
      },
    });
    const client = cast.client(cast.world.url);
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
    const client = cast.client(cast.world.url);
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
    const client = cast.client(cast.world.url);
    const submits = numbers(4).map(() =>
      client.submitMany(numbers(150).map(() => ({ type: 'work', payload: { pad } }))),
    );
    const handles = (await Promise.all(submits)).flat();
    // Only now, so that all leases are granted at once.
    await cast.agent(cast.world.url, {
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
    await cast.agent(cast.proxy.url, {
      handler: (task: NumberTask) => (task.payload.n < 0 ? (bad() as unknown) : 'fine'),
      onError: (error) => errors.push(error),
    });
    const client = cast.client(cast.world.url);
    const handle = await client.submit(work(-1));
    await expect(handle.result()).rejects.toMatchObject({ code });
    expect(await (await client.submit(work(1))).result()).toBe('fine');
    expect(errors).toEqual([]);
  });

  test('are not undone by what a handler says of its progress, or throws', async () => {
    const errors: unknown[] = [];
    await cast.agent(cast.world.url, {
      handler: (task: NumberTask, context: HandlerContext) => {
        context.progress(0 / 0, 'n'.repeat(5_000));
        context.progress(7);
        if (task.payload.n === 0) throw new Error('m'.repeat(3_000_000));
        return 'fine';
      },
      onError: (error) => errors.push(error),
    });
    const client = cast.client(cast.world.url);
    const bad = await client.submit(work(0, { retry: { attemptsMax: 1 } }));
    await expect(bad.result()).rejects.toMatchObject({ code: 'HANDLER_ERROR' });
    expect(await (await client.submit(work(1))).result()).toBe('fine');
    expect(errors).toEqual([]);
  });

  test('hand over parts of their output on the way', async () => {
    await cast.agent(cast.world.url, {
      handler: (_task: NumberTask, context: HandlerContext) => {
        for (const chunk of ['Hel', { rest: 'lo' }]) context.emit(chunk);
        return 'Hello';
      },
    });
    const chunks: unknown[] = [];
    const event = (next: { type: string; chunk?: unknown }): boolean => {
      if (next.type === 'task.output') chunks.push(next.chunk);
      return true;
    };
    cast.world.runtime.feed.listen({ taskId: null, event, closed: () => undefined }, null);
    const task = await cast.client(cast.world.url).submit(work(1));
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
    await cast.agent(cast.world.url, {
      handler: (_task: NumberTask, context: HandlerContext) => {
        try {
          context.emit(chunk);
        } catch (error) {
          return (error as { code: string }).code;
        }
        return 'taken';
      },
      onError: (error) => errors.push(error),
    });
    expect(await (await cast.client(cast.world.url).submit(work(1))).result()).toBe(
      'CHUNK_INVALID',
    );
    expect(errors).toEqual([]);
  });

  test('of one connection may be several agents', async () => {
    await cast.agent(cast.world.url, {
      also: [{ id: 'second', capabilities: ['other'], handler: { other: () => 'by the second' } }],
      handler: () => 'by the first',
    });
    const client = cast.client(cast.world.url);
    expect(await (await client.submit(work(1))).result()).toBe('by the first');
    expect(await (await client.submit({ type: 'other' })).result()).toBe('by the second');
  });

  test('are refused what no server would take', async () => {
    const client = cast.client(cast.world.url);
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

describe('a server that closes and comes back', () => {
  test('goes on with what it had, for the client and the agent that waited', async () => {
    await cast.agent(cast.world.url, {
      slots: 20,
      handler: async (task: NumberTask) => {
        await turn();
        return task.payload.n * 2;
      },
    });
    const client = cast.client(cast.world.url);
    const results: Promise<unknown>[] = [];
    for (let round = 0; round < 4; round++) {
      const tasks = numbers(200).map((i) =>
        work(round * 200 + i, { idempotencyKey: `${round} ${i}` }),
      );
      for (const handle of await client.submitMany(tasks)) results.push(handle.result());
      await cast.world.close();
      await cast.world.open();
    }
    expect(await Promise.all(results)).toEqual(numbers(800).map((n) => n * 2));
  });
});

describe('an agent', () => {
  test('that starts as a new process has the leases of the old one queued again', async () => {
    const held = new HeldHandler();
    const errors: { code: string }[] = [];
    const older = await cast.agent(cast.world.url, {
      handler: held.handler,
      onError: (error) => errors.push(error),
    });
    const handle = await cast.client(cast.world.url).submit(work(1));
    const first = await held.next();
    await cast.agent(cast.world.url, { handler: held.handler });
    const second = await held.next();
    expect(second.context.attempt).toBe(2);
    expect(first.context.signal.aborted).toBe(true);
    first.end('old');
    second.end('new');
    expect(await handle.result()).toBe('new');
    expect(errors).toMatchObject([{ code: 'AGENT_REPLACED' }]);
    await older.stop();
    await expect(older.start()).rejects.toMatchObject({ code: 'AGENT_STOPPED' });
    expect(cast.world.runtime.agents.get('worker' as never)?.connection).toBe('channel');
  });

  test('that stops finishes what it runs, takes nothing more, and is forgotten', async () => {
    const held = new HeldHandler();
    const agent = await cast.agent(cast.world.url, { slots: 1, handler: held.handler });
    const client = cast.client(cast.world.url);
    const [running, waiting] = await client.submitMany([work(1), work(2)]);
    const run = await held.next();
    const drained = happens(cast.world.runtime, 'agent.changed');
    const stopped = agent.stop();
    await drained;
    run.end('finished');
    await stopped;
    expect(await running?.result()).toBe('finished');
    expect(held.waiting).toBe(0);
    expect((await cast.world.runtime.agents.list(null, 10)).items).toEqual([]);
    expect(cast.world.runtime.tasks.get(waiting?.id as TaskId)?.state).toBe('queued');
  });

  test('that stops without patience gives back what it runs: no attempt is used', async () => {
    const held = new HeldHandler();
    const agent = await cast.agent(cast.world.url, { handler: held.handler });
    const handle = await cast.client(cast.world.url).submit(work(1, { retry: { attemptsMax: 1 } }));
    const run = await held.next();
    await agent.stop(0);
    expect(run.context.signal.aborted).toBe(true);
    expect(cast.world.runtime.tasks.get(handle.id as TaskId)).toMatchObject({
      state: 'queued',
      attempt: 0,
      reason: 'agent_stopped',
    });
    await cast.agent(cast.world.url, { id: 'other', handler: () => 'elsewhere' });
    expect(await handle.result()).toBe('elsewhere');
  });

  test('that stops while the server is away does so without waiting for it', async () => {
    const agent = await cast.agent(cast.world.url);
    await cast.world.close();
    await agent.stop();
    const unreached = new Agent({
      url: cast.world.url,
      id: 'x',
      capabilities: ['x'],
      handler: () => 0,
    });
    const started = expect(unreached.start()).rejects.toMatchObject({ code: 'AGENT_STOPPED' });
    await unreached.stop();
    await started;
  });

  test('that was removed stops and says so', async () => {
    const told = Promise.withResolvers<{ code: string }>();
    await cast.agent(cast.world.url, { onError: told.resolve });
    await cast.world.runtime.agents.remove('worker' as never);
    expect(await told.promise).toMatchObject({ code: 'AGENT_REPLACED' });
  });

  test('that fell silent for too long and speaks again is served again', async () => {
    const held = new HeldHandler();
    await cast.agent(cast.proxy.url, { heartbeatMs: 1_000, handler: held.handler });
    const handle = await cast.client(cast.world.url).submit(work(1));
    const first = await held.next();
    const lost = happens(cast.world.runtime, 'task.queued', handle.id);
    cast.proxy.hold();
    await lost;
    cast.proxy.release();
    const second = await held.next();
    expect(first.context.signal.aborted).toBe(true);
    second.end('again');
    expect(await handle.result()).toBe('again');
  });
});
