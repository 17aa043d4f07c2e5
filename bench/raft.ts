/**
 * A log that three processes keep on one machine, each with its own files and an fsync behind every entry: appends a
 * second, time to commit and processor time of each process an entry, beside puts of as many bytes into etcd (where it is
 * installed; its client is a process apart, ours appends where the log is led); time from `kill -9` of the leader to the next acknowledged append, and how long a node needs that
 * was away while a million entries were committed.
 *
 *   npm run bench -- raft [--quick]
 */
import { join } from 'node:path';
import { closedLoop } from './harness/closed-loop.ts';
import { freePort } from './harness/cluster.ts';
import { EtcdCluster, etcdVersion } from './harness/etcd.ts';
import {
  cpuMicros,
  SERVER_FLAGS,
  startWorker,
  withFolder,
  type Worker,
} from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import type { LoadResult, NodeSetup, RaftOrder } from './workers/raft-node.ts';

const quick = isQuick();
const NODES = ['a', 'b', 'c'];
const ENTRY_BYTES = 256;
const DURATION_MS = quick ? 2_000 : 10_000;
/** Before it is measured: a process that is just started compiles. */
const WARM_MS = 3_000;
const KILLS = quick ? 3 : 50;
const BEHIND_ENTRIES = quick ? 50_000 : 1_000_000;
const LOADS = [1, 64, 1024] as const;

interface Node {
  readonly id: string;
  readonly worker: Worker;
}

async function ask<Answer>(node: Node, order: RaftOrder): Promise<Answer> {
  const reply = await node.worker.ask<{ readonly answer?: Answer; readonly error?: string }>(order);
  if (reply.error !== undefined) throw new Error(`node ${node.id}: ${reply.error}`);
  return reply.answer as Answer;
}

class Processes {
  readonly #folder: string;
  readonly #addresses: ReadonlyMap<string, string>;
  readonly nodes = new Map<string, Node>();

  constructor(folder: string, addresses: ReadonlyMap<string, string>) {
    this.#folder = folder;
    this.#addresses = addresses;
  }

  async start(id: string): Promise<void> {
    const others = [...this.#addresses].filter(([other]) => other !== id);
    const setup: NodeSetup = {
      nodeId: id,
      directory: join(this.#folder, id),
      listenAddress: this.#addresses.get(id) ?? '',
      founders: NODES,
      peers: Object.fromEntries(others),
    };
    const worker = startWorker('raft-node', [JSON.stringify(setup)], SERVER_FLAGS);
    this.nodes.set(id, { id, worker });
  }

  /** The node that leads, as soon as one does. A worker answers one order at a time, so they are asked in turn. */
  async leader(): Promise<Node> {
    for (;;) {
      for (const node of this.nodes.values()) {
        if (await ask<boolean>(node, { kind: 'isReady' })) return node;
      }
      await new Promise((next) => setTimeout(next, 1));
    }
  }

  /** Processor time so far: the leader's, and that of one follower on average; in microseconds. */
  micros(leader: Node): readonly [leader: number, follower: number] {
    const others = [...this.nodes.values()].filter(({ id }) => id !== leader.id);
    const sum = others.reduce((all, { worker }) => all + cpuMicros(worker.pid), 0);
    return [cpuMicros(leader.worker.pid), sum / others.length];
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.values()].map(({ worker }) => worker.kill()));
  }
}

async function measureLoads(processes: Processes, measures: Measures): Promise<void> {
  const warm = { kind: 'load' as const, appenders: 64, entryBytes: ENTRY_BYTES };
  await ask<LoadResult>(await processes.leader(), { ...warm, durationMs: WARM_MS });
  for (const appenders of LOADS) {
    const leader = await processes.leader();
    const order = { kind: 'load' as const, appenders, entryBytes: ENTRY_BYTES };
    const before = processes.micros(leader);
    const result = await ask<LoadResult>(leader, { ...order, durationMs: DURATION_MS });
    const after = processes.micros(leader);
    const entries = (result.appendsPerSecond * DURATION_MS) / 1_000;
    measures.add(`${appenders} at once: CPU of the leader`, 'µs', (after[0] - before[0]) / entries);
    measures.add(`${appenders} at once: CPU of a follower`, 'µs', (after[1] - before[1]) / entries);
    measures.add(`${appenders} at once: appends`, '1/s', result.appendsPerSecond);
    measures.add(`${appenders} at once: p50`, 'ms', result.p50Ms);
    measures.add(`${appenders} at once: p95`, 'ms', result.p95Ms);
    measures.add(`${appenders} at once: p99`, 'ms', result.p99Ms);
    measures.add(`${appenders} at once: max`, 'ms', result.maxMs);
  }
}

/** Puts of as many bytes, one after another in each of as many lanes. */
async function measureEtcd(folder: string, measures: Measures): Promise<void> {
  const cluster = await EtcdCluster.start(join(folder, 'etcd'), NODES.length);
  const client = await cluster.client();
  const value = Buffer.alloc(ENTRY_BYTES, 7);
  let key = 0;
  const call = (): Promise<void> => client.put(Buffer.from(`key-${key++}`), value);
  const servers = new Map([['a node', cluster.pids]]);
  const seconds = DURATION_MS / 1_000;
  const warm = { atOnce: 64, seconds: WARM_MS / 1_000, call, servers };
  await closedLoop(new Measures(), 'warm-up', warm);
  for (const atOnce of LOADS) {
    await closedLoop(measures, 'etcd: puts', { atOnce, seconds, call, servers });
  }
  client.close();
  await cluster.stop();
}

/** Kills the leader and waits until another one has acknowledged an append. */
async function measureFailover(processes: Processes, measures: Measures): Promise<void> {
  for (const node of processes.nodes.values()) await ask(node, { kind: 'catchUp' });
  const leader = await processes.leader();
  processes.nodes.delete(leader.id);
  const killedMs = performance.now();
  await leader.worker.kill();
  const next = await processes.leader();
  await ask(next, { kind: 'load', appenders: 1, entryBytes: ENTRY_BYTES, durationMs: 0.001 });
  measures.add('kill -9 of the leader to the next append', 'ms', performance.now() - killedMs);
  await processes.start(leader.id);
}

/** One follower is away; then it comes back, and is started once more with all of it on its own disk. */
async function measureCatchUp(processes: Processes, measures: Measures): Promise<void> {
  const leader = await processes.leader();
  const away = [...processes.nodes.values()].find(({ id }) => id !== leader.id) as Node;
  await ask(away, { kind: 'catchUp' });
  processes.nodes.delete(away.id);
  await away.worker.kill();
  for (let left = BEHIND_ENTRIES; left > 0;) {
    const order = { kind: 'fill' as const, entries: left, entryBytes: ENTRY_BYTES };
    left -= await ask<number>(await processes.leader(), order);
  }
  for (const name of ['missing them all', 'with them on its disk']) {
    const startedMs = performance.now();
    await processes.start(away.id);
    const back = processes.nodes.get(away.id) as Node;
    await ask(back, { kind: 'catchUp' });
    measures.add(
      `${BEHIND_ENTRIES} entries: a node that starts ${name}`,
      's',
      (performance.now() - startedMs) / 1_000,
    );
    const bytes = await ask<number>(back, { kind: 'memory' });
    measures.add(`… its memory then, ${name}`, 'MiB', bytes / 2 ** 20);
    processes.nodes.delete(away.id);
    await back.worker.kill();
  }
  await processes.start(away.id);
}

const measures = new Measures();
await withFolder(async (folder) => {
  const addresses = new Map<string, string>();
  for (const id of NODES) addresses.set(id, `127.0.0.1:${await freePort()}`);
  const processes = new Processes(folder, addresses);
  try {
    await Promise.all(NODES.map((id) => processes.start(id)));
    await measureLoads(processes, measures);
    await measureCatchUp(processes, measures);
    for (let kill = 0; kill < KILLS; kill += 1) await measureFailover(processes, measures);
  } finally {
    await processes.stop();
  }
  if (etcdVersion() !== null) await measureEtcd(folder, measures);
});
report('raft', measures.all, {
  nodes: NODES.length,
  entryBytes: ENTRY_BYTES,
  durationMs: DURATION_MS,
  behindEntries: BEHIND_ENTRIES,
  kills: KILLS,
});
