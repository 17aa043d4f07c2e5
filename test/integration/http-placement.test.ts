/** Where tasks would rather run, as it is met from outside. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
  for (const zone of ['eu', 'us']) {
    const agent = { id: zone, capabilities: ['work'], slots: 9, labels: { zone } };
    await api.post('/api/v1/agents', agent);
  }
});

afterAll(async () => {
  await api.close();
});

test('a task goes where it had best be near, and explain says so', async () => {
  const zones = ['us', 'eu'];
  const leases = new Map(
    zones.map((id) => [id, api.post(`/api/v1/agents/${id}/lease`, { max: 1, waitMs: 20_000 })]),
  );
  // Both ask for work before there is any.
  const { scheduler } = api.runtime.observed;
  while (scheduler.counts().availableAgents < 2) await api.get('/api/v1/status');
  const client = new Client({ url: api.url });
  for (const zone of zones) {
    const placement = { near: { zone }, apart: 'web', costs: { zone: { eu: 0, us: 0 } } };
    const { id } = await client.submit({ type: 'work', placement });
    const { body } = (await leases.get(zone)) as Awaited<ReturnType<ApiFixture['post']>>;
    expect(body.leases).toMatchObject([{ taskId: id }]);
    const path = `/api/v1/tasks/${id}`;
    expect((await api.get(path)).body).toMatchObject({ agentId: zone, placement });
    expect((await api.get(`${path}/explain`)).body.placement).toMatchObject({
      by: 'greedy',
      agentId: zone,
      cost: 0,
    });
  }
  await client.close();
});

test('a wish that cannot be read is refused with its place', async () => {
  const task = { type: 'work', placement: { costs: { gpu: { a100: -1 } } } };
  const { body, status } = await api.post('/api/v1/tasks', task);
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('/placement/costs/gpu/a100');
});
