import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfigFile } from './read-config-file.ts';

let folder: string;
const home = process.cwd();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-config-'));
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test('without a file there are no settings', () => {
  expect(readConfigFile(undefined)).toBeNull();
});

test('uqo.config.yaml of the working directory is read', () => {
  writeFileSync('uqo.config.yaml', 'port: 9000\ngrace: 5s\n');
  expect(readConfigFile(undefined)).toEqual({
    name: 'uqo.config.yaml',
    content: { port: 9000, grace: '5s' },
  });
});

test('an empty file has no settings', () => {
  writeFileSync('uqo.config.yaml', '# nothing\n');
  expect(readConfigFile(undefined)?.content).toEqual({});
});

test('a named file must be there', () => {
  expect(() => readConfigFile('other.yaml')).toThrow('other.yaml must be readable');
});

test.each([
  ['port: [1', 'must be YAML'],
  ['- port', 'must map settings to values'],
  ['port', 'must map settings to values'],
])('%j is refused', (text, message) => {
  writeFileSync('uqo.config.yaml', text);
  expect(() => readConfigFile(undefined)).toThrow(message);
});
