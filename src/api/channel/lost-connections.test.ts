/** Channels whose connections break at bad moments, over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { HandlerContext } from '../../contract/index.ts';
import { HeldHandler, turn } from '../../runtime/testing/runtime-world.ts';
import { Cast, happensAgain, numbers, type NumberTask, work } from './testing/cast.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

let cast: Cast;

beforeEach(async () => {
  cast = await Cast.open();
});
afterEach(() => cast.close());

describe('a connection that is lost', () => {
  test('at random moments loses no task, repeats no attempt, and every result arrives', async () => {
    const attempts = new Set<string>();
    const twice: string[] = [];
    await cast.agent(cast.proxy.url, {
      slots: 50,
      handler: async (task: NumberTask, context: HandlerContext) => {
        const attempt = `${task.id} ${context.fencingToken}`;
        if (attempts.has(attempt)) twice.push(attempt);
        attempts.add(attempt);
        await turn();
        return task.payload.n * 2;
      },
    });
    const rng = Rng.fromSeed(SEED);
    const client = cast.client(cast.proxy.url);
    const results: Promise<unknown>[] = [];
    try {
      for (let round = 0; round < 25; round++) {
        const tasks = numbers(40).map((i) => {
          const n = round * 40 + i;
          return work(n, { idempotencyKey: `k${n}` });
        });
        const submitted = client.submitMany(tasks);
        for (let turns = rng.below(30); turns > 0; turns--) await turn();
        cast.proxy.cut();
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
    await cast.agent(cast.proxy.url, {
      handler: (_task, context: HandlerContext) => {
        tokens.push(context.fencingToken);
        return context.attempt;
      },
    });
    let cuts = 0;
    cast.proxy.filter = (bytes) => !(bytes.includes('leases') && cuts++ === 0);
    const client = cast.client(cast.world.url);
    expect(await (await client.submit(work(1))).result()).toBe(1);
    expect(cuts).toBeGreaterThan(1);
    expect(tokens).toHaveLength(1);
  });

  test('before a report arrived has it sent again: the attempt is not run twice', async () => {
    const held = new HeldHandler();
    await cast.agent(cast.proxy.url, { handler: held.handler });
    const handle = await cast.client(cast.world.url).submit(work(1));
    const run = await held.next();
    cast.proxy.hold();
    run.end('once');
    // The report is on its way, and stops in the cast.proxy.
    for (let i = 0; i < 5; i++) await turn();
    cast.proxy.cut();
    cast.proxy.release();
    expect(await handle.result()).toBe('once');
    expect(held.waiting).toBe(0);
  });

  test('before a report was answered has it sent again, and it counts once', async () => {
    let runs = 0;
    await cast.agent(cast.proxy.url, { handler: () => (runs += 1) });
    let cuts = 0;
    cast.proxy.filter = (bytes) => !(bytes.includes('reported') && cuts++ === 0);
    const client = cast.client(cast.world.url);
    expect(await (await client.submit(work(1))).result()).toBe(1);
    expect(await (await client.submit(work(1))).result()).toBe(2);
    expect(cuts).toBeGreaterThan(1);
  });

  test('while a handler runs leaves it running: it is not given again', async () => {
    const held = new HeldHandler();
    await cast.agent(cast.proxy.url, { handler: held.handler });
    const handle = await cast.client(cast.world.url).submit(work(1));
    const run = await held.next();
    for (let i = 0; i < 3; i++) {
      cast.proxy.cut();
      await happensAgain(
        () => cast.world.runtime.agents.get('worker' as never)?.connection === null,
      );
      await happensAgain(
        () => cast.world.runtime.agents.get('worker' as never)?.connection === 'channel',
      );
    }
    expect(held.waiting).toBe(0);
    run.end('kept');
    expect(await handle.result()).toBe('kept');
  });

  test('before a submit without a key was answered has it sent again, and it makes one task', async () => {
    const client = cast.client(cast.proxy.url);
    await client.submit(work(1));
    let cuts = 0;
    cast.proxy.filter = (bytes) => !(bytes.includes('submitted') && cuts++ === 0);
    const [second, third] = await Promise.all([client.submit(work(2)), client.submit(work(3))]);
    expect(cuts).toBeGreaterThan(1);
    const { items } = cast.world.runtime.tasks.list({ limit: 10 });
    expect(items.map(({ id }) => id).toSorted()).toContain(second.id);
    expect(items).toHaveLength(3);
    await cast.agent(cast.world.url, { handler: (task: NumberTask) => task.payload.n });
    expect(await Promise.all([second.result(), third.result()])).toEqual([2, 3]);
  });

  test('before a large submit was answered has it sent again, and makes its tasks once', async () => {
    const client = cast.client(cast.proxy.url);
    await client.submit(work(1));
    let cuts = 0;
    cast.proxy.filter = (bytes) => !(bytes.includes('submitted') && cuts++ === 0);
    const ids = await client.enqueue(numbers(3_000).map((n) => work(n)));
    expect(cuts).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(3_000);
    expect(cast.world.runtime.observed.state.tasks.size).toBe(3_001);
  });

  test('for longer than its session is kept leaves it unknown whether a submit was taken', async () => {
    const client = cast.client(cast.proxy.url);
    await client.submit(work(1));
    let cuts = 0;
    cast.proxy.filter = (bytes) => !(bytes.includes('submitted') && (cuts += 1) > 0);
    const lost = client.submit(work(2));
    const refused = expect(lost).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await happensAgain(() => cuts > 0);
    const { sessions } = cast.world.runtime.observed.state.records;
    const [session] = sessions.values();
    if (session === undefined) throw new Error('the session is known');
    session.usedAt = 0;
    cast.proxy.filter = null;
    await refused;
    // What was not sent before goes into another session by itself.
    await client.submit(work(3));
    expect(cast.world.runtime.observed.state.tasks.size).toBe(3);
  });
});
