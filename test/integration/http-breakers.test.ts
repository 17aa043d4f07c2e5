/** Breakers as they are met from outside. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApi, type Answer, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
  await api.post('/api/v1/agents', { id: 'poller', capabilities: ['work'], slots: 50 });
});

afterAll(async () => {
  await api.close();
});

const put = (path: string, body: unknown): Promise<Answer> => api.request('PUT', path, body);
const OPENAI = '/api/v1/breakers/downstream/openai';

async function submit(fields: object = {}): Promise<string> {
  const { body, status } = await api.post('/api/v1/tasks', {
    type: 'work',
    downstreams: ['openai'],
    ...fields,
  });
  expect(status).toBe(201);
  return body.id as string;
}

async function fail(fields: object): Promise<void> {
  const { body } = await api.post('/api/v1/agents/poller/lease', { max: 1, waitMs: 5_000 });
  const [{ fencingToken, taskId }] = body.leases;
  const error = { code: 'UPSTREAM', message: 'no answer', retryAfterMs: 3_600_000 };
  const path = `/api/v1/leases/${taskId}/fail`;
  expect((await api.post(path, { fencingToken, error, ...fields })).status).toBe(200);
}

describe('breakers', () => {
  test('open for a service that attempts blame, hold its tasks, and explain says why', async () => {
    const set = await put('/api/v1/breakers/downstream', {
      callsMin: 2,
      openMs: 60_000,
      jitter: 0,
    });
    expect(set.body).toMatchObject({ kind: 'downstream', settings: { callsMin: 2 } });
    for (let n = 0; n < 2; n++) {
      await submit();
      await fail({ downstream: 'openai' });
    }
    expect((await api.get(OPENAI)).body).toMatchObject({
      kind: 'downstream',
      name: 'openai',
      state: 'open',
      reason: '2 of 2 calls failed',
      forced: null,
      failed: 2,
      trips: 1,
    });
    const id = await submit();
    const { body } = await api.get(`/api/v1/tasks/${id}/explain`);
    expect(body.verdict).toMatch(
      /^breaker of downstream openai: open since .*Z: 2 of 2 calls failed; next probe in \d+ s$/,
    );
    expect((await api.get(`/api/v1/tasks/${id}`)).body.downstreams).toEqual(['openai']);
    const { body: list } = await api.get('/api/v1/breakers?state=open');
    expect(list.items.map((one: { name: string }) => one.name)).toEqual(['openai']);
    expect(list.kinds).toHaveLength(3);
    const text = await (await fetch(`${api.url}/metrics`)).text();
    expect(text).toContain('uqo_breakers{kind="downstream",state="open"} 1');
    expect(text).toContain('uqo_breaker_transitions_total{kind="downstream",to="open"} 1');
  });

  test('are held and reset by people', async () => {
    const why = { reason: 'maintenance', by: 'ann' };
    const opened = await api.post('/api/v1/breakers/agent/poller/open', why);
    expect(opened.body).toMatchObject({ state: 'open', forced: 'open', ...why });
    expect((await api.get('/api/v1/agents/poller')).body.breaker).toBe('open');
    const id = await submit({ downstreams: [] });
    const { body } = await api.get(`/api/v1/tasks/${id}/explain`);
    expect(body.verdict).toContain('held back by an open breaker');
    expect(body.agents.passedOver.breaker).toBe(1);
    const closed = await api.post('/api/v1/breakers/agent/poller/close', {});
    expect(closed.body).toMatchObject({ state: 'closed', forced: 'closed' });
    const reset = await api.post('/api/v1/breakers/agent/poller/reset', {});
    expect(reset.body).toMatchObject({ state: 'closed', forced: null });
    expect((await api.get('/api/v1/agents/poller')).body.breaker).toBe('closed');
  });

  test('have settings of their own, which nothing takes back', async () => {
    const { body } = await put('/api/v1/breakers/capability/a%2Fb', { failureRate: 0.1 });
    expect(body).toMatchObject({ name: 'a/b', own: { failureRate: 0.1 } });
    const without = await put('/api/v1/breakers/capability/a%2Fb', {});
    expect(without.body.own).toBeUndefined();
    expect(without.body.settings.failureRate).toBe(0.8);
  });

  test.each([
    ['GET', '/api/v1/breakers/agent/nobody', undefined, 'BREAKER_NOT_FOUND'],
    ['POST', '/api/v1/breakers/agent/nobody/reset', {}, 'BREAKER_NOT_FOUND'],
    ['PUT', '/api/v1/breakers/agent/nobody', {}, 'BREAKER_NOT_FOUND'],
    ['PUT', '/api/v1/breakers/agent', { failureRate: 0 }, 'INVALID_REQUEST'],
    ['PUT', '/api/v1/breakers/friend', {}, 'INVALID_REQUEST'],
    ['POST', '/api/v1/tasks', { type: 'work', downstreams: ['no name'] }, 'INVALID_REQUEST'],
  ])('%s %s with %j is refused: %s', async (method, path, request, code) => {
    expect((await api.request(method, path, request)).body.code).toBe(code);
  });
});

test('the status counts what is open, and what opened by itself is among the recoveries', async () => {
  const { body } = await api.get('/api/v1/recoveries');
  expect(body).toMatchObject({
    items: [{ kind: 'breaker', subject: 'breaker of downstream openai', isResolved: false }],
    nextCursor: null,
  });
  const { body: status } = await api.get('/api/v1/status');
  expect(status).toMatchObject({ breakers: { open: 1 }, stuck: 0, recoveries: [{ count: 1 }] });
});
