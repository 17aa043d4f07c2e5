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
  type SnapshotProvider,
} from '../../src/log/index.ts';

/** Short enough that a test sees many elections, long enough for a busy machine. */
export const QUICK: Pick<RaftLogOptions, 'tickMs' | 'settings'> = {
  tickMs: 3,
  settings: { heartbeatTicks: 6, electionTicks: 50 },
};

/** What differs from node to node. */
export type PerNode = (id: string) => Partial<RaftLogOptions>;

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
  /** Looked at whenever a node starts. */
  perNode: PerNode = () => ({});
  /** Whether nodes make and install copies of their state. */
  hasSnapshots = false;

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

  async start(id: string, extra: Partial<RaftLogOptions> = {}): Promise<ClusterNode> {
    const applied: string[] = [];
    const isFounder = this.founders.includes(id);
    const others = this.founders.filter((other) => other !== id);
    const addresses = others.map((other) => [other, this.address(other)] as const);
    const log = await openRaftLog({
      directory: this.folder(id),
      clusterId: 'test',
      nodeId: id,
      ...(isFounder ? { founders: this.founders, peers: Object.fromEntries(addresses) } : {}),
      transport: this.transport(id),
      sink: {
        appliedIndex: 0,
        apply: (entries: readonly CommittedEntry[]) => {
          for (const { body } of entries) applied.push(Buffer.from(body).toString());
        },
      },
      ...(this.hasSnapshots ? { snapshots: snapshotsOf(applied) } : {}),
      ...QUICK,
      ...this.#common,
      ...this.perNode(id),
      ...extra,
    });
    const node = { id, log, applied };
    this.nodes.set(id, node);
    return node;
  }

  async startAll(): Promise<void> {
    await Promise.all([...this.founders].map((id) => this.start(id)));
  }

  transport(id: string): RaftLogOptions['transport'] {
    return { listenAddress: this.address(id), bounds: { backoffMsMax: 100, pingIntervalMs: 50 } };
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

/** A state that is the list of all commands, copied as lines. */
function snapshotsOf(applied: string[]): SnapshotProvider {
  return {
    take: () => {
      const copy = [...applied];
      async function* chunks(): AsyncGenerator<Uint8Array, void> {
        for (const line of copy) yield Buffer.from(`${await Promise.resolve(line)}\n`);
      }
      return Promise.resolve({ appliedIndex: copy.length, chunks: chunks() });
    },
    install: async ({ appliedIndex, chunks }) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      const lines = Buffer.concat(parts).toString().split('\n').slice(0, -1);
      if (lines.length !== appliedIndex)
        throw new Error('a copy must have as many lines as it says');
      applied.splice(0, applied.length, ...lines);
    },
  };
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
