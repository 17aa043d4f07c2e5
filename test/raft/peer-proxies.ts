/** A proxy for each direction between two nodes, which can swallow everything without closing a connection. */
import net from 'node:net';
import { tcpNetwork, type PeerNetwork } from '../../src/log/index.ts';
import type { RaftCluster } from './raft-cluster.ts';

interface Route {
  readonly server: net.Server;
  readonly sockets: Set<net.Socket>;
  isCut: boolean;
}

export class PeerProxies {
  readonly #cluster: RaftCluster;
  readonly #routes = new Map<string, Route>();

  private constructor(cluster: RaftCluster) {
    this.#cluster = cluster;
  }

  static async open(cluster: RaftCluster): Promise<PeerProxies> {
    const proxies = new PeerProxies(cluster);
    for (const from of cluster.ports.keys()) {
      for (const [to, port] of cluster.ports) {
        if (from !== to) await proxies.#listen(`${from}>${to}`, port);
      }
    }
    return proxies;
  }

  /** Calls of this node go through its proxies. */
  networkOf(from: string): PeerNetwork {
    return {
      ...tcpNetwork,
      connect: (address) => {
        const to = [...this.#cluster.ports].find(([, port]) => port === address.port)?.[0] ?? '';
        const taken = this.#routes.get(`${from}>${to}`)?.server.address();
        const port = typeof taken === 'object' ? taken?.port : undefined;
        return tcpNetwork.connect({ host: '127.0.0.1', port: port ?? address.port });
      },
    };
  }

  /** From now on nothing arrives, and nobody is told. */
  cut(from: string, to: string): void {
    this.#set(from, to, true);
  }

  heal(from: string, to: string): void {
    this.#set(from, to, false);
  }

  /** Cuts a node off in both directions. */
  isolate(id: string): void {
    for (const other of this.#cluster.ports.keys()) {
      if (other === id) continue;
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  healAll(): void {
    for (const route of this.#routes.values()) this.#apply(route, false);
  }

  async close(): Promise<void> {
    for (const { server, sockets } of this.#routes.values()) {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    }
  }

  #set(from: string, to: string, isCut: boolean): void {
    const route = this.#routes.get(`${from}>${to}`);
    if (route === undefined) throw new Error(`no route from ${from} to ${to}`);
    this.#apply(route, isCut);
  }

  #apply(route: Route, isCut: boolean): void {
    route.isCut = isCut;
    for (const socket of route.sockets) {
      if (isCut) socket.pause();
      else socket.resume();
    }
  }

  async #listen(name: string, targetPort: number): Promise<void> {
    const route: Route = { server: net.createServer(), sockets: new Set(), isCut: false };
    route.server.on('connection', (inside) => {
      const outside = net.connect({ host: '127.0.0.1', port: targetPort });
      for (const [one, other] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        route.sockets.add(one);
        one.on('data', (chunk) => void other.write(chunk));
        one.on('error', () => undefined);
        one.on('close', () => {
          route.sockets.delete(one);
          other.destroy();
        });
        if (route.isCut) one.pause();
      }
    });
    await new Promise<void>((resolve) => route.server.listen(0, '127.0.0.1', resolve));
    this.#routes.set(name, route);
  }
}
