/** A backup of a running server, restored, and served again by another. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchServer } from './scratch-server.ts';
import { runUqo, startUqo } from './uqo-process.ts';

const scratch = scratchServer();
const { answer, uqo } = scratch;

test('takes everything along, and says what it will not take', async () => {
  const waiting = ['task', 'submit', 'nobody.does', '--payload', '{"n":1}'];
  const { id } = await answer<{ id: string }>(...waiting);
  const saved = await answer<{ bytes: number }>('backup', 'all.tar');
  expect(saved.bytes).toBeGreaterThan(10_000);
  expect((await uqo('backup', 'all.tar')).stderr).toContain('FILE_EXISTS');
  expect(readdirSync(join(scratch.folder, 'data')).join(' ')).not.toContain('backup-stage');

  expect(await answer('restore', 'all.tar', '--check')).toMatchObject({ liveTasks: 1 });
  expect((await uqo('restore', 'all.tar')).exitCode).toBe(2);
  const again = await uqo('restore', 'all.tar', '--data', 'data');
  expect(again).toMatchObject({ exitCode: 11 });
  expect(again.stderr).toContain('RESTORE_FOLDER_IN_USE');
  await answer('restore', 'all.tar', '--data', 'second');
  const cwd = scratch.folder;
  const second = await startUqo(['--port', '0', '--data', 'second'], { cwd });
  const got = await runUqo(['task', 'get', id, '-o', 'json'], {
    cwd,
    env: { UQO_URL: second.url },
  });
  expect(JSON.parse(got.stdout)).toMatchObject({ id, state: 'queued', payload: { n: 1 } });
  second.signal('SIGTERM');
  await second.ended;
});
