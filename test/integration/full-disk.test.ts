/** A disk that is really full: a small file system in memory, which only root may mount. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRuntime } from '../../src/runtime/index.ts';

const isAble = process.platform === 'linux' && process.getuid?.() === 0;
const MIB = 1024 * 1024;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'uqo-full-'));
  if (isAble) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96M', 'tmpfs', folder]);
});
afterEach(() => {
  if (isAble) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
});

/** Takes all the space that is left. */
function fill(): void {
  const chunk = Buffer.alloc(MIB);
  for (let i = 0; ; i++) {
    try {
      writeFileSync(path.join(folder, `fill-${i}`), chunk);
    } catch {
      // Full is what it was to become.
      return;
    }
  }
}

function makeRoom(): void {
  execFileSync('sh', ['-c', `rm ${folder}/fill-*`]);
}

test('a full disk refuses new work, serves what is there, and all goes on when there is space', async (context) => {
  if (!isAble && process.env['CI'] !== undefined) {
    throw new Error('CI must run this as root on Linux: it mounts a file system');
  }
  if (!isAble) return context.skip();
  const told: string[] = [];
  const note = (message: string): void => void told.push(message);
  const logger = { debug: note, info: note, warn: note, error: note };
  const dataDir = path.join(folder, 'data');
  // What the log itself does is to be seen, not what keeps it from filling up.
  const admission = { enabled: false };
  const options = { dataDir, version: '0', logger, checkpointBytes: 4 * MIB, admission };
  const runtime = await openRuntime(options);
  await runtime.serve({ id: 'a', capabilities: ['echo'], slots: 2 }, (task) => task.payload);
  const before = await runtime.submitTask({ type: 'echo', payload: 1 });
  expect((await runtime.tasks.wait(before as never, 10_000))?.state).toBe('completed');
  fill();

  const large = { type: 'nobody', payload: 'x'.repeat(900_000) };
  const refusals: string[] = [];
  const taken: string[] = [];
  for (let i = 0; i < 8; i++) {
    await runtime.submitTask(large).then(
      (id) => taken.push(id),
      (error: unknown) => refusals.push((error as { code: string }).code),
    );
  }
  expect(refusals.length).toBeGreaterThan(0);
  expect(new Set(refusals)).toEqual(new Set(['LOG_FULL']));
  expect(runtime.tasks.get(before as never)?.state).toBe('completed');
  await expect
    .poll(() => told, { timeout: 20_000 })
    .toContain('the store waits for space on the disk');

  makeRoom();
  await expect
    .poll(() => told, { timeout: 20_000 })
    .toContain('the store goes on: there is space again');
  const after = await runtime.submitTask({ type: 'echo', payload: 2 });
  expect((await runtime.tasks.wait(after as never, 10_000))?.result).toBe(2);
  await runtime.close();

  const again = await openRuntime(options);
  for (const id of [before, after]) expect(again.tasks.get(id as never)?.state).toBe('completed');
  for (const id of taken) expect(again.tasks.get(id as never)?.payload).toBe(large.payload);
  expect(again.status().log.checkpointIndex).toBeGreaterThan(0);
  await again.close();
  expect(readFileSync(path.join(dataDir, 'store', 'store.mdb')).length).toBeGreaterThan(0);
});
