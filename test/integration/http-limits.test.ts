/** Limits, keys and shares as they are met from outside. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { openApi, type ApiFixture, type Answer } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
  await api.post('/api/v1/agents', { id: 'poller', capabilities: ['work'], slots: 50 });
});

afterAll(async () => {
  await api.close();
});

const put = (path: string, body: unknown): Promise<Answer> => api.request('PUT', path, body);

async function submit(fields: object): Promise<string> {
  const { body, status } = await api.post('/api/v1/tasks', { type: 'work', ...fields });
  expect(status).toBe(201);
  return body.id as string;
}

async function lease(waitMs = 5_000): Promise<{ taskId: string; fencingToken: number }[]> {
  const { body } = await api.post('/api/v1/agents/poller/lease', { max: 50, waitMs });
  return body.leases;
}

async function complete({ taskId, fencingToken }: { taskId: string; fencingToken: number }) {
  const answer = await api.post(`/api/v1/leases/${taskId}/complete`, { fencingToken, result: 1 });
  expect(answer.status).toBe(200);
}

async function explain(id: string): Promise<Answer['body']> {
  return (await api.get(`/api/v1/tasks/${id}/explain`)).body;
}

describe('limits', () => {
  test('are set, seen, changed and removed', async () => {
    const rate = { units: 100, perMs: 60_000 };
    expect((await put('/api/v1/limits/tpm', { rate })).body).toEqual({
      name: 'tpm',
      rate,
      keys: 0,
      inUse: [],
    });
    await put('/api/v1/limits/tpm', { concurrencyMax: 2 });
    expect((await api.get('/api/v1/limits')).body.items).toEqual([
      { name: 'tpm', concurrencyMax: 2, keys: 0, inUse: [] },
    ]);
    expect((await api.request('DELETE', '/api/v1/limits/tpm')).status).toBe(204);
    expect((await api.get('/api/v1/limits/tpm')).body.code).toBe('LIMIT_NOT_FOUND');
  });

  test('hold tasks back until there are units again, and explain says until when', async () => {
    await put('/api/v1/limits/tokens', { rate: { units: 100, perMs: 3_600_000 } });
    const use = { limits: [{ name: 'tokens', key: 'acme', units: 60 }] };
    const [first, second] = [await submit(use), await submit(use)];
    const leases = await lease();
    expect(leases.map(({ taskId }) => taskId)).toEqual([first]);
    const explained = await explain(second);
    expect(explained.verdict).toMatch(
      /^limit tokens for key acme: 4\d of 100 units left, 60 wanted, opens at 20.*Z$/,
    );
    expect(explained.gate.gate).toBe('limit tokens for key acme');
    expect(explained.fairness).toMatchObject({ namespace: { name: 'default', weight: 1 } });
    expect((await api.get('/api/v1/limits/tokens')).body.inUse).toMatchObject([
      { key: 'acme', running: 1 },
    ]);
    await put('/api/v1/limits/tokens', { rate: { units: 100, perMs: 1 } });
    const next = await lease();
    expect(next.map(({ taskId }) => taskId)).toEqual([second]);
    for (const one of [...leases, ...next]) await complete(one);
    expect((await api.get(`/api/v1/tasks/${second}`)).body.limits).toEqual(use.limits);
  });

  test('that are impossible or unknown are refused, and nothing is half taken', async () => {
    await put('/api/v1/limits/small', { rate: { units: 5, perMs: 1_000 } });
    const many = await api.post('/api/v1/tasks', {
      tasks: [
        { type: 'work', queue: 'whole' },
        { type: 'work', queue: 'whole', limits: [{ name: 'small', units: 6 }] },
      ],
    });
    expect([many.status, many.body.code]).toEqual([400, 'LIMIT_IMPOSSIBLE']);
    expect(many.body.detail).toContain('at most 5 units');
    expect((await api.get('/api/v1/queues/whole')).status).toBe(404);
    const unknown = await api.post('/api/v1/tasks', { type: 'work', limits: [{ name: 'none' }] });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'LIMIT_NOT_FOUND']);
  });
});

describe('keys', () => {
  test('let one task at a time start, and explain names the one that runs', async () => {
    const key = { concurrencyKey: 'user-1' };
    const [first, second] = [await submit(key), await submit(key)];
    const [running] = await lease();
    expect(running?.taskId).toBe(first);
    expect((await explain(second)).verdict).toBe(`key user-1: 1 of 1 running (task ${first})`);
    await complete(running as never);
    const [next] = await lease();
    expect(next?.taskId).toBe(second);
    await complete(next as never);
  });

  test('cancel the newcomer where the rule says so, and the submit tells', async () => {
    const rule = {
      concurrencyKey: 'user-2',
      concurrency: { limit: 1, policy: 'cancel-newest' },
      queue: 'calm',
    };
    const first = await submit(rule);
    const second = await submit(rule);
    expect((await api.get(`/api/v1/tasks/${second}`)).body).toMatchObject({
      state: 'canceled',
      reason: 'concurrency',
      concurrency: { limit: 1, policy: 'cancel-newest' },
    });
    await api.post(`/api/v1/tasks/${first}/cancel`, {});
  });

  test('make several submits one', async () => {
    await put('/api/v1/queues/later', {});
    await api.post('/api/v1/queues/later/pause');
    const throttled = { queue: 'later', dedupe: { key: 'd', mode: 'throttle', windowMs: 60_000 } };
    const [one, same] = [await submit(throttled), await submit(throttled)];
    expect(same).toBe(one);
    const kept = { queue: 'later', dedupe: { key: 'd', mode: 'keep-last' } };
    const [old, fresh] = [await submit(kept), await submit(kept)];
    expect((await api.get(`/api/v1/tasks/${old}`)).body).toMatchObject({ reason: 'superseded' });
    expect((await api.get(`/api/v1/tasks/${fresh}`)).body.state).toBe('queued');
  });

  test.each([
    [{ concurrency: { limit: 2 } }, '/concurrency'],
    [{ concurrencyKey: 'k', concurrency: { limit: 0 } }, '/concurrency/limit'],
    [{ concurrencyKey: 'k', concurrency: { policy: 'drop' } }, '/concurrency/policy'],
    [{ limits: [] }, '/limits'],
    [{ limits: [{ name: 'a', units: 0.5 }] }, '/limits/0/units'],
    [{ dedupe: { key: 'k', mode: 'debounce' } }, '/dedupe'],
    [{ dedupe: { key: 'k', mode: 'throttle', windowMs: 0 } }, '/dedupe'],
    [{ estimate: { tokens: -1 } }, '/estimate/tokens'],
  ])('of %j are refused at %s', async (fields, path) => {
    const { body, status } = await api.post('/api/v1/tasks', { type: 'work', ...fields });
    expect([status, body.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.path).toContain(path);
  });
});

describe('a queue', () => {
  test('has limits of its own, which null takes away', async () => {
    const limits = { concurrencyMax: 1, rate: { units: 5, perMs: 1_000, burst: 2 } };
    expect((await put('/api/v1/queues/mail', limits)).body).toMatchObject(limits);
    const [first, second] = [await submit({ queue: 'mail' }), await submit({ queue: 'mail' })];
    const leases = await lease();
    expect(leases.map(({ taskId }) => taskId)).toEqual([first]);
    expect((await explain(second)).verdict).toBe('queue mail: 1 of 1 running');
    const { body } = await put('/api/v1/queues/mail', { concurrencyMax: null, rate: null });
    expect(body).not.toHaveProperty('rate');
    const next = await lease();
    expect(next.map(({ taskId }) => taskId)).toEqual([second]);
    for (const one of [...leases, ...next]) await complete(one);
  });
});

describe('shares', () => {
  test('have weights that are kept and changed one by one', async () => {
    await put('/api/v1/fairness', { weights: { blue: 3, red: 2 } });
    const { body } = await put('/api/v1/fairness', { weights: { red: null }, tokensPerSlot: 500 });
    expect(body).toMatchObject({ weights: { blue: 3 }, tokensPerSlot: 500, usdPerSlot: 0.1 });
    expect(body.weights).not.toHaveProperty('red');
    expect((await put('/api/v1/fairness', { weights: { blue: 0 } })).status).toBe(400);
  });
});

test('the SDK submits with keys and limits over its channel', async () => {
  const client = new Client({ url: api.url });
  await put('/api/v1/limits/sdk', { concurrencyMax: 1 });
  const fields = {
    type: 'work',
    queue: 'sdk',
    concurrencyKey: 'c',
    concurrency: { limit: 2 },
    fairnessKey: 'f',
    limits: [{ name: 'sdk' }],
    estimate: { tokens: 10 },
  };
  const handles = await client.submitMany([fields, fields]);
  const { body } = await api.get(`/api/v1/tasks/${handles[1]?.id}`);
  expect(body).toMatchObject({ ...fields, concurrency: { limit: 2, policy: 'queue' } });
  const [only] = await lease();
  expect(only?.taskId).toBe(handles[0]?.id);
  await expect(client.submit({ type: 'work', limits: [{ name: 'none' }] })).rejects.toMatchObject({
    code: 'LIMIT_NOT_FOUND',
  });
  await client.close();
});

describe('queues', () => {
  test('are removed where nothing is in them, and say what is', async () => {
    await put('/api/v1/queues/team%2Fold', { concurrencyMax: 1, strategy: 'born' });
    const id = await submit({ queue: 'old', namespace: 'team', delayMs: 3_600_000 });
    const held = await api.request('DELETE', '/api/v1/queues/team%2Fold');
    expect(held.status).toBe(409);
    expect(held.body.code).toBe('QUEUE_NOT_EMPTY');
    expect(held.body.detail).toContain('got 1 waiting task of team/old');
    await api.post(`/api/v1/tasks/${id}/cancel`, { reason: 'unwanted' });
    expect((await api.request('DELETE', '/api/v1/queues/team%2Fold')).status).toBe(204);
    expect((await api.get('/api/v1/queues/team%2Fold')).body.code).toBe('QUEUE_NOT_FOUND');
    const again = await api.request('DELETE', '/api/v1/queues/team%2Fold');
    expect([again.status, again.body.code]).toEqual([404, 'QUEUE_NOT_FOUND']);
    await submit({ queue: 'old', namespace: 'team', delayMs: 3_600_000 });
    const fresh = (await api.get('/api/v1/queues/team%2Fold')).body;
    expect(fresh).toMatchObject({ strategy: 'shortest-expected-delay', scheduled: 1 });
    expect(fresh).not.toHaveProperty('concurrencyMax');
  });

  test.each([
    ['default', 409, 'QUEUE_IS_DEFAULT'],
    ['never%2Fthere', 404, 'QUEUE_NOT_FOUND'],
    ['a%2Fb%2Fc', 400, 'INVALID_REQUEST'],
    ['%20', 400, 'INVALID_REQUEST'],
  ])('a removal of %s is answered with %i %s', async (name, status, code) => {
    const answer = await api.request('DELETE', `/api/v1/queues/${name}`);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('are seen, set, held and removed through the SDK', async () => {
    const client = new Client({ url: api.url });
    const { queues } = client;
    expect(await queues.set('steered', { depthMax: 5 })).toMatchObject({
      name: 'steered',
      depthMax: 5,
    });
    expect(await queues.pause('steered')).toMatchObject({ paused: true });
    expect(await queues.resume('steered')).toMatchObject({ paused: false });
    expect((await queues.list()).map(({ name }) => name)).toContain('steered');
    await queues.remove('steered');
    await expect(queues.get('steered')).rejects.toMatchObject({ code: 'QUEUE_NOT_FOUND' });
    await client.close();
  });
});
