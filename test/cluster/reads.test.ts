/** A task is read from whichever node is asked, and what was acknowledged is always in it: real processes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClusterProcesses } from './cluster-processes.ts';

let cluster: ClusterProcesses;
beforeAll(async () => {
  cluster = await ClusterProcesses.start(['n1', 'n2', 'n3']);
});
afterAll(() => cluster.dispose());

async function call(node: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${cluster.urlOf(node)}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function submit(node: string): Promise<string> {
  const answer = await call(node, 'POST', '/tasks', { type: 'nobody', payload: 1 });
  return ((await answer.json()) as { id: string }).id;
}

async function stateAt(node: string, id: string): Promise<unknown> {
  const answer = await call(node, 'GET', `/tasks/${id}`);
  return answer.ok ? ((await answer.json()) as { state: string }).state : answer.status;
}

/** Requests that a node has carried to the leader. */
async function carried(node: string): Promise<number> {
  const text = await (await fetch(`${cluster.urlOf(node)}/metrics`)).text();
  return Number(/uqo_forwarded_requests_total\{outcome="answered"\} (\d+)/.exec(text)?.[1]);
}

test('what was acknowledged a moment ago is read at any follower, which carries nothing for it', async () => {
  const leader = await cluster.leader();
  const others = cluster.ids.filter((id) => id !== leader);
  const before = await Promise.all(others.map((node) => carried(node)));
  for (let n = 0; n < 100; n++) {
    const id = await submit(leader);
    const states = await Promise.all(others.map((node) => stateAt(node, id)));
    expect(states).toEqual(['queued', 'queued']);
    expect((await call(leader, 'POST', `/tasks/${id}/cancel`, {})).ok).toBe(true);
    expect(await Promise.all(others.map((node) => stateAt(node, id)))).toEqual([
      'canceled',
      'canceled',
    ]);
  }
  expect(await Promise.all(others.map((node) => carried(node)))).toEqual(before);
}, 60_000);

test('a follower that no majority speaks with does not answer from what it has, unless old is good enough', async () => {
  const leader = await cluster.leader();
  const [cut = '', other = ''] = cluster.ids.filter((id) => id !== leader);
  const id = await submit(leader);
  expect(await stateAt(cut, id)).toBe('queued');
  cluster.pause(leader);
  cluster.pause(other);
  try {
    expect(await stateAt(cut, id)).toBe(503);
    expect((await call(cut, 'GET', `/tasks/${id}?stale=ok`)).status).toBe(200);
  } finally {
    cluster.goOn(leader);
    cluster.goOn(other);
  }
  await cluster.until('it does not answer again', async () =>
    (await stateAt(cut, id)) === 'queued' ? true : null,
  );
}, 60_000);
