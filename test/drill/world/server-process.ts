/** The real server as a process on one folder and port: killed, started again, its clock set. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Journal } from './journal.ts';

const BIN = join(import.meta.dirname, '../../../bin/uqo');
const CLOCK = join(import.meta.dirname, 'shifted-clock.ts');
/** All that `bin/uqo` would start itself again for: then the parent's messages would not arrive. */
const NODE_FLAGS = ['--max-semi-space-size=64', '--wasm-wrapper-tiering-budget=1000000000'];

export interface ServerOptions {
  readonly dataDir: string;
  /** Takes what it writes. */
  readonly outputFile: string;
  readonly port: number;
  /** Learns when its clock is set back. */
  readonly journal: Journal;
}

export class ServerProcess {
  readonly url: string;
  readonly #options: ServerOptions;
  readonly #output: WriteStream;
  #child: ChildProcess | null = null;
  #offsetMs = 0;
  /** Ends that nobody asked for. */
  readonly faults: string[] = [];

  constructor(options: ServerOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
    this.#output = createWriteStream(options.outputFile);
  }

  /** Resolves when it serves. @throws Error when it ends before */
  async start(): Promise<void> {
    const { dataDir, port } = this.#options;
    const args = ['start', '--data', dataDir, '--port', String(port), '--log-keep', '--no-agents'];
    const child = spawn(process.execPath, [...NODE_FLAGS, '--import', CLOCK, BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...environment(), DRILL_CLOCK_OFFSET_MS: String(this.#offsetMs) },
    });
    this.#child = child;
    child.stderr?.pipe(this.#output, { end: false });
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.faults.push(`the server ended by itself: ${signal ?? code}`);
    });
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line.startsWith('ready on')) resolve();
      });
      child.once('exit', (code) =>
        reject(new Error(`the server ended with ${code}: see its output`)),
      );
    });
    await ready;
  }

  /** Sets its clock forward, or back where `ms` is below 0; a stopped one starts with it. */
  jump(ms: number): void {
    const fromMs = Date.now() + this.#offsetMs;
    this.#offsetMs += ms;
    if (ms < 0) this.#options.journal.write({ type: 'set-back', fromMs, toMs: fromMs + ms });
    if (this.#child?.connected === true) this.#child.send({ offsetMs: this.#offsetMs });
  }

  /** Ends it at once, as `kill -9`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    this.#output.end();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/** The environment, without settings of whoever runs the drill; checkpoints are frequent, so that they are in it. */
function environment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('UQO_'));
  const settings = {
    UQO_CHECKPOINT_INTERVAL: '3s',
    UQO_LOG_LEVEL: 'warn',
    UQO_HEDGING_SHARE: '1',
  };
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...settings };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
