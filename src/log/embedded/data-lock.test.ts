import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDirectory } from './data-lock.ts';

const HOLDER = `
import { lockDataDirectory } from ${JSON.stringify(path.join(import.meta.dirname, 'data-lock.ts'))};
try {
  lockDataDirectory(process.argv[1]);
  // Whoever locks need not hold on to what releases: a lock is not to be collected.
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log('held');
  process.stdin.resume();
} catch (error) {
  console.log(error.code);
}`;

let root: string;
let directory: string;
let children: ChildProcess[];

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'uqo-data-lock-'));
  directory = path.join(root, 'data');
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

async function startHolder(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--input-type=module', '-e', HOLDER, directory],
    {
      // An open standard input keeps the child alive until it is killed.
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: chunk.toString().trim() };
}

test('a folder is locked once per process, and again after its release', () => {
  const lock = lockDataDirectory(directory);
  expect(() => lockDataDirectory(directory)).toThrow(
    expect.objectContaining({ code: 'DATA_DIR_LOCKED', details: { directory } }),
  );
  expect(() => lockDataDirectory(directory)).toThrow(directory);
  lock.release();
  lock.release();
  lockDataDirectory(directory).release();
});

test('a refused attempt does not weaken the lock of the holder', async () => {
  const lock = lockDataDirectory(directory);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(() => lockDataDirectory(directory)).toThrow(directory);
  }
  expect((await startHolder()).said).toBe('DATA_DIR_LOCKED');
  lock.release();
});

test('a folder held by another process is refused until that process is killed', async () => {
  const { child, said } = await startHolder();
  expect(said).toBe('held');
  expect(() => lockDataDirectory(directory)).toThrow(
    expect.objectContaining({ code: 'DATA_DIR_LOCKED' }),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockDataDirectory(directory).release();
  expect(readdirSync(directory)).toEqual(['lock.sqlite']);
});

test('a folder that cannot be made is told as such', () => {
  expect(() => lockDataDirectory(path.join(import.meta.filename, 'below'))).toThrow(
    expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }),
  );
});
