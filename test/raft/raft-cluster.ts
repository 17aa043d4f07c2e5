/** Nodes of a cluster in one process: real files, real loopback connections, and a stop as sudden as a crash. */
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  openRaftLog,
  type CommittedEntry,
  type RaftLog,
  type RaftLogOptions,
} from '../../src/log/index.ts';

/** Short enough that a test sees many elections, long enough for a busy machine. */
export const QUICK: Pick<RaftLogOptions, 'tickMs' | 'settings'> = {
  tickMs: 3,
  settings: { heartbeatTicks: 6, electionTicks: 50 },
};

export interface NodeSettings extends Partial<RaftLogOptions> {
  /** Whom this node calls where, instead of the others' own ports. */
  readonly routes?: Readonly<Record<string, string>>;
}

/** One node, open; what it was given to apply. */
export interface ClusterNode {
  readonly id: string;
  readonly log: RaftLog;
  readonly applied: string[];
}

export class RaftCluster {
  readonly directory: string;
  readonly ports: ReadonlyMap<string, number>;
  readonly nodes = new Map<string, ClusterNode>();
  readonly founders: readonly string[];
  readonly #common: Partial<RaftLogOptions>;

  private constructor(
    directory: string,
    ports: ReadonlyMap<string, number>,
    founders: readonly string[],
    common: Partial<RaftLogOptions>,
  ) {
    this.directory = directory;
    this.ports = ports;
    this.founders = founders;
    this.#common = common;
  }

  /** Picks ports and a folder for these nodes; starts none. */
  static async make(
    ids: readonly string[],
    founders: readonly string[] = ids,
    common: Partial<RaftLogOptions> = {},
  ): Promise<RaftCluster> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'uqo-raft-'));
    const ports = await freePorts(ids.length);
    const byId = new Map(ids.map((id, at) => [id, ports[at] as number]));
    return new RaftCluster(directory, byId, founders, common);
  }

  address(id: string): string {
    return `127.0.0.1:${this.ports.get(id)}`;
  }

  folder(id: string): string {
    return path.join(this.directory, id);
  }

  async start(id: string, settings: NodeSettings = {}): Promise<ClusterNode> {
    const { routes = {}, ...extra } = settings;
    const applied: string[] = [];
    const isFounder = this.founders.includes(id);
    const others = this.founders.filter((other) => other !== id);
    const addresses = others.map((other) => [other, routes[other] ?? this.address(other)] as const);
    const log = await openRaftLog({
      directory: this.folder(id),
      clusterId: 'test',
      nodeId: id,
      ...(isFounder ? { founders: this.founders, peers: Object.fromEntries(addresses) } : {}),
      transport: { listenAddress: this.address(id), bounds: { backoffMsMax: 100 } },
      sink: {
        appliedIndex: 0,
        apply: (entries: readonly CommittedEntry[]) => {
          for (const { body } of entries) applied.push(Buffer.from(body).toString());
        },
      },
      ...QUICK,
      ...this.#common,
      ...extra,
    });
    const node = { id, log, applied };
    this.nodes.set(id, node);
    return node;
  }

  async startAll(settings: NodeSettings = {}): Promise<void> {
    await Promise.all([...this.founders].map((id) => this.start(id, settings)));
  }

  /** The node that leads and may serve, once there is one. */
  async leader(): Promise<ClusterNode> {
    const nodes = [...this.nodes.values()];
    const ready = nodes.map(async (node) => {
      await node.log.ready();
      return node;
    });
    return Promise.any(ready);
  }

  node(id: string): ClusterNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} must be started`);
    return node;
  }

  /** All nodes but the one named. */
  others(id: string): ClusterNode[] {
    return [...this.nodes.values()].filter((node) => node.id !== id);
  }

  /** Ends a node as `kill -9` would. */
  async crash(id: string): Promise<void> {
    const node = this.node(id);
    this.nodes.delete(id);
    await node.log.halt();
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.nodes.values()].map((node) => node.log.halt()));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = net.createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
