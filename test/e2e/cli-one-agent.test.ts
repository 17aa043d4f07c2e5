/** Tasks for one agent, from the command line to its hands, over kill -9 of the server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { runUqo, startUqo, type Ran, type Served } from './uqo-process.ts';

let folder = '';
let server: Served;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-one-agent-'));
  server = await startUqo(['--port', '0', '--data', 'data'], { cwd: folder });
});

afterAll(async () => {
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

async function kill(): Promise<void> {
  server.signal('SIGKILL');
  await server.ended;
}

const uqo = (...args: readonly string[]): Promise<Ran> =>
  runUqo(args, { cwd: folder, env: { UQO_URL: server.url } });

async function answer<Value>(...args: readonly string[]): Promise<Value> {
  const ran = await uqo(...args, '--output', 'json');
  expect(ran.stderr).toBe('');
  return JSON.parse(ran.stdout) as Value;
}

interface Answer {
  readonly leases: { taskId: string; fencingToken: number }[];
}

async function post(path: string, body: object): Promise<{ status: number; body: Answer }> {
  const got = await fetch(`${server.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: got.status, body: (await got.json()) as Answer };
}

/** What the agent is handed by a poll. */
async function lease(id: string): Promise<{ taskId: string; fencingToken: number }[]> {
  await post('/agents', { id, capabilities: ['mail'] });
  return (await post(`/agents/${id}/lease`, { max: 1, waitMs: 0 })).body.leases;
}

async function explain(id: string): Promise<string> {
  const got = await fetch(`${server.url}/api/v1/tasks/${id}/explain`);
  return ((await got.json()) as { verdict: string }).verdict;
}

test('a task for an agent waits for it by name, dies there, and is redriven to another', async () => {
  const submit = ['task', 'submit', 'mail', '--agent', 'mailer-2', '--retry-attempts', '1'];
  const { id } = await answer<{ id: string }>(...submit);
  expect(await lease('mailer-1')).toEqual([]);
  expect(await explain(id)).toBe('it waits for agent mailer-2, which is not registered');
  const [held] = await lease('mailer-2');
  expect(held?.taskId).toBe(id);
  const error = { code: 'SMTP_DOWN', message: 'down' };
  await post(`/leases/${id}/fail`, { fencingToken: held?.fencingToken, error });

  const total = await answer('dlq', 'redrive', id, '--agent', 'mailer-3', '--yes');
  expect(total).toMatchObject({ matched: 1, done: 1 });
  await kill();
  server = await startUqo(['--port', '0', '--data', 'data'], { cwd: folder });
  expect(await explain(id)).toBe('it waits for agent mailer-3, which is not registered');
  const shown = await uqo('task', 'get', id);
  expect(shown.stdout).toContain('mail on mailer-3 only');
  expect(await lease('mailer-1')).toEqual([]);

  const place = ['bulk', 'reprioritise', 'state:queued', '--yes'];
  expect(await answer(...place, '--any-agent')).toMatchObject({ done: 1 });
  expect((await lease('mailer-1')).map(({ taskId }) => taskId)).toEqual([id]);
});

test('an agent is named through the SDK and over HTTP, and wrong names are refused', async () => {
  const client = new Client({ url: server.url });
  const requires = { agent: 'sdk-1' };
  const handle = await client.submit({ type: 'mail', requires, retry: { attemptsMax: 1 } });
  const [held] = await lease('sdk-1');
  expect(held?.taskId).toBe(handle.id);
  const error = { code: 'SMTP_DOWN', message: 'down' };
  await post(`/leases/${handle.id}/fail`, { fencingToken: held?.fencingToken, error });
  const again = await client.deadLetters.redrive(handle.id, { requires: { agent: 'sdk-2' } });
  expect(again.requires).toMatchObject({ agent: 'sdk-2' });
  await client.close();

  const refused = async (fields: object) =>
    (await post('/tasks', { type: 'mail', ...fields })).body;
  expect(await refused({ requires: { agent: '' } })).toMatchObject({ path: '/requires/agent' });
  expect(await refused({ requires: { agent: null } })).toMatchObject({ code: 'INVALID_REQUEST' });
  expect(await refused({ requires: { agent: ['a'] } })).toMatchObject({ code: 'INVALID_REQUEST' });
  expect(await refused({ requires, redundancy: { copies: 2 } })).toMatchObject({
    code: 'INVALID_REQUEST',
    path: '/requires/agent',
  });
  const both = await uqo('dlq', 'redrive', handle.id, '--agent', 'a', '--any-agent');
  expect(both.exitCode).toBe(2);
});
