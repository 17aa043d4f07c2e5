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

async function queueNames(): Promise<readonly string[]> {
  const { stdout } = await uqo('queue', 'list', '--output', 'json');
  const { items } = JSON.parse(stdout) as { items: readonly { name: string }[] };
  return items.map(({ name }) => name);
}

test('a queue is removed once it is empty, stays so after kill -9, and comes back as new', async () => {
  await uqo('queue', 'set', 'mail', '--strategy', 'born', '--concurrency', '1');
  await uqo('queue', 'set', 'team/mail', '--depth-max', '9');
  const submit = ['task', 'submit', 'never.served', '--queue', 'mail', '--output', 'json'];
  const { id } = JSON.parse((await uqo(...submit)).stdout) as { id: string };
  const held = await uqo('queue', 'rm', 'mail');
  expect(held.exitCode).toBe(1);
  expect(held.stderr).toContain('QUEUE_NOT_EMPTY');
  expect(held.stderr).toContain('got 1 waiting task of mail: first let the tasks end, or cancel');
  expect((await uqo('task', 'cancel', id)).exitCode).toBe(0);
  expect(await uqo('queue', 'rm', 'mail')).toMatchObject({ exitCode: 0 });
  await kill();

  server = await startUqo(['--port', '0', '--data', 'data'], { cwd: folder });
  expect(await queueNames()).not.toContain('mail');
  expect(await queueNames()).toContain('team/mail');
  const gone = await uqo('queue', 'remove', 'mail');
  expect(gone).toMatchObject({ exitCode: 4 });
  expect(gone.stderr).toContain('list queues with `uqo queue list`');
  expect((await uqo('queue', 'rm', 'default')).stderr).toContain('QUEUE_IS_DEFAULT');
  expect((await uqo('queue', 'rm', 'team/mail')).exitCode).toBe(0);
  await uqo(...submit);
  const { stdout } = await uqo('queue', 'list', '--output', 'json');
  const { items } = JSON.parse(stdout) as { items: readonly object[] };
  expect(items).toContainEqual(
    expect.objectContaining({ name: 'mail', strategy: 'least-loaded', queued: 1 }),
  );
  expect(items).not.toContainEqual(expect.objectContaining({ concurrencyMax: 1 }));
});
