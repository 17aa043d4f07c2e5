import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApi, type ApiFixture } from './api-fixture.ts';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi({});
  await api.runtime.serve({ id: 'echo-1', capabilities: ['echo'], slots: 4 }, (task) =>
    Promise.resolve({ echo: (task as { payload: unknown }).payload }),
  );
});

afterAll(async () => {
  await api.close();
});

/** A registered polling agent of its own capability, and how it takes its next lease. */
async function poller(
  type: string,
): Promise<
  () => Promise<Record<string, never> & { taskId: string; fencingToken: number; parents?: unknown }>
> {
  await api.post('/api/v1/agents', { id: `poll-${type}`, capabilities: [type], slots: 10 });
  return async () => {
    const { body } = await api.post(`/api/v1/agents/poll-${type}/lease`, { waitMs: 10_000 });
    return body.leases[0];
  };
}

describe('flows over HTTP', () => {
  test('are taken whole, run in order and show how they stand', async () => {
    const { body, status } = await api.post('/api/v1/flows', {
      name: 'pair',
      tasks: [
        { type: 'echo', ref: 'b', payload: 2, dependsOn: ['a'] },
        { type: 'echo', ref: 'a', payload: 1 },
      ],
    });
    expect(status).toBe(201);
    expect(body.tasks.map(({ ref }: { ref: string }) => ref)).toEqual(['b', 'a']);
    const result = await api.get(`/api/v1/tasks/${body.tasks[0].id}/result?waitMs=10000`);
    expect(result.body).toMatchObject({ state: 'completed', result: { echo: 2 } });
    const shown = await api.get(`/api/v1/flows/${body.id}`);
    expect(shown.body).toMatchObject({
      name: 'pair',
      isOver: true,
      counts: { completed: 2, blocked: 0 },
      tasks: { items: [{ ref: 'a' }, { ref: 'b', dependsOn: [{ onFailure: 'fail' }] }] },
    });
    const listed = await api.get('/api/v1/flows?limit=1');
    expect(listed.body.items[0]).toMatchObject({ id: body.id });
  });

  test('give agents that poll what the parents came to', async () => {
    const lease = await poller('step');
    await api.post('/api/v1/flows', {
      tasks: [
        { type: 'step', ref: 'one' },
        { type: 'step', ref: 'two', dependsOn: ['one'] },
      ],
    });
    const { fencingToken, taskId } = await lease();
    await api.post(`/api/v1/leases/${taskId}/complete`, { fencingToken, result: 'done' });
    expect((await lease()).parents).toEqual({ one: { state: 'completed', result: 'done' } });
  });

  test.each([
    [409, 'FLOW_CYCLE', { tasks: [{ type: 'x', ref: 'a', dependsOn: ['a'] }] }],
    [404, 'FLOW_TASK_NOT_FOUND', { tasks: [{ type: 'x', dependsOn: ['nobody'] }] }],
    [400, 'INVALID_REQUEST', { tasks: [] }],
    [400, 'INVALID_REQUEST', { tasks: [{ type: 'x' }], budget: { tokens: 0 } }],
    [
      400,
      'INVALID_REQUEST',
      { tasks: [{ type: 'x', dependsOn: [{ ref: 'a', onFailure: 'no' }] }] },
    ],
    [400, 'INVALID_REQUEST', { tasks: [{ type: 'x', estimate: { tokens: -1 } }] }],
    [400, 'INVALID_REQUEST', { tasks: [{ type: 'x' }], more: 1 }],
    [409, 'BUDGET_EXCEEDED', { tasks: [{ type: 'x' }, { type: 'x' }], budget: { subtasks: 1 } }],
  ])('are refused with %i %s', async (status, code, body) => {
    const answer = await api.post('/api/v1/flows', body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('can be canceled, and unknown ones not', async () => {
    const { body } = await api.post('/api/v1/flows', {
      tasks: [
        { type: 'nobody-does-this', ref: 'a' },
        { type: 'echo', dependsOn: ['a'] },
      ],
    });
    const explained = await api.get(`/api/v1/tasks/${body.tasks[1].id}/explain`);
    expect(explained.body).toMatchObject({
      verdict: 'it waits for 1 task to end: a (queued)',
      blockedBy: { count: 1, tasks: [{ ref: 'a', state: 'queued' }] },
    });
    const canceled = await api.post(`/api/v1/flows/${body.id}/cancel`, { reason: 'enough' });
    expect(canceled.body).toMatchObject({ isOver: true, counts: { canceled: 2 } });
    const again = await api.post(`/api/v1/flows/${body.id}/cancel`, {});
    expect(again.body.code).toBe('TASK_FINISHED');
    expect((await api.post(`/api/v1/flows/${UNKNOWN}/cancel`, {})).body.code).toBe(
      'FLOW_NOT_FOUND',
    );
    expect((await api.get(`/api/v1/flows/${UNKNOWN}`)).status).toBe(404);
  });
});

describe('trees over HTTP', () => {
  test('grow by attempts, count their usage, and end together', async () => {
    const lease = await poller('agent');
    const { body: root } = await api.post('/api/v1/tasks', {
      type: 'agent',
      budget: { tokens: 100 },
      estimate: { tokens: 10 },
    });
    const { fencingToken: parentToken } = await lease();
    const child = { type: 'agent', payload: 1, parentId: root.id, parentToken };
    const { body: first } = await api.post('/api/v1/tasks', child);
    const { fencingToken } = await lease();
    const bad = await api.post(`/api/v1/leases/${first.id}/complete`, {
      fencingToken,
      usage: { tokens: -5 },
    });
    expect(bad.body.code).toBe('INVALID_REQUEST');
    await api.post(`/api/v1/leases/${first.id}/complete`, { fencingToken, usage: { tokens: 95 } });
    const spent = await api.get(`/api/v1/tasks/${root.id}`);
    expect(spent.body.budget).toMatchObject({
      used: { tokens: 95 },
      reserved: { tokens: 10 },
      warned: ['tokens'],
    });
    const { body: second } = await api.post('/api/v1/tasks', { ...child, payload: 2 });
    const failed = await api.get(`/api/v1/tasks/${second.id}/result?waitMs=10000`);
    expect(failed.status === 202 || failed.body.error.code === 'BUDGET_EXCEEDED').toBe(true);
    const stale = await api.post('/api/v1/tasks', { ...child, parentToken: parentToken - 1 });
    expect([stale.status, stale.body.code]).toEqual([409, 'LEASE_FENCED']);
    const killed = await api.post(`/api/v1/trees/${root.id}/kill`, {
      reason: 'runs in circles',
      by: 'ann',
    });
    expect(killed.status).toBe(200);
    expect((await api.get(`/api/v1/tasks/${root.id}`)).body).toMatchObject({
      state: 'canceled',
      reason: 'killed',
    });
  });

  test('are canceled with their root where that is asked for', async () => {
    const lease = await poller('boss');
    const { body: root } = await api.post('/api/v1/tasks', { type: 'boss' });
    const { fencingToken } = await lease();
    const { body: child } = await api.post('/api/v1/tasks', {
      type: 'nobody-does-this',
      parentId: root.id,
      parentToken: fencingToken,
    });
    await api.post(`/api/v1/tasks/${root.id}/cancel`, { tree: true });
    expect((await api.get(`/api/v1/tasks/${child.id}`)).body).toMatchObject({
      state: 'canceled',
      parentId: root.id,
    });
  });
});

describe('the kill switch over HTTP', () => {
  test('stops a namespace and lets it go on', async () => {
    const team = { type: 'echo', namespace: 'acme' };
    const { body } = await api.post('/api/v1/namespaces/acme/kill', { reason: 'out of money' });
    expect(body.items).toMatchObject([{ kind: 'namespace', target: 'acme', by: null }]);
    const refused = await api.post('/api/v1/tasks', team);
    expect([refused.status, refused.body.code]).toEqual([409, 'NAMESPACE_KILLED']);
    expect((await api.get('/api/v1/status')).body.killed).toMatchObject([{ target: 'acme' }]);
    await api.post('/api/v1/namespaces/acme/restore', {});
    expect((await api.post('/api/v1/tasks', team)).status).toBe(201);
    const again = await api.post('/api/v1/namespaces/acme/restore', {});
    expect([again.status, again.body.code]).toEqual([409, 'NOT_KILLED']);
  });

  test('stops an agent, which shows it, and lets it go on', async () => {
    await api.post('/api/v1/agents', { id: 'odd', capabilities: ['odd'] });
    await api.post('/api/v1/agents/odd/kill', { reason: 'answers nonsense', by: 'ann' });
    expect((await api.get('/api/v1/agents/odd')).body.state).toBe('killed');
    await api.post('/api/v1/agents/odd/restore', {});
    expect((await api.get('/api/v1/agents/odd')).body.state).toBe('ready');
    expect((await api.post('/api/v1/agents/nobody/kill', { reason: 'x' })).status).toBe(404);
    expect((await api.post('/api/v1/agents/odd/kill', {})).body.code).toBe('INVALID_REQUEST');
  });
});
