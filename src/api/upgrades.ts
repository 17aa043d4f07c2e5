import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkOrigin, type OriginPolicy } from './origin-policy.ts';

/** Takes over a connection whose client asked for another protocol. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Hands upgrade requests to whoever serves their path; refuses all others. */
export class Upgrades {
  readonly #handlers = new Map<string, UpgradeHandler>();
  readonly #server: Server;
  readonly #policy: OriginPolicy;
  #isClosed = false;

  constructor(server: Server, policy: OriginPolicy) {
    this.#server = server;
    this.#policy = policy;
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
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener a reset of the peer would end the process.
    socket.on('error', () => socket.destroy());
    const [path = ''] = (request.url ?? '').split('?', 1);
    const handler = this.#handlers.get(path);
    if (this.#isClosed) refuse(socket, '503 Service Unavailable');
    else if (!this.#isAllowed(request)) refuse(socket, '403 Forbidden');
    else if (handler === undefined) refuse(socket, '404 Not Found');
    else handler(request, socket, head);
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
