import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClusterDoor } from './cluster/cluster-door.ts';
import { FORWARDED_HEADER } from './cluster/forward-request.ts';
import { askUpstream, joinTunnel, type Upstream } from './cluster/tunnel-upgrade.ts';
import { systemClock, type Clock } from '../runtime/index.ts';
import { checkOrigin, type OriginPolicy } from './origin-policy.ts';

/** How long a channel waits for somebody to lead; its client comes back by itself. */
const LEADER_WAIT_MS = 2_000;
/** Pause before whoever leads then is asked, in milliseconds. */
const AGAIN_MS = 20;

/** Takes over a connection whose client asked for another protocol. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Hands upgrade requests to whoever serves their path; refuses all others. */
export class Upgrades {
  readonly #handlers = new Map<string, UpgradeHandler>();
  readonly #server: Server;
  readonly #policy: OriginPolicy;
  readonly #cluster: ClusterDoor | null;
  readonly #clock: Clock;
  /** Cuts connections that were handed on. */
  readonly #tunnels = new Set<() => void>();
  #isClosed = false;

  constructor(
    server: Server,
    policy: OriginPolicy,
    cluster: ClusterDoor | null = null,
    clock: Clock = systemClock,
  ) {
    this.#server = server;
    this.#policy = policy;
    this.#cluster = cluster;
    this.#clock = clock;
  }

  add(path: string, handler: UpgradeHandler): void {
    if (this.#handlers.size === 0) {
      this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    }
    this.#handlers.set(path, handler);
  }

  /** Refuses from now on. */
  close(): void {
    this.#isClosed = true;
    this.endTunnels();
  }

  /** Cuts every connection that was handed on to another node. */
  endTunnels(): void {
    for (const cut of this.#tunnels) cut();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener a reset of the peer would end the process.
    socket.on('error', () => socket.destroy());
    const [path = ''] = (request.url ?? '').split('?', 1);
    const handler = this.#handlers.get(path);
    if (this.#isClosed) refuse(socket, '503 Service Unavailable');
    else if (!this.#isAllowed(request)) refuse(socket, '403 Forbidden');
    else if (handler === undefined) refuse(socket, '404 Not Found');
    else if (this.#cluster?.isLeading === false) {
      void this.#handOn(request, socket, head, handler);
    } else handler(request, socket, head);
  }

  /**
   * Another node leads, or will soon: the channel waits here, and goes to whoever takes it. Who died is taken for the
   * leader until the others have noticed, so a refusal only says that it is too early.
   */
  async #handOn(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    handler: UpgradeHandler,
  ): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === null) return;
    const { connectApi: connect, nodeId } = cluster;
    const isForwarded = request.headers[FORWARDED_HEADER] !== undefined;
    const endMs = this.#clock.monotonicMs() + LEADER_WAIT_MS;
    for (let leftMs = LEADER_WAIT_MS; leftMs > 0 && !isForwarded;) {
      const leader = await cluster.leader(leftMs);
      if (leader === null || this.#isClosed || socket.destroyed) break;
      if (leader === 'self') {
        handler(request, socket, head);
        return;
      }
      const upstream = await askUpstream(request, { connect, nodeId, url: leader.url });
      if (upstream !== null) {
        this.#join(socket, head, upstream);
        return;
      }
      await new Promise<void>((resolve) => void this.#clock.setTimer(AGAIN_MS, resolve));
      leftMs = endMs - this.#clock.monotonicMs();
    }
    refuse(socket, '503 Service Unavailable');
  }

  #join(socket: Duplex, head: Buffer, upstream: Upstream): void {
    const cut = joinTunnel(socket, head, upstream);
    if (this.#isClosed) cut();
    this.#tunnels.add(cut);
    socket.once('close', () => this.#tunnels.delete(cut));
  }

  #isAllowed(request: IncomingMessage): boolean {
    try {
      checkOrigin(request.headers, this.#policy);
      return true;
    } catch {
      // The status says it; there is nobody to read more.
      return false;
    }
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
