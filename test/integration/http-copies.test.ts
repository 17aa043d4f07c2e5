/** Redundant copies and hedges as they are met from outside. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { openApi, type Answer, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;
const AGENTS = ['one', 'two', 'three'];

beforeAll(async () => {
  api = await openApi();
  for (const id of AGENTS) {
    await api.post('/api/v1/agents', { id, capabilities: ['work'], slots: 5, weight: 2 });
  }
});

afterAll(async () => {
  await api.close();
});

interface Lease {
  readonly taskId: string;
  readonly fencingToken: number;
  readonly payload: unknown;
}

async function leaseOf(agentId: string): Promise<Lease> {
  const path = `/api/v1/agents/${agentId}/lease`;
  const { body } = await api.post(path, { max: 1, waitMs: 5_000 });
  return body.leases[0] as Lease;
}

async function complete({ fencingToken, taskId }: Lease, result: unknown): Promise<Answer> {
  return api.post(`/api/v1/leases/${taskId}/complete`, { fencingToken, result });
}

const metrics = async (): Promise<string> => (await fetch(`${api.url}/metrics`)).text();

describe('a redundant task', () => {
  test('shows its copies, who agreed, and whom it trusts less', async () => {
    const redundancy = { copies: 3, agree: 2, comparator: 'text' };
    const task = { type: 'work', payload: { q: 1 }, redundancy };
    const { body, status } = await api.post('/api/v1/tasks', task);
    expect(status).toBe(201);
    expect(body).toMatchObject({ state: 'blocked', reason: 'redundant', redundancy });
    const leases = [];
    for (const id of AGENTS) leases.push(await leaseOf(id));
    expect(leases.map(({ payload }) => payload)).toEqual([{ q: 1 }, { q: 1 }, { q: 1 }]);
    await complete(leases[0] as Lease, 'Nine');
    await complete(leases[1] as Lease, 'ten');
    const explained = (await api.get(`/api/v1/tasks/${body.id}/explain`)).body;
    expect(explained.verdict).toContain('2 of its 3 copies agree');
    expect(explained.copies).toHaveLength(3);
    await complete(leases[2] as Lease, ' TEN ');
    const done = (await api.get(`/api/v1/tasks/${body.id}`)).body;
    expect(done).toMatchObject({
      state: 'completed',
      result: ' TEN ',
      agentId: 'three',
      copies: { agreed: ['two', 'three'], dissented: ['one'], kind: 'redundant' },
    });
    expect((await api.get('/api/v1/agents/one')).body).toMatchObject({
      weight: 2,
      trust: { factor: 0.5, dissents: 1, agreements: 0 },
    });
    expect((await api.get('/api/v1/agents/two')).body.trust).toBeUndefined();
    expect(await metrics()).toMatch(/^uqo_dissents_total 1$/m);
    expect((await api.get(`/api/v1/tasks/${leases[0]?.taskId}`)).body).toMatchObject({
      copyOf: { taskId: body.id, kind: 'redundant' },
      result: 'Nine',
    });
  });

  test('is one task of several in a submit, each with its own rules', async () => {
    const tasks = [
      { type: 'other', redundancy: { copies: 2 } },
      { type: 'other' },
      { type: 'other', hedge: {} },
    ];
    const { body } = await api.post('/api/v1/tasks', { tasks });
    const views = body.tasks as { hedge?: unknown; redundancy?: unknown }[];
    expect(views.map(({ hedge, redundancy }) => [redundancy, hedge])).toEqual([
      [{ copies: 2, agree: 2 }, undefined],
      [undefined, undefined],
      [undefined, { percentile: 0.95, copiesMax: 1 }],
    ]);
  });

  test('is submitted through the SDK, too', async () => {
    const client = new Client({ url: api.url });
    const redundancy = { copies: 2, agree: 2 };
    const plain = await client.submit({ type: 'other' });
    const handle = await client.submit({ type: 'work', payload: 1, redundancy });
    await complete(await leaseOf('one'), { x: 1 });
    for (const id of ['two', 'three']) {
      const { body } = await api.post(`/api/v1/agents/${id}/lease`, { max: 1, waitMs: 200 });
      if (body.leases.length > 0) await complete(body.leases[0] as Lease, { x: 1 });
    }
    expect(await handle.result()).toEqual({ x: 1 });
    await plain.cancel();
    await client.close();
  });

  test.each([
    [{ redundancy: { copies: 1 } }, '/redundancy/copies'],
    [{ redundancy: { copies: 8 } }, '/redundancy/copies'],
    [{ redundancy: { copies: 2, agree: 3 } }, '/redundancy/agree'],
    [{ redundancy: { copies: 2, comparator: 'vibes' } }, '/redundancy/comparator'],
    [{ redundancy: { copies: 2 }, hedge: {} }, '/hedge'],
    [{ hedge: { percentile: 2 } }, '/hedge/percentile'],
  ])('%j is refused at %s', async (more, path) => {
    const { body, status } = await api.post('/api/v1/tasks', { type: 'work', ...more });
    expect([status, body.code, body.path ?? body.details?.path]).toEqual([
      400,
      'INVALID_REQUEST',
      path,
    ]);
  });
});

describe('a hedge', () => {
  test('is told of as it starts and wins', async () => {
    const { body } = await api.post('/api/v1/tasks', { type: 'work', hedge: { afterMs: 50 } });
    const polls = AGENTS.map((id) =>
      api.post(`/api/v1/agents/${id}/lease`, { max: 1, waitMs: 1_000 }),
    );
    const leases = (await Promise.all(polls)).flatMap((answer) => answer.body.leases as Lease[]);
    const copy = leases.find(({ taskId }) => taskId !== body.id);
    expect(copy).toBeDefined();
    await complete(copy as Lease, 'fast');
    expect((await api.get(`/api/v1/tasks/${body.id}`)).body).toMatchObject({
      state: 'completed',
      result: 'fast',
      copies: { kind: 'hedge', chosen: copy?.taskId },
    });
    const text = await metrics();
    expect(text).toMatch(/^uqo_hedges_total 1$/m);
    expect(text).toMatch(/^uqo_hedges_won_total 1$/m);
  });
});
