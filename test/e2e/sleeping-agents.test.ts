/** Agents that are not always there, against a real server, over HTTP and on the command line. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runUqo, startUqo, type Served } from './uqo-process.ts';

const SECRET = 'a secret of sixteen bytes or more';

interface Called {
  readonly id: string;
  readonly isSigned: boolean;
  readonly lease: {
    readonly taskId: string;
    readonly fencingToken: number;
    readonly payload: unknown;
  };
}

let folder = '';
let server: Served;
let agent: Server;
const called: Called[] = [];
const env = {
  UQO_WEBHOOKS_SECRET_FILE: 'secret',
  UQO_WEBHOOKS_ALLOW: '127.0.0.1',
};

/** A function that is called: it answers at once, or takes the lease where the task says so. */
function callee(): Server {
  return createServer((request, response) => {
    void text(request).then((body) => {
      const { headers } = request;
      const id = headers['webhook-id'] as string;
      const signed = `${id}.${String(headers['webhook-timestamp'])}.${body}`;
      const hash = createHmac('sha256', SECRET).update(signed).digest('base64');
      const isSigned = headers['webhook-signature'] === `v1,${hash}`;
      const { lease } = JSON.parse(body) as Pick<Called, 'lease'>;
      called.push({ id, isSigned, lease });
      if (lease.payload === 'later') response.writeHead(202).end();
      else response.end(JSON.stringify({ result: { echo: lease.payload } }));
    });
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-sleep-'));
  writeFileSync(join(folder, 'secret'), `${SECRET}\n`);
  agent = callee();
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  server = await startUqo(['--port', '0', '--data', 'data', '--no-agents'], { cwd: folder, env });
});
afterAll(async () => {
  server.signal('SIGKILL');
  await server.ended;
  agent.closeAllConnections();
  agent.close();
  rmSync(folder, { recursive: true, force: true });
});

async function api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const init = {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
  };
  const answer = await fetch(`${server.url}/api/v1${path}`, init);
  return (await answer.json()) as Record<string, unknown>;
}

async function cli(...args: readonly string[]): Promise<string> {
  const ran = await runUqo(args, { cwd: folder, env: { UQO_URL: server.url } });
  expect(ran).toMatchObject({ exitCode: 0 });
  return ran.stdout;
}

const result = (id: unknown): Promise<Record<string, unknown>> =>
  api('GET', `/tasks/${String(id)}/result?waitMs=20000`);

test('a webhook is called, signed, and its answer is the result; one that takes its lease reports', async () => {
  const { port } = agent.address() as AddressInfo;
  const availability = { kind: 'webhook', url: `http://127.0.0.1:${port}/tasks` };
  const registered = await api('POST', '/agents', {
    id: 'function',
    capabilities: ['greet'],
    availability,
  });
  expect(registered).toMatchObject({ state: 'asleep', connection: 'webhook', availability });
  const now = await api('POST', '/tasks', { type: 'greet', payload: 'now' });
  expect(await result(now['id'])).toMatchObject({ state: 'completed', result: { echo: 'now' } });
  const later = await api('POST', '/tasks', { type: 'greet', payload: 'later' });
  const lease = await new Promise<Called['lease']>((resolve) => {
    const look = (): void => {
      const taken = called.find((each) => each.lease.taskId === later['id']);
      if (taken === undefined) setImmediate(look);
      else resolve(taken.lease);
    };
    look();
  });
  const { fencingToken } = lease;
  const path = `/leases/${lease.taskId}/complete`;
  const stale = await api('POST', path, { fencingToken: fencingToken - 1, result: 'stale' });
  expect(stale).toMatchObject({ code: 'LEASE_FENCED' });
  await api('POST', path, { fencingToken, result: 'done' });
  expect(await result(later['id'])).toMatchObject({ state: 'completed', result: 'done' });
  expect(called.map(({ isSigned }) => isSigned)).toEqual([true, true]);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('uqo_webhook_calls_total{outcome="answered"} 1');
  expect(metrics).toContain('uqo_webhook_calls_total{outcome="taken"} 1');
});

test('one that polls is shown asleep, tasks wait for it, and it takes them when it comes by', async () => {
  const availability = { kind: 'poll', everyMs: 3_600_000, graceMs: 60_000 };
  await api('POST', '/agents', { id: 'meter', capabilities: ['measure'], availability });
  const task = await api('POST', '/tasks', { type: 'measure' });
  const explained = await api('GET', `/tasks/${String(task['id'])}/explain`);
  const until = /^the only agent that offers capability measure is asleep until (.+)$/;
  expect(explained['verdict']).toMatch(until);
  const list = await cli('agent', 'list');
  expect(list).toMatch(/meter +asleep/);
  expect(list).toMatch(/in (59m|1h 0m)/);
  expect(await cli('agent', 'get', 'meter')).toContain('comes by every 1h 0m, or 1m 0s later');
  expect(await cli('status')).toContain('2 asleep');
  const { leases } = await api('POST', '/agents/meter/lease', { max: 5 });
  const [lease] = leases as { readonly taskId: string; readonly fencingToken: number }[];
  expect(lease?.taskId).toBe(task['id']);
  const { fencingToken } = lease ?? { fencingToken: 0 };
  await api('POST', `/leases/${String(task['id'])}/complete`, { fencingToken, result: 21.5 });
  expect(await result(task['id'])).toMatchObject({ result: 21.5 });
  expect(await api('GET', '/agents/meter')).toMatchObject({ state: 'asleep' });
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('uqo_agents{state="asleep"} 2');
});

test('what may not be called, or never comes, is refused with its reason', async () => {
  const register = (availability: object): Promise<Record<string, unknown>> =>
    api('POST', '/agents', { id: 'odd', capabilities: ['x'], availability });
  const inner = { kind: 'webhook', url: 'http://169.254.169.254/latest' };
  expect(await register(inner)).toMatchObject({ status: 400, code: 'WEBHOOK_ADDRESS_REFUSED' });
  const hours = { kind: 'schedule', openMs: 60_000 };
  expect(await register({ ...hours, cron: '0 99 * * *' })).toMatchObject({
    status: 400,
    code: 'SCHEDULE_INVALID',
  });
  expect(await register(hours)).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  expect(await register({ kind: 'never' })).toMatchObject({
    detail: '/availability/kind must be one of always, poll, schedule, webhook',
  });
  expect(await register({ kind: 'poll', everyMs: 5 })).toMatchObject({
    path: '/availability/everyMs',
  });
  expect(await register({ kind: 'poll', everyMs: 5_000, url: 'https://a.example' })).toMatchObject({
    detail: '/availability/url must not be there, of kind poll',
  });
  expect(await api('POST', '/agents/function/lease', {})).toMatchObject({
    status: 409,
    code: 'AGENT_IS_CALLED',
  });
});
