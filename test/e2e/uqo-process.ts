/** The command line as real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const BIN = join(import.meta.dirname, '../../bin/uqo');

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Largest file the process may write, in KiB: stands in for a disk that fails. Linux only. */
  readonly fileKibMax?: number;
  /** What the process is run by, such as `ip netns exec NAME`. */
  readonly under?: readonly string[];
}

/** The environment without settings of whoever runs the tests. */
function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('UQO_') && name !== 'FORCE_COLOR' && name !== 'NO_COLOR',
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...extra };
}

/** Runs one command to its end. */
export async function runUqo(args: readonly string[], options: RunOptions): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
  });
  child.stdin.end(options.stdin ?? '');
  const [[exitCode], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { exitCode, stdout, stderr };
}

export interface Served {
  readonly url: string;
  readonly pid: number;
  /** What it has written to standard output so far. */
  readonly stdout: () => string;
  /** Resolves once standard error has the text. */
  readonly said: (text: string) => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts a server; resolves when it says that it is ready. */
export async function startUqo(args: readonly string[], options: RunOptions): Promise<Served> {
  const { fileKibMax, under = [] } = options;
  const limit = fileKibMax === undefined ? '' : `trap '' XFSZ; ulimit -f ${fileKibMax};`;
  const line = [
    '-c',
    `${limit} exec "$@"`,
    'bash',
    ...under,
    process.execPath,
    BIN,
    'start',
    ...args,
  ];
  const child = spawn('bash', line, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [written, errors] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, 'close').then(([exitCode]) => exitCode as number | null);
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      written += `${line}\n`;
      const url = /^ready on (\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    void ended.then((exitCode) => reject(new Error(`exit ${exitCode} before ready: ${errors}`)));
  });
  return {
    url: await ready,
    pid: child.pid ?? 0,
    stdout: () => written,
    said: async (text) => {
      while (!errors.includes(text)) await once(child.stderr, 'data');
    },
    signal: (name) => void child.kill(name),
    ended,
  };
}
