/** What the examples share: a scratch folder, a scratch server, and a check that ends the program on a lie. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A folder that is gone when the program ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-example-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `uqo start` on a free port over a scratch folder. */
export async function scratchServer(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const uqo = fileURLToPath(new URL('../../bin/uqo', import.meta.url));
  const args = [uqo, 'start', '--port', '0', '--data', scratchFolder(), '--log-level', 'warn'];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => server.kill('SIGKILL'));
  const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  for await (const line of createInterface(server.stdout)) {
    const url = /^ready on (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    return {
      url,
      stop: () => {
        server.kill('SIGTERM');
        return gone;
      },
    };
  }
  throw new Error('the server ended before it was ready');
}

/** Says what holds, or ends the program. */
export function check(fact: string, holds: boolean): void {
  console.log(`${holds ? '✓' : '✗'} ${fact}`);
  if (!holds) process.exit(1);
}
