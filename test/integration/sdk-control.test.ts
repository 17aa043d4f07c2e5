/** What operators set, through the SDK: limits, weights, breakers, the kill switch, dead letters. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';

const UNKNOWN = '0198c0de-7a11-7000-8000-000000000000';

let api: ApiFixture;
let client: Client;

beforeAll(async () => {
  api = await openApi();
  client = new Client({ url: api.url });
});

afterAll(async () => {
  await client.close();
  await api.close();
});

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was refused',
    ({ code }: { code: string }) => code,
  );

test('limits and weights are set, seen, and hold tasks back', async () => {
  const rate = { units: 10, perMs: 60_000 };
  expect(await client.limits.set('a/b:c', { rate })).toMatchObject({ name: 'a/b:c', rate });
  expect(await client.limits.get('a/b:c')).toMatchObject({ rate });
  expect(await client.limits.list()).toHaveLength(1);
  const uses = { limits: [{ name: 'a/b:c', units: 11 }] };
  expect(await codeOf(client.submit({ type: 'work', ...uses }))).toBe('LIMIT_IMPOSSIBLE');
  await client.limits.remove('a/b:c');
  expect(await codeOf(client.limits.get('a/b:c'))).toBe('LIMIT_NOT_FOUND');

  expect(await client.fairness.set({ weights: { blue: 3 } })).toMatchObject({
    weights: { blue: 3 },
  });
  expect(await client.fairness.get()).toMatchObject({ weights: { blue: 3 } });
});

test('breakers are set, forced and reset', async () => {
  const { breakers } = client;
  expect(await breakers.setKind('capability', { callsMin: 7 })).toMatchObject({
    kind: 'capability',
    settings: { callsMin: 7 },
  });
  expect(await breakers.set('downstream', 'open/ai', { openMs: 50 })).toMatchObject({
    own: { openMs: 50 },
  });
  const backwards = { openMs: 5_000, openMsMax: 1_000 };
  expect(await codeOf(breakers.setKind('agent', backwards))).toBe('INVALID_REQUEST');
  const why = { reason: 'their status page', by: 'ann' };
  expect(await breakers.open('downstream', 'open/ai', why)).toMatchObject({
    forced: 'open',
    ...why,
  });
  expect((await breakers.list({ state: 'open' })).items).toMatchObject([{ name: 'open/ai' }]);
  expect(await breakers.close('downstream', 'open/ai')).toMatchObject({ forced: 'closed' });
  expect(await breakers.reset('downstream', 'open/ai')).toMatchObject({ forced: null });
  expect(await breakers.get('downstream', 'open/ai')).toMatchObject({ state: 'closed' });
  expect(await codeOf(breakers.get('agent', 'nobody'))).toBe('BREAKER_NOT_FOUND');
});

test('trees, agents and namespaces are killed, and the latter two restored', async () => {
  const { kills } = client;
  const why = { reason: 'too dear', by: 'ann' };
  const { id } = await client.submit({ type: 'work', namespace: 'team' });
  expect(await kills.namespace('team', why)).toMatchObject([{ target: 'team', ...why }]);
  expect((await client.explain(id)).verdict).toContain('namespace team was killed');
  expect(await kills.restoreNamespace('team')).toEqual([]);
  await kills.tree(id, why);
  expect(await client.task(id)).toMatchObject({ state: 'canceled', reason: 'killed' });
  await api.post('/api/v1/agents', { id: 'mad', capabilities: ['rage'] });
  expect(await kills.agent('mad', why)).toContainEqual(expect.objectContaining({ target: 'mad' }));
  await kills.restoreAgent('mad');
  expect((await kills.list()).filter(({ kind }) => kind === 'agent')).toEqual([]);
  expect(await codeOf(kills.restoreAgent('mad'))).toBe('NOT_KILLED');
  expect(await codeOf(kills.tree(UNKNOWN, why))).toBe('TASK_NOT_FOUND');
});

test('dead letters are listed and purged, recoveries and checks are seen', async () => {
  const past = { deadlineAt: '2020-01-01T00:00:00Z' };
  const handles = await client.submitMany(
    ['late', 'late', 'other'].map((type) => ({ type, ...past })),
  );
  for (const handle of handles)
    await expect(handle.result()).rejects.toMatchObject({ state: 'failed' });
  const seen: string[] = [];
  for await (const { id } of client.deadLetters.list({ type: 'late' })) seen.push(id);
  expect(seen.toSorted()).toEqual(
    handles
      .slice(0, 2)
      .map(({ id }) => id)
      .toSorted(),
  );
  expect(await client.deadLetters.purge([...seen, UNKNOWN])).toMatchObject({ matched: 2, done: 2 });
  expect(await client.recoveries()).toMatchObject({ nextCursor: null });
  expect(await codeOf(client.task(UNKNOWN))).toBe('TASK_NOT_FOUND');
});
