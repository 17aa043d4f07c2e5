/** What the Born strategies learned, as it is met from outside. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentId } from '../../src/core/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
  await api.request('PUT', '/api/v1/queues/default', { strategy: 'born' });
  for (const id of ['a', 'b', 'c', 'd'])
    await api.post('/api/v1/agents', { id, capabilities: ['work'], slots: 4 });
});

afterAll(() => api.close());

test('nothing is measured before a task was drawn', async () => {
  const { body, status } = await api.get('/api/v1/status');
  expect(status).toBe(200);
  expect(body.quantum).toEqual({
    dispatchers: 1,
    globalCoherence: 1,
    basis: 'definition',
    pools: 0,
    dispatchFidelity: null,
    targetFidelity: null,
    entropyBits: null,
    alarms: [],
    states: [],
  });
});

test('an agent that serves unlike its slots sounds the alarm in status and metrics', async () => {
  const { scheduler } = api.runtime.observed;
  for (let round = 0; round < 50; round++) {
    const tasks = Array.from({ length: 8 }, () => ({ type: 'work' }));
    await api.post('/api/v1/tasks', { tasks });
    for (const id of ['a', 'b', 'c', 'd']) {
      const { body } = await api.post(`/api/v1/agents/${id}/lease`, { max: 4 });
      for (const { fencingToken, taskId } of body.leases) {
        // The strategy is told how long it took, for nobody waits for that here.
        const runMs = (id === 'a' ? 1_000 : 100) * (1 + (fencingToken % 5));
        scheduler.observe(id as AgentId, runMs, true, Date.now());
        await api.post(`/api/v1/leases/${taskId}/complete`, { fencingToken });
      }
    }
  }
  const { body } = await api.get('/api/v1/status');
  expect(body.quantum.pools).toBe(1);
  expect(body.quantum.states[0]).toMatchObject({ strategy: 'born', pool: '[["work"],[]]' });
  expect(body.quantum.states[0].attempts).toBeGreaterThan(250);
  expect(body.quantum.alarms).toContain('targetFidelity');
  const { alarmBelow, value } = body.quantum.states[0].targetFidelity;
  expect(value).toBe(body.quantum.targetFidelity);
  expect(value).toBeLessThan(alarmBelow);
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  expect(metrics).toContain('uqo_quantum_alarm{measure="targetFidelity"} 1');
});
