/** Who has most of the work, over HTTP and in the metrics. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

test('tells of types, namespaces and agents, in lists as long as asked for', async () => {
  await api.runtime.serve({ id: 'worker', capabilities: ['a', 'b', 'c'], slots: 9 }, () => 1);
  const tasks = ['a', 'a', 'a', 'b', 'b', 'c'].map((type) => ({ type }));
  const { body } = await api.post('/api/v1/tasks', { tasks });
  for (const { id } of body.tasks as { id: string }[]) {
    await api.get(`/api/v1/tasks/${id}/result?waitMs=20000`);
  }
  const top = await api.get('/api/v1/top?limit=2');
  expect(top.status).toBe(200);
  expect(top.body.submitted).toEqual({
    tasks: 6,
    types: [
      { name: 'a', count: 3, overBy: 0 },
      { name: 'b', count: 2, overBy: 0 },
    ],
    namespaces: [{ name: 'default', count: 6, overBy: 0 }],
  });
  expect(top.body.busy.agents).toMatchObject([{ name: 'worker' }]);
  expect(top.body.distinct).toEqual({ types: 3, namespaces: 1, agents: 1, keys: 0 });
  const metrics = await api.get('/metrics');
  expect(metrics.text).toContain('uqo_distinct_names{kind="types"} 3');
  // Names of agents never are labels.
  expect(metrics.text).not.toContain('worker');
});

test('refuses lists that are too long', async () => {
  expect(await api.get('/api/v1/top?limit=101')).toMatchObject({ status: 400 });
  expect(await api.get('/api/v1/top?by=agent')).toMatchObject({ status: 400 });
});
