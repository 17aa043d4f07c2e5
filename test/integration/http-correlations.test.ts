/** What was learned of failures, as it is met from outside. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentId } from '../../src/core/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
  for (const id of ['a', 'b', 'c', 'd']) {
    const labels = { zone: id < 'c' ? 'east' : 'west' };
    await api.post('/api/v1/agents', { id, capabilities: ['work'], labels });
  }
});

afterAll(() => api.close());

test('nothing is said of what was not seen', async () => {
  const { body, status } = await api.get('/api/v1/correlations');
  expect(status).toBe(200);
  expect(body).toEqual({
    windowMs: 30_000,
    windows: 0,
    agents: 0,
    modes: null,
    pairs: [],
    domains: [],
    domainPairs: [],
    suspects: [],
  });
});

test('pairs, domains, modes and what is avoided are shown', async () => {
  const { scheduler } = api.runtime.observed;
  const nowMs = Date.now();
  for (let window = 1; window <= 40; window++) {
    const at = nowMs - (40 - window) * 30_000;
    for (const id of ['a', 'b']) scheduler.observe(id as AgentId, 5, window % 4 !== 0, at);
    for (const [id, period] of [
      ['c', 3],
      ['d', 7],
    ] as const) {
      scheduler.observe(id as AgentId, 5, window % period !== 0, at);
    }
  }
  const { body } = await api.get('/api/v1/correlations');
  expect(body).toMatchObject({ windows: 40, agents: 4 });
  expect(body.pairs[0]).toMatchObject({ a: 'a', b: 'b', failuresA: 10, together: 10 });
  expect(body.pairs[0].failsWith).toBeGreaterThan(0.85);
  expect(body.domains[0]).toMatchObject({ label: 'zone', name: 'east', failing: 2 });
  expect(body.modes.effective).toBeGreaterThan(2.5);
  expect(body.modes.effective).toBeLessThan(3.2);
  expect(body.modes.strongest[0].agents.toSorted()).toEqual(['a', 'b']);
  expect(body.suspects).toMatchObject([{ label: 'zone', name: 'east', agents: 2, failing: 2 }]);
});

test('pairs can be of one agent, which must be known', async () => {
  const { body } = await api.get('/api/v1/correlations?agent=b');
  expect(body.pairs).toMatchObject([{ a: 'b', b: 'a', together: 10 }]);
  const missing = await api.get('/api/v1/correlations?agent=nobody');
  expect(missing.status).toBe(404);
  expect(missing.body.code).toBe('AGENT_NOT_FOUND');
  expect((await api.get('/api/v1/correlations?agents=b')).status).toBe(400);
});
