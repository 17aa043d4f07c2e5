import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createApiServer } from '../../src/api/index.ts';
import { systemClock } from '../../src/runtime/index.ts';
import { EventReader, openApi, until } from './api-fixture.ts';

/** Long enough that a test which needs it fails by its own time limit. */
const NEVER_MS = 600_000;

test('a stop answers waiting requests and ends streams, without its grace', async () => {
  const api = await openApi();
  await api.post('/api/v1/agents', { id: 'a', capabilities: ['x'] });
  const { body } = await api.post('/api/v1/tasks', { type: 'y' });
  const stream = await EventReader.open(`${api.url}/api/v1/tasks/${body.id}/events`);
  expect((await stream.next())?.event).toBe('snapshot');
  const lease = api.post('/api/v1/agents/a/lease', { waitMs: 60_000 });
  const result = api.get(`/api/v1/tasks/${body.id}/result?waitMs=60000`);
  await until(
    () => api.metrics.render(),
    (text) =>
      text.includes('uqo_stream_clients{transport="poll"} 2') &&
      text.includes('uqo_stream_clients{transport="sse"} 1'),
  );
  await api.server.close(NEVER_MS);
  expect((await lease).body).toEqual({ leases: [] });
  expect([(await result).status, (await result).body.state]).toEqual([202, 'queued']);
  expect(await stream.next()).toBeNull();
  await expect(api.get('/health/live')).rejects.toThrow();
  await api.close();
});

test('connections that do not end by themselves are cut after the grace', async () => {
  const api = await openApi();
  api.server.onUpgrade('/socket', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
  });
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /socket?a=1 HTTP/1.1\r\nhost: ${hostname}\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n`,
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101/);
  const closed = once(socket, 'close');
  await api.server.close(1);
  await closed;
  await api.close();
});

test('an upgrade of an unknown path or another site is refused', async () => {
  const api = await openApi();
  api.server.onUpgrade('/socket', (_request, socket) => socket.end('HTTP/1.1 101 X\r\n\r\n'));
  const { hostname, port } = new URL(api.url);
  const ask = async (path: string, origin: string): Promise<string> => {
    const socket = connect(Number(port), hostname);
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n${origin}upgrade: x\r\nconnection: upgrade\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    return head.toString().slice(9, 12);
  };
  expect(await ask('/socket', '')).toBe('101');
  expect(await ask('/socket', `origin: http://${hostname}:${port}\r\n`)).toBe('101');
  expect(await ask('/socket', 'origin: http://evil.example\r\n')).toBe('403');
  expect(await ask('/elsewhere', '')).toBe('404');
  await api.close();
});

test('readiness ends with the runtime', async () => {
  const api = await openApi();
  expect((await api.get('/health/ready')).status).toBe(200);
  await api.runtime.close();
  const ready = await api.get('/health/ready');
  expect([ready.status, ready.body.code]).toEqual([503, 'STOPPED']);
  expect((await api.get('/health/live')).status).toBe(200);
  const refused = await api.post('/api/v1/tasks', { type: 'x' });
  expect([refused.status, refused.body.code]).toEqual([503, 'STOPPED']);
  expect(refused.headers.get('retry-after')).toBe('5');
  await api.close();
});

test('an address that others can reach is refused unless it is allowed, which is logged', async () => {
  const api = await openApi();
  const { metrics, runtime } = api;
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const logger = {
    isLevelEnabled: () => false,
    debug: note,
    info: note,
    warn: note,
    error: note,
  };
  const options = { runtime, metrics, logger, version: 'test', port: 0, host: '0.0.0.0' };
  await expect(createApiServer(options)).rejects.toMatchObject({ code: 'INSECURE_BIND' });
  const server = await createApiServer({ ...options, allowInsecurePublicBind: true });
  expect(lines).toHaveLength(1);
  const url = await server.listen();
  const answer = await fetch(url.replace('0.0.0.0', '127.0.0.1') + '/health/live');
  expect(answer.status).toBe(200);
  await server.close();
  await api.close();
});

test('streams are bounded in number and beat while nothing happens', async () => {
  const api = await openApi({ openRequests: { sse: 1, poll: 1 }, heartbeatMs: 5 });
  const stream = await EventReader.open(`${api.url}/api/v1/events`);
  const refused = await api.get('/api/v1/events');
  expect([refused.status, refused.body.code]).toEqual([503, 'STREAM_LIMIT']);
  expect(refused.headers.get('retry-after')).toBe('5');
  const next = stream.next();
  await until(
    () => Promise.resolve(stream.comments),
    (comments) => comments >= 2,
  );
  await api.post('/api/v1/tasks', { type: 'x' });
  expect((await next)?.event).toBe('task.submitted');
  stream.close();
  await until(
    () => api.metrics.render(),
    (text) => text.includes('{transport="sse"} 0'),
  );
  const again = await EventReader.open(`${api.url}/api/v1/events`);
  expect(again.status).toBe(200);
  again.close();
  await api.close();
});

test('a reader that leaves too much unread is cut off', async () => {
  const api = await openApi({ streamBytesMax: 10_000 });
  await api.post('/api/v1/agents', { id: 'a', capabilities: ['x'] });
  const { body } = await api.post('/api/v1/tasks', { type: 'x' });
  const { body: leased } = await api.post('/api/v1/agents/a/lease', { waitMs: 10_000 });
  const { fencingToken } = leased.leases[0];
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET /api/v1/tasks/${body.id}/events HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  const note = 'n'.repeat(1_000);
  let told = 0;
  for (; told < 100_000 && api.runtime.feed.listeners > 0; told++) {
    api.runtime.agents.progress({ taskId: body.id, fencingToken }, null, note);
  }
  expect(told).toBeGreaterThan(5);
  expect(told).toBeLessThan(100_000);
  expect(await api.metrics.render()).toContain('uqo_stream_clients{transport="sse"} 0');
  socket.destroy();
  await api.close();
});

test('a lease request that does not wait gets what is there', async () => {
  // No time passes between the request and the end of its wait.
  const setTimer = (delayMs: number, callback: () => void): (() => void) => {
    if (delayMs > 0) return systemClock.setTimer(delayMs, callback);
    callback();
    return () => undefined;
  };
  const api = await openApi({ clock: { ...systemClock, setTimer } });
  await api.post('/api/v1/agents', { id: 'a', capabilities: ['x'], slots: 5 });
  const submitted = await api.post('/api/v1/tasks', { tasks: [{ type: 'x' }, { type: 'x' }] });
  const { body } = await api.post('/api/v1/agents/a/lease', { max: 5 });
  const ids = (of: readonly { id?: string; taskId?: string }[]): unknown =>
    of.map((one) => one.id ?? one.taskId);
  expect(ids(body.leases)).toEqual(ids(submitted.body.tasks));
  await api.close();
});

test('leases whose answer did not get out go to the next request', async () => {
  const api = await openApi();
  await api.post('/api/v1/agents', { id: 'a', capabilities: ['x'], slots: 30 });
  const payload = 'x'.repeat(900_000);
  for (let at = 0; at < 3; at++) {
    const tasks = Array.from({ length: 10 }, () => ({ type: 'x', payload }));
    expect((await api.post('/api/v1/tasks', { tasks })).status).toBe(201);
  }
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  const request = JSON.stringify({ max: 30, waitMs: 60_000 });
  socket.write(
    `POST /api/v1/agents/a/lease HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${request.length}\r\n\r\n${request}`,
  );
  // 27 MB are more than the connection holds: the answer cannot be out yet.
  await once(socket, 'data');
  socket.destroy();
  const { body } = await until(
    () => api.get('/api/v1/agents/a'),
    (answer) => answer.body.running === 0,
  );
  expect(body.state).toBe('ready');
  const again = await api.post('/api/v1/agents/a/lease', { max: 30, waitMs: 60_000 });
  expect(again.body.leases).toHaveLength(30);
  const attempts = again.body.leases.map((lease: { attempt: number }) => lease.attempt);
  expect(new Set(attempts)).toEqual(new Set([1]));
  await api.close();
});

test('a kept connection ends with the answer that was under way at a stop', async () => {
  const api = await openApi();
  await api.post('/api/v1/agents', { id: 'a', capabilities: ['x'] });
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  const request = JSON.stringify({ waitMs: 60_000 });
  socket.write(
    `POST /api/v1/agents/a/lease HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${request.length}\r\n\r\n${request}`,
  );
  await until(
    () => api.get('/api/v1/agents/a'),
    ({ body }) => body.connection === 'poll',
  );
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await Promise.all([once(socket, 'end'), api.server.close(NEVER_MS)]);
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 200 [^]*\{"leases":\[\]\}$/);
  await api.close();
});

test('a connection that never asked anything does not hold a stop up', async () => {
  const api = await openApi();
  const { hostname, port } = new URL(api.url);
  const accepted = once(api.server.http, 'connection');
  const socket = connect(Number(port), hostname);
  await accepted;
  await Promise.all([once(socket, 'close'), api.server.close(NEVER_MS)]);
  await api.close();
});
