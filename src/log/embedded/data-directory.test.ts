import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareDataDirectory, unusableError } from './data-directory.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'uqo-data-directory-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const refusal = (message: string): unknown =>
  expect.objectContaining({
    code: 'DATA_DIR_UNUSABLE',
    message: expect.stringContaining(message) as string,
  });

test('a data folder is made with those above it, and nothing is left of the trial', () => {
  const directory = path.join(root, 'a', 'b', 'c');
  prepareDataDirectory(directory);
  prepareDataDirectory(directory);
  expect(readdirSync(directory)).toEqual([]);
});

test('a data folder may be a link to one', () => {
  mkdirSync(path.join(root, 'real'));
  symlinkSync('real', path.join(root, 'link'));
  prepareDataDirectory(path.join(root, 'link'));
});

describe('a data folder is refused, by name and with what would be right:', () => {
  test('a file', () => {
    writeFileSync(path.join(root, 'file'), '');
    for (const directory of [path.join(root, 'file'), path.join(root, 'file', 'below')]) {
      expect(() => prepareDataDirectory(directory)).toThrow(refusal('name a folder'));
      expect(() => prepareDataDirectory(directory)).toThrow(refusal(directory));
    }
  });

  test('links in a circle, and a link to nowhere', () => {
    symlinkSync('loop', path.join(root, 'loop'));
    symlinkSync('nowhere', path.join(root, 'dangling'));
    expect(() => prepareDataDirectory(path.join(root, 'loop'))).toThrow(refusal('circle'));
    expect(() => prepareDataDirectory(path.join(root, 'dangling'))).toThrow(
      refusal('name a folder'),
    );
  });

  test('a name or a path that is too long', () => {
    const name = path.join(root, 'x'.repeat(300));
    expect(() => prepareDataDirectory(name)).toThrow(refusal('name a shorter one'));
    const deep = path.join(root, 'x/'.repeat(300));
    expect(() => prepareDataDirectory(deep)).toThrow(refusal('at most 480 bytes'));
  });

  test.runIf(process.platform === 'linux')('a place where no folder can be made, at once', () => {
    // In a process of its own: what once did not end would not end the test either.
    const script = `
      import { prepareDataDirectory } from ${JSON.stringify(path.join(import.meta.dirname, 'data-directory.ts'))};
      for (const directory of ['/proc/uqo', '/proc/uqo/a/b', '/proc']) {
        try {
          prepareDataDirectory(directory);
        } catch (error) {
          console.log(error.code, error.message);
        }
      }`;
    const args = ['--input-type=module', '-e', script];
    const { stdout } = spawnSync(process.execPath, args, {
      timeout: 10_000,
      killSignal: 'SIGKILL',
    });
    const lines = stdout.toString().trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^DATA_DIR_UNUSABLE data folder \/proc.*disk/);
  });

  test.each([
    ['EROFS', 'read-only'],
    ['EACCES', 'no permission'],
    ['ENOSPC', 'full disk'],
    ['EOTHER', 'what the system said'],
  ])('%s', (code, message) => {
    const cause = Object.assign(new Error('what the system said'), { code });
    expect(unusableError('/x', cause)).toEqual(refusal(message));
    expect(unusableError('/x', cause).cause).toBe(cause);
  });
});
