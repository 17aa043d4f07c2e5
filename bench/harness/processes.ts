import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './report.ts';

/** A server in a process of its own, on a free port, over an empty folder. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/**
 * Starts the built server as a user would, without built-in agents. With a `niceness` below 0, which only
 * root may give, all its threads get the processors before the other processes of the benchmark.
 */
export async function startServer(
  dataDir: string,
  extra: readonly string[] = [],
  niceness = 0,
): Promise<Server> {
  const args = [...profileFlags('server'), join(ROOT, 'bin', 'uqo'), 'start'];
  const flags = ['--no-agents', '--port', '0', '--data', dataDir, '--log-level', 'error', ...extra];
  const nice = ['-n', String(niceness), process.execPath, ...args, ...flags];
  const child = spawn('nice', nice, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await firstMatch(child, /^ready on (http\S+)/);
  const kill = (): Promise<void> => ended(child, 'SIGKILL');
  return { url, pid: child.pid as number, stop: () => stopped(child), kill };
}

/** A part of a benchmark in a process of its own; it answers each message with one. */
export interface Worker {
  readonly pid: number;
  /** Sends a request and resolves with the answer. */
  ask<Answer>(request: unknown): Promise<Answer>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** What `uqo start` gives its process, for a worker that stands for one. */
export const SERVER_FLAGS: readonly string[] = ['--max-semi-space-size=64'];

/** Starts `bench/workers/NAME.ts`. */
export function startWorker(
  name: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Worker {
  const child = fork(join(ROOT, 'bench', 'workers', `${name}.ts`), [...args], {
    execArgv: ['--expose-gc', ...flags, ...profileFlags(name)],
    serialization: 'advanced',
  });
  return {
    pid: child.pid as number,
    ask: (request) =>
      new Promise((resolve, reject) => {
        const failed = (code: number | null): void =>
          reject(new Error(`${name} ended with ${code}`));
        child.once('exit', failed);
        child.once('message', (answer) => {
          child.off('exit', failed);
          resolve(answer as never);
        });
        child.send(request as never);
      }),
    stop: () => stopped(child),
    kill: () => ended(child, 'SIGKILL'),
  };
}

/** An empty folder that is removed afterwards. */
export async function withFolder<Result>(
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processor time of a process so far, in microseconds, all its threads together (Linux). */
export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/**
 * How long a process's main thread ran so far and how long it was ready to run while others had the
 * processors, in milliseconds (Linux).
 */
export function mainThreadMs(pid: number): { readonly ran: number; readonly waited: number } {
  const [ran, waited] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
  return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
}

/** `UQO_BENCH_PROFILE=DIR` keeps a processor profile of every process there. */
function profileFlags(name: string): string[] {
  const folder = process.env['UQO_BENCH_PROFILE'];
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(folder, name)}`];
}

function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
}

function stopped(child: ChildProcess): Promise<void> {
  return ended(child, 'SIGTERM');
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  return gone;
}
