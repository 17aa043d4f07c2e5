/** Queues on the command line, against a real server that is killed on the way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runUqo, startUqo, type Ran, type Served } from './uqo-process.ts';

let folder = '';
let server: Served;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-queues-'));
  server = await startUqo(['--port', '0', '--data', 'data'], { cwd: folder });
});

afterAll(async () => {
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

const uqo = (...args: readonly string[]): Promise<Ran> =>
  runUqo(args, { cwd: folder, env: { UQO_URL: server.url } });

async function kill(): Promise<void> {
  server.signal('SIGKILL');
  await server.ended;
}

interface Answer {
  readonly id: string;
  readonly items: readonly { name: string }[];
}

async function api(method: string, path: string, body?: object): Promise<Answer> {
  const sent = { 'content-type': 'application/json' };
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    ...(body === undefined ? {} : { headers: sent, body: JSON.stringify(body) }),
  });
  expect(answer.status).toBeLessThan(300);
  return (await answer.json()) as Answer;
}

async function queues(): Promise<readonly { name: string }[]> {
  return (await api('GET', '/queues')).items;
}

test('a queue is removed once it is empty, and stays so after kill -9', async () => {
  await api('PUT', '/queues/mail', { strategy: 'born', concurrencyMax: 1 });
  await api('PUT', '/queues/team%2Fmail', {});
  const { id } = await api('POST', '/tasks', { type: 'never.served', queue: 'mail' });
  const held = await uqo('queue', 'rm', 'mail');
  expect(held.exitCode).toBe(1);
  expect(held.stderr).toContain('QUEUE_NOT_EMPTY');
  expect(held.stderr).toContain('got 1 waiting task of mail: first let the tasks end, or cancel');
  await api('POST', `/tasks/${id}/cancel`, { reason: 'not wanted' });
  expect(await uqo('queue', 'rm', 'mail')).toMatchObject({ exitCode: 0 });
  await kill();
  server = await startUqo(['--port', '0', '--data', 'data'], { cwd: folder });
  expect((await queues()).map(({ name }) => name)).toEqual(['team/mail']);
});

test('one that is gone or stays is told of, and a submit makes it anew', async () => {
  const gone = await uqo('queue', 'remove', 'mail');
  expect(gone).toMatchObject({ exitCode: 4 });
  expect(gone.stderr).toContain('list queues with `uqo queue list`');
  expect((await uqo('queue', 'rm', 'default')).stderr).toContain('QUEUE_IS_DEFAULT');
  expect((await uqo('queue', 'rm', 'team/mail')).exitCode).toBe(0);
  await api('POST', '/tasks', { type: 'never.served', queue: 'mail' });
  const items = await queues();
  expect(items).toMatchObject([{ name: 'mail', strategy: 'shortest-expected-delay', queued: 1 }]);
  expect(items[0]).not.toHaveProperty('concurrencyMax');
});
