/** A server on a folder of its own, for all tests of a file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { runUqo, startUqo, type Ran, type Served } from './uqo-process.ts';

/** Good from the first test on. */
export interface ScratchServer {
  readonly folder: string;
  readonly server: Served;
  /** Runs a command against the server. */
  readonly uqo: (...args: readonly string[]) => Promise<Ran>;
  /** What a command that must succeed answers as JSON. */
  readonly answer: <Value>(...args: readonly string[]) => Promise<Value>;
}

/** Starts it before the tests of the file and removes all of it after them. */
export function scratchServer(): ScratchServer {
  let folder = '';
  let server: Served;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'uqo-cli-'));
    server = await startUqo(['--port', '0', '--data', 'data'], { cwd: folder });
  });
  afterAll(async () => {
    server.signal('SIGKILL');
    await server.ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const uqo = (...args: readonly string[]): Promise<Ran> =>
    runUqo(args, { cwd: folder, env: { UQO_URL: server.url } });
  return {
    get folder() {
      return folder;
    },
    get server() {
      return server;
    },
    uqo,
    answer: async <Value>(...args: readonly string[]): Promise<Value> => {
      const ran = await uqo(...args, '--output', 'json');
      expect(ran).toMatchObject({ exitCode: 0 });
      return JSON.parse(ran.stdout) as Value;
    },
  };
}
