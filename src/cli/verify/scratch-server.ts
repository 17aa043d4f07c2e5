/** A real server process on a folder of its own, to be killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { OrchestratorError } from '../../base/errors.ts';
import { within } from './within.ts';

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 30_000;
/** Lines of standard error kept to explain a failed start. */
const LINES_KEPT = 20;

/** Children that still run: none may outlive this process. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ScratchServerOptions {
  /** The command line's own entry. */
  readonly entry: string;
  readonly dataDir: string;
  /** Working directory: its `uqo.config.yaml`, if any, would be read. */
  readonly workDir: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Further flags of `uqo start`. */
  readonly flags?: readonly string[];
}

export class ScratchServer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Starts a server; resolves when it says that it is ready.
   *
   * @throws OrchestratorError `SCRATCH_START_FAILED`, with its exit code in `details.exitCode`
   */
  static async start(options: ScratchServerOptions): Promise<ScratchServer> {
    const child = spawnServer(options);
    const errors: string[] = [];
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      errors.push(line);
      if (errors.length > LINES_KEPT) errors.shift();
    });
    const ready = Promise.withResolvers<string>();
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = /^ready on (\S+)$/.exec(line)?.[1];
      if (url !== undefined) ready.resolve(url);
    });
    child.once('exit', (exitCode) => {
      const message = `the server must start, got exit code ${exitCode}: ${errors.join(' ')}`;
      ready.reject(new OrchestratorError('SCRATCH_START_FAILED', message, { exitCode }));
    });
    try {
      return new ScratchServer(child, await within(START_MS_MAX, 'the start', ready.promise));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Ends the process without any warning. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to stop; resolves with its exit code. */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await within(STOP_MS_MAX, 'the stop', exited);
    return child.exitCode;
  }
}

/** It looks after itself so often that a check need not wait for it. */
const QUICK_LOOKS = {
  UQO_SUPERVISION_STUCK_FLOOR: '500ms',
  UQO_SUPERVISION_CHECK_INTERVAL: '1s',
};

function spawnServer(options: ScratchServerOptions): ChildProcess {
  const { dataDir, entry, flags = [], port, workDir } = options;
  const plain = ['start', '--port', `${port}`, '--data', dataDir, '--log-level', 'warn'];
  const args = [...plain, ...flags];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('UQO_'));
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: workDir,
    env: { ...Object.fromEntries(inherited), ...QUICK_LOOKS },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}
