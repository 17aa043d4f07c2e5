/** Output of a task: followed over killed servers, cut connections and restarts, without gaps or repeats. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Agent, Client, type OutputItem } from '../../src/client/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';
import { freePort } from './free-port.ts';
import { NODE_FLAGS } from './node-flags.ts';

const SERVER = join(import.meta.dirname, 'output-server.ts');
const CHUNKS = 400;

async function startServer(folder: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...NODE_FLAGS, SERVER, folder, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

async function kill(server: ChildProcess): Promise<void> {
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

test('a follower gets every chunk once, in order, over a server that is killed twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-output-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server = await startServer(folder, port);
  const agent = new Agent({
    url,
    id: 'model',
    capabilities: ['write'],
    onError: () => undefined,
    handler: async (_task, { emit }) => {
      for (let i = 0; i < CHUNKS; i++) {
        emit({ i });
        await delay(5);
      }
      return CHUNKS;
    },
  });
  const client = new Client({ url });
  try {
    await agent.start();
    const task = await client.submit({ type: 'write' });
    const seen: OutputItem[] = [];
    const killAt = [40, 220];
    for await (const item of client.output(task.id)) {
      seen.push(item);
      if (seen.length !== killAt[0]) continue;
      killAt.shift();
      await kill(server);
      server = await startServer(folder, port);
    }
    expect(killAt).toEqual([]);
    expect(seen.map(({ chunk }) => (chunk as { i: number }).i)).toEqual(
      Array.from({ length: CHUNKS }, (_, i) => i),
    );
    expect(seen.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(await task.result()).toBe(CHUNKS);
    // All of it is still there after another kill, from any place.
    await kill(server);
    server = await startServer(folder, port);
    const rest: number[] = [];
    const cursor = seen[CHUNKS - 3]?.cursor as string;
    for await (const { seq } of client.output(task.id, { cursor })) rest.push(seq);
    expect(rest).toEqual([CHUNKS - 2, CHUNKS - 1]);
  } finally {
    await agent.stop(0);
    await client.close();
    await kill(server);
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

let api: ApiFixture;
beforeEach(async () => {
  api = await openApi();
});
afterEach(() => api.close());

async function leaseOne(): Promise<{ id: string; fencingToken: number }> {
  await api.post('/api/v1/agents', { id: 'poller', capabilities: ['write'] });
  const { body: task } = await api.post('/api/v1/tasks', { type: 'write' });
  const { body } = await api.post('/api/v1/agents/poller/lease', { max: 1, waitMs: 5_000 });
  return { id: task.id as string, fencingToken: body.leases[0].fencingToken as number };
}

test('pages of output go on from their cursor, which is good for its task only', async () => {
  const { fencingToken, id } = await leaseOne();
  for (const chunk of ['one', 'two', 'three']) {
    const said = await api.post(`/api/v1/leases/${id}/progress`, { fencingToken, chunk });
    expect(said.status).toBe(200);
  }
  const first = await api.get(`/api/v1/tasks/${id}/output?limit=2`);
  expect(first.body).toMatchObject({ done: false, items: [{ chunk: 'one' }, { chunk: 'two' }] });
  const next = await api.get(`/api/v1/tasks/${id}/output?cursor=${first.body.nextCursor}`);
  expect(next.body).toMatchObject({ done: false, items: [{ seq: 2, attempt: 1, chunk: 'three' }] });
  const waiting = api.get(`/api/v1/tasks/${id}/output?cursor=${next.body.nextCursor}&waitMs=60000`);
  await api.post(`/api/v1/leases/${id}/complete`, { fencingToken });
  expect((await waiting).body).toMatchObject({ items: [], done: true, state: 'completed' });

  const late = await api.post(`/api/v1/leases/${id}/progress`, { fencingToken, chunk: 'late' });
  expect(late).toMatchObject({ status: 409, body: { code: 'LEASE_FENCED' } });
  const { body: other } = await api.post('/api/v1/tasks', { type: 'write' });
  const codes = [];
  for (const path of [
    `${other.id}/output?cursor=${first.body.nextCursor}`,
    `${id}/output?cursor=nonsense`,
    `00000000-0000-7000-8000-000000000000/output`,
  ]) {
    codes.push((await api.get(`/api/v1/tasks/${path}`)).body.code);
  }
  expect(codes).toEqual(['CURSOR_OTHER_TASK', 'CURSOR_INVALID', 'TASK_NOT_FOUND']);
});

test('a result of the wrong shape is refused with its faults, and the next lease says so', async () => {
  await api.post('/api/v1/agents', { id: 'poller', capabilities: ['write'] });
  const resultSchema = { type: 'object', required: ['title'] };
  const submitted = { type: 'write', resultSchema, retry: { delayMs: 0 } };
  const { body: task } = await api.post('/api/v1/tasks', submitted);
  const poll = { max: 1, waitMs: 5_000 };
  const { body: first } = await api.post('/api/v1/agents/poller/lease', poll);
  const [{ fencingToken }] = first.leases;
  const wrong = await api.post(`/api/v1/leases/${task.id}/complete`, { fencingToken, result: {} });
  expect(wrong).toMatchObject({ status: 422, body: { code: 'RESULT_INVALID' } });
  const { body: second } = await api.post('/api/v1/agents/poller/lease', poll);
  expect(second.leases[0]).toMatchObject({
    attempt: 2,
    lastError: { code: 'RESULT_INVALID', attempt: 1, agentId: 'poller' },
    critique: expect.stringContaining('title') as string,
  });
  // A polling agent hears of a cancel where it says that it is alive.
  await api.post(`/api/v1/tasks/${task.id}/cancel`, { graceMs: 60_000, reason: 'enough' });
  const token = second.leases[0].fencingToken as number;
  const alive = await api.post(`/api/v1/leases/${task.id}/progress`, { fencingToken: token });
  expect(alive.body).toMatchObject({ state: 'running', cancelRequested: { reason: 'enough' } });
  await api.post(`/api/v1/leases/${task.id}/fail`, {
    fencingToken: token,
    error: { code: 'STOPPED' },
    critique: 'no more',
  });
  const { body: ended } = await api.get(`/api/v1/tasks/${task.id}`);
  expect(ended).toMatchObject({ state: 'canceled', reason: 'enough' });
});
