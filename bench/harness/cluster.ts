/** Nodes of a cluster on this machine, each the built server with an fsync behind every entry. */
import net from 'node:net';
import { join } from 'node:path';
import { startServer, type Server } from './processes.ts';

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

interface Node {
  readonly id: string;
  readonly server: Server;
}

export class Cluster {
  readonly #folder: string;
  readonly #peers: string;
  readonly #ports = new Map<string, number>();
  readonly #nodes = new Map<string, Node>();

  private constructor(folder: string, peers: ReadonlyMap<string, number>) {
    this.#folder = folder;
    this.#peers = [...peers].map(([id, port]) => `${id}=127.0.0.1:${port}`).join(',');
  }

  static async start(folder: string, count: number): Promise<Cluster> {
    const ids = Array.from({ length: count }, (_, i) => `n${i + 1}`);
    const peers = new Map<string, number>();
    for (const id of ids) peers.set(id, await freePort());
    const cluster = new Cluster(folder, peers);
    for (const id of ids) cluster.#ports.set(id, await freePort());
    await Promise.all(ids.map((id) => cluster.run(id)));
    await cluster.leader();
    return cluster;
  }

  /** Addresses of all nodes, as clients take them. */
  get urls(): string {
    return [...this.#ports.values()].map((port) => `http://127.0.0.1:${port}`).join(',');
  }

  /** Processes of the nodes, where `leaderId` leads. */
  roles(leaderId: string): ReadonlyMap<'the leader' | 'a follower', readonly number[]> {
    const leading: number[] = [];
    const following: number[] = [];
    for (const { id, server } of this.#nodes.values()) {
      (id === leaderId ? leading : following).push(server.pid);
    }
    return new Map([
      ['the leader', leading],
      ['a follower', following],
    ]);
  }

  /** Starts a node, or starts it again. */
  async run(id: string): Promise<void> {
    const flags = ['--log', 'raft', '--node-id', id, '--peers', this.#peers];
    const port = ['--port', String(this.#ports.get(id))];
    this.#nodes.set(id, {
      id,
      server: await startServer(join(this.#folder, id), [...flags, ...port]),
    });
  }

  /** The node that leads, once one says so of itself, and its address. */
  async leader(): Promise<{ readonly id: string; readonly url: string }> {
    for (;;) {
      for (const { id, server } of this.#nodes.values()) {
        const view = (await fetch(`${server.url}/api/v1/cluster`)
          .then((answer) => answer.json())
          .catch(() => null)) as { readonly leader: string | null } | null;
        if (view?.leader === id) return { id, url: server.url };
      }
      await new Promise((next) => setTimeout(next, 10));
    }
  }

  async kill(id: string): Promise<void> {
    const node = this.#nodes.get(id);
    this.#nodes.delete(id);
    await node?.server.kill();
  }

  /** Ends all nodes: at once, or in order where each is to leave a profile behind. */
  async stop(): Promise<void> {
    const isProfiled = process.env['UQO_BENCH_PROFILE'] !== undefined;
    const servers = [...this.#nodes.values()].map(({ server }) => server);
    await Promise.all(servers.map((server) => (isProfiled ? server.stop() : server.kill())));
  }
}
