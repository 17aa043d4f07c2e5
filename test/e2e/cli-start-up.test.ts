/** What a command loads before it does anything: it is waited for at every call. */
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { runUqo } from './uqo-process.ts';

const MODULES_MAX = 120;

/** Writes the address of each module to standard error as it is loaded. */
const TELL_LOADED = `
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    console.error('loaded ' + url);
    return next(url, context);
  },
});`;

test.each([['version'], ['status', '--url', 'http://127.0.0.1:1'], ['task', '--help']])(
  'a command loads neither the server nor the schemas before it needs them: %s',
  async (...args) => {
    const preload = `--import=data:text/javascript,${encodeURIComponent(TELL_LOADED)}`;
    const { stderr } = await runUqo(args, { cwd: tmpdir(), env: { NODE_OPTIONS: preload } });
    const loaded = stderr.split('\n').filter((line) => line.startsWith('loaded file:'));
    const heavy = /node_modules\/(typebox|yaml|lmdb|croner)\/|dist\/(runtime|store|log|core|api)\//;
    expect(loaded.filter((line) => heavy.test(line))).toEqual([]);
    expect(loaded.length).toBeGreaterThan(20);
    expect(loaded.length).toBeLessThan(MODULES_MAX);
  },
);
