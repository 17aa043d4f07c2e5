import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { openApi, until, type Answer, type ApiFixture } from './api-fixture.ts';

const UNKNOWN = '01900000-0000-7000-8000-000000000000';

let api: ApiFixture;
let client: Client;

beforeAll(async () => {
  api = await openApi();
  client = new Client({ url: api.url });
  // Failing is all that the agent is here for.
  for (const kind of ['agent', 'capability'] as const) {
    await api.runtime.breakers.set(kind, null, { enabled: false });
  }
  await api.runtime.serve({ id: 'a1', capabilities: ['mail'], slots: 1_000 }, (task) => {
    const { server } = task.payload as { server: string };
    if (server === 'smtp2') return Promise.resolve('sent');
    return Promise.reject(new Error(`no route to ${server}`));
  });
});

afterAll(async () => {
  await client.close();
  await api.close();
});

/** Dead letters of a queue of their own. */
async function dead(queue: string, count: number, server = 'smtp1'): Promise<string[]> {
  const tasks = Array.from({ length: count }, (_, n) => ({
    type: 'mail',
    queue,
    payload: { n, server },
    retry: { attemptsMax: 1 },
  }));
  const { body } = await api.post('/api/v1/tasks', { tasks });
  const ids = (body as { tasks: { id: string }[] }).tasks.map(({ id }) => id);
  await until(
    () => api.get(`/api/v1/queues/${queue}`),
    ({ body: seen }) => (seen as { failed: number }).failed === count,
  );
  return ids;
}

async function ended(id: string): Promise<Answer> {
  return until(
    () => api.get(`/api/v1/operations/${id}`),
    ({ body }) => (body as { state: string }).state !== 'running',
  );
}

describe('an operation over HTTP', () => {
  test('is counted, started, followed, and told item by item', async () => {
    const ids = await dead('bulk', 5);
    const body = {
      action: 'redrive',
      query: 'queue:bulk',
      params: { patch: { server: 'smtp2' }, priority: 7 },
      by: 'ann',
      reason: 'the first server is gone',
    };
    const dry = await api.post('/api/v1/operations', { ...body, dryRun: true });
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, matched: 5 } });
    const started = await api.post('/api/v1/operations', body);
    expect(started).toMatchObject({ status: 201, body: { state: 'running', matched: 5 } });
    const { id } = started.body as { id: string };
    expect(started.headers.get('location')).toBe(`/api/v1/operations/${id}`);
    expect((await ended(id)).body).toMatchObject({ ...body, state: 'completed', done: 5 });
    const first = await api.get(`/api/v1/operations/${id}/items?limit=2`);
    const { nextCursor } = first.body as { nextCursor: string };
    const rest = await api.get(`/api/v1/operations/${id}/items?cursor=${nextCursor}`);
    const items = [...first.body.items, ...rest.body.items] as unknown[];
    expect(items).toEqual(ids.toReversed().map((taskId) => ({ taskId, outcome: 'done' })));
    const result = `/api/v1/tasks/${ids[0]}/result?waitMs=10000`;
    expect((await api.get(result)).body).toMatchObject({ state: 'completed', result: 'sent' });
  });

  test('can be aborted', async () => {
    await dead('slow', 3);
    const { id } = await client.operations.start({
      action: 'purge',
      query: 'queue:slow',
      rate: 0.001,
    });
    const aborted = await client.operations.abort(id, { by: 'bob', reason: 'no' });
    expect(aborted).toMatchObject({ state: 'aborted', endedBy: 'bob', endedReason: 'no' });
    expect(aborted.done).toBeLessThanOrEqual(1);
    expect(await api.post(`/api/v1/operations/${id}/abort`, {})).toMatchObject({
      status: 409,
      body: { code: 'OPERATION_ENDED' },
    });
  });

  test.each([
    ['', { action: 'burn', query: 'state:failed' }, 400, 'INVALID_REQUEST'],
    ['', { action: 'cancel', query: 'stat:failed' }, 400, 'QUERY_INVALID'],
    ['', { action: 'cancel', query: 'a:b', params: { priority: 1 } }, 400, 'INVALID_REQUEST'],
    [
      '',
      { action: 'redrive', query: 'state:failed', params: { payload: 'x'.repeat(70_000) } },
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    [`/${UNKNOWN}`, undefined, 404, 'OPERATION_NOT_FOUND'],
    [`/${UNKNOWN}/items`, undefined, 404, 'OPERATION_NOT_FOUND'],
    [`/${UNKNOWN}/abort`, {}, 404, 'OPERATION_NOT_FOUND'],
  ] as const)('%s %j is refused', async (...[path, body, status, code]) => {
    const method = body === undefined ? 'GET' : 'POST';
    const answer = await api.request(method, `/api/v1/operations${path}`, body);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  test('is a few calls of a client', async () => {
    const ids = await dead('sdk', 3);
    const what = { action: 'redrive', query: 'queue:sdk' } as const;
    expect(await client.operations.dryRun(what)).toMatchObject({ matched: 3 });
    const { id } = await client.operations.start({
      ...what,
      params: { patch: { server: 'smtp2' } },
    });
    expect(await client.operations.wait(id)).toMatchObject({ state: 'completed', done: 3 });
    expect((await client.operations.list()).map((one) => one.id)).toContain(id);
    const outcomes: string[] = [];
    for await (const { outcome, taskId } of client.operations.items(id)) {
      outcomes.push(`${taskId} ${outcome}`);
    }
    expect(outcomes).toEqual(ids.toReversed().map((taskId) => `${taskId} done`));
  });
});

describe('dead letters over HTTP', () => {
  test('that failed alike are one group, which can be resolved and ignored', async () => {
    const [id] = await dead('groups', 4, 'smtp9');
    const letter = await client.deadLetters.get(id as string);
    expect(letter).toMatchObject({
      payload: { n: 0, server: 'smtp9' },
      isPoison: false,
      group: { live: 4, state: 'open', type: 'mail' },
      failures: [{ attempt: 1, agentId: 'a1' }],
    });
    const key = letter.group?.key ?? '';
    const before = Number(/^uqo_dead_letters (\d+)$/m.exec((await api.get('/metrics')).text)?.[1]);
    await client.deadLetters.setGroup(key, { state: 'ignored', by: 'ann', note: 'known' });
    const metrics = (await api.get('/metrics')).text;
    expect(Number(/^uqo_dead_letters (\d+)$/m.exec(metrics)?.[1])).toBe(before - 4);
    expect(metrics).toContain('uqo_failure_groups{state="ignored"} 1');
    const { body } = await api.get('/api/v1/dead-letters/groups?state=ignored&sort=lastAt');
    expect(body).toMatchObject({ total: 1, items: [{ key, by: 'ann', note: 'known', live: 4 }] });
    expect(
      await api.post(`/api/v1/dead-letters/groups/${'0'.repeat(16)}`, { state: 'open' }),
    ).toMatchObject({ status: 404, body: { code: 'FAILURE_GROUP_NOT_FOUND' } });
  });

  test('are redriven one by one, with another payload and place', async () => {
    const [id = ''] = await dead('single', 1);
    const how = { payload: { server: 'smtp2' }, queue: 'other', by: 'ann', reason: 'typo' };
    expect(await api.post(`/api/v1/dead-letters/${id}/redrive`, how)).toMatchObject({
      status: 200,
      body: { id, queue: 'other', payload: { server: 'smtp2' } },
    });
    const result = await api.get(`/api/v1/tasks/${id}/result?waitMs=10000`);
    expect(result.body).toMatchObject({ state: 'completed' });
    expect(await api.get(`/api/v1/dead-letters/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'DEAD_LETTER_NOT_FOUND' },
    });
    expect(await api.post(`/api/v1/dead-letters/${id}/redrive`, {})).toMatchObject({
      status: 409,
      body: { code: 'TASK_FINISHED' },
    });
    expect(await api.post(`/api/v1/dead-letters/${UNKNOWN}/redrive`, {})).toMatchObject({
      status: 404,
      body: { code: 'TASK_NOT_FOUND' },
    });
    const [large = ''] = await dead('large', 1);
    const text = { payload: 'x'.repeat(1_100_000) };
    expect(await api.post(`/api/v1/dead-letters/${large}/redrive`, text)).toMatchObject({
      status: 413,
      body: { code: 'PAYLOAD_TOO_LARGE' },
    });
  });

  test('are exported as lines, those that a query means', async () => {
    const ids = await dead('export', 40);
    const lines: unknown[] = [];
    for await (const task of client.deadLetters.export('queue:export')) lines.push(task);
    expect(lines).toMatchObject(
      ids.toReversed().map((id, at) => ({ id, payload: { n: 39 - at, server: 'smtp1' } })),
    );
    const wrong = client.deadLetters.export('stat:x').next();
    await expect(wrong).rejects.toMatchObject({ code: 'QUERY_INVALID' });
  });

  test('are exported no faster than they are read', async () => {
    const text = 'x'.repeat(50_000);
    await api.runtime.serve({ id: 'a2', capabilities: ['big'], slots: 100 }, () =>
      Promise.reject(new Error('too big')),
    );
    const tasks = Array.from({ length: 200 }, () => ({
      type: 'big',
      queue: 'big',
      payload: text,
      retry: { attemptsMax: 1 },
    }));
    await api.post('/api/v1/tasks', { tasks });
    await until(
      () => api.get('/api/v1/queues/big'),
      ({ body }) => (body as { failed: number }).failed === 200,
    );
    const { deadLetters } = api.runtime;
    const whole = deadLetters.export.bind(deadLetters);
    let taken = 0;
    deadLetters.export = async function* counted(query, isOver) {
      for await (const task of whole(query, isOver)) {
        taken += 1;
        yield task;
      }
    };
    const request = httpGet(`${api.url}/api/v1/dead-letters/export?q=queue:big`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // The reader takes nothing: what the server reads ahead must come to a rest.
    let last = -1;
    await until(
      async () => {
        const before = taken;
        for (let n = 0; n < 20; n++) await api.get('/health/live');
        last = before === taken ? taken : -1;
        return last;
      },
      (rest) => rest > 0,
    );
    expect(last).toBeLessThan(200);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(bytes).toBeGreaterThan(200 * 50_000);
    expect(taken).toBe(200);
    deadLetters.export = whole;
  });
});
