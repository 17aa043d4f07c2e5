import { expect, test } from 'vitest';
import { openApi } from './api-fixture.ts';

test('agents are listed by state, capability, zone and label, and an odd label is refused', async () => {
  const api = await openApi();
  const zones = ['eu', 'eu', 'us'];
  for (const [index, zone] of zones.entries()) {
    const capabilities = index === 1 ? ['work', 'draw'] : ['work'];
    await api.post('/api/v1/agents', { id: `a${index}`, capabilities, labels: { zone } });
  }
  await api.post('/api/v1/agents/a2/drain');
  const idsOf = async (query: string): Promise<string[]> => {
    const { body } = await api.get(`/api/v1/agents?${query}`);
    return body.items.map(({ id }: { id: string }) => id);
  };
  expect(await idsOf('zone=eu')).toEqual(['a0', 'a1']);
  expect(await idsOf('label=zone%3Dus')).toEqual(['a2']);
  expect(await idsOf('capability=draw')).toEqual(['a1']);
  expect(await idsOf('state=draining')).toEqual(['a2']);
  expect(await idsOf('state=ready&zone=us')).toEqual([]);
  expect((await api.get('/api/v1/agents?label=zone')).status).toBe(400);
  expect((await api.get('/api/v1/agents?state=tired')).status).toBe(400);
  await api.close();
});
