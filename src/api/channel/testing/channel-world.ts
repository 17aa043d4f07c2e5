import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOrchestratorError } from '../../../base/errors.ts';
import type { Problem } from '../../../contract/index.ts';
import { openRuntime, type Runtime } from '../../../runtime/index.ts';
import { Upgrades } from '../../upgrades.ts';
import { attachChannels } from '../attach-channels.ts';

/** Largest payload and result of the servers below, in bytes. */
export const PAYLOAD_BYTES_MAX: number = 64 * 1024;

/** A server that can be closed and opened again on the same folder and port. */
export class ChannelWorld {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'uqo-channel-'));
  #server: Server | null = null;
  #runtime: Runtime | null = null;
  #closeChannels: () => void = () => undefined;
  #port = 0;

  get runtime(): Runtime {
    if (this.#runtime === null) throw new Error('the server is not open');
    return this.#runtime;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async open(): Promise<void> {
    this.#runtime = await openRuntime({ dataDir: this.#folder, version: '0', seed: 1 });
    this.#server = createServer();
    const upgrades = new Upgrades(this.#server, { loopbackOnly: true, allowedHosts: new Set() });
    const channels = attachChannels({
      onUpgrade: (path, handler) => upgrades.add(path, handler),
      runtime: this.#runtime,
      payloadBytesMax: PAYLOAD_BYTES_MAX,
      problemOf,
    });
    this.#closeChannels = () => channels.close();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (this.#server === null) return;
    const closed = once(this.#server, 'close');
    this.#closeChannels();
    this.#server.close();
    await closed;
    await this.#runtime?.close(0);
    this.#server = null;
  }

  async dispose(): Promise<void> {
    await this.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A TCP proxy whose connections can be cut. */
export class Proxy {
  readonly #server = createTcpServer((socket) => this.#join(socket));
  readonly #target: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isHeld = false;
  /** Told of what passes from the server, before it does; false cuts the connection in its place. */
  filter: ((bytes: Buffer) => boolean) | null = null;

  constructor(target: number) {
    this.#target = target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Lets nothing pass to the server any more, until {@link release}. */
  hold(): void {
    this.#isHeld = true;
    for (const [near] of this.#pairs) near.pause();
  }

  release(): void {
    this.#isHeld = false;
    for (const [near] of this.#pairs) near.resume();
  }

  /** Cuts every connection, without a goodbye. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1');
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    near.on('data', (bytes: Buffer) => far.write(bytes));
    if (this.#isHeld) near.pause();
    far.on('data', (bytes: Buffer) => {
      if (this.filter?.(bytes) === false) this.cut();
      else near.write(bytes);
    });
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
  }
}

function problemOf(error: unknown): Problem {
  const { code, message } = isOrchestratorError(error)
    ? error
    : { code: 'INTERNAL', message: String(error) };
  const path = isOrchestratorError(error) ? error.details['path'] : undefined;
  return {
    type: 'about:blank',
    title: code,
    status: 400,
    code,
    detail: message,
    ...(typeof path === 'string' ? { path } : {}),
  };
}
