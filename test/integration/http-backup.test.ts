/** Backups over HTTP: whole, one at a time, and none left behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { restoreBackup } from '../../src/runtime/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;
const folder = mkdtempSync(join(tmpdir(), 'uqo-http-backup-'));
beforeAll(async () => (api = await openApi()));
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

test('what is downloaded can be restored', async () => {
  await api.post('/api/v1/tasks', { tasks: Array.from({ length: 50 }, () => ({ type: 'x' })) });
  const answer = await fetch(`${api.url}/api/v1/backup`);
  expect(answer.headers.get('content-type')).toBe('application/x-tar');
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="uqo-.*\.tar"$/);
  const file = join(folder, 'all.tar');
  writeFileSync(file, await answer.bytes());
  expect(await restoreBackup({ file, dataDir: null })).toMatchObject({ liveTasks: 50 });
});

test('a second one is refused until whoever took the first has gone', async () => {
  // Larger than what the sockets in between hold.
  const payload = 'x'.repeat(900_000);
  for (let n = 0; n < 20; n++) await api.post('/api/v1/tasks', { type: 'x', payload });
  const leaving = new AbortController();
  const first = await fetch(`${api.url}/api/v1/backup`, { signal: leaving.signal });
  const second = await api.get('/api/v1/backup');
  expect(second).toMatchObject({ status: 409, body: { code: 'BACKUP_RUNNING' } });
  leaving.abort();
  await expect(first.bytes()).rejects.toThrow();
  await expect.poll(async () => (await api.request('GET', '/api/v1/backup')).status).toBe(200);
});
