/**
 * A cluster from outside, as its users see it: submits that a majority has on disk before they are
 * acknowledged; tasks done end to end, as many as can be, and at fixed rates that wait for nothing; beside etcd
 * (where it is installed) with puts of as many bytes, in the same run. Processor time is told of each process.
 *
 *   npm run bench -- cluster [--quick] [--nodes=3,4,5]
 */
import { Client } from '../dist/client/index.js';
import { closedLoop, microsOf } from './harness/closed-loop.ts';
import { Cluster } from './harness/cluster.ts';
import { EtcdCluster, etcdVersion } from './harness/etcd.ts';
import { startWorker, withFolder, type Worker } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import type { Order } from './workers/submitter.ts';

const quick = isQuick();
const RUNS = quick ? 1 : 3;
const SECONDS = quick ? 3 : 10;
const AT_ONCE = [1, 64, 1_024] as const;
/** Before it is measured: a node that is just started spends several times as much on a task, compiling. */
const WARM_TASKS = 100_000;
const BULK: Order = {
  kind: 'bulk',
  tasks: quick ? 100_000 : 400_000,
  batch: 1_000,
  inFlight: 8,
  rate: 0,
};
const RATES = [5_000, 10_000, 15_000, 20_000] as const;
const BATCHES = [10, 100] as const;
const NODES = process.argv.find((arg) => arg.startsWith('--nodes='))?.slice('--nodes='.length);
const SIZES = NODES?.split(',').map(Number) ?? (quick ? [3] : [3, 4, 5]);

const measures = new Measures();
type Roles = ReturnType<Cluster['roles']>;

async function ours(count: number): Promise<void> {
  await withFolder(async (folder) => {
    const cluster = await Cluster.start(folder, count);
    const { id, url } = await cluster.leader();
    const servers = cluster.roles(id);
    const client = new Client({ url, overloadWaitMs: 60_000 });
    const payload = { filler: 'x'.repeat(243) };
    const name = `uqo, ${count} nodes: submits`;
    const call = (): Promise<unknown> => client.submit({ type: 'nobody', payload });
    const warm = { atOnce: 64, seconds: SECONDS, call, servers };
    await closedLoop(measures, `${name} (warm-up)`, warm);
    for (const atOnce of count === 3 ? AT_ONCE : [1_024])
      await closedLoop(measures, name, { atOnce, seconds: SECONDS, call, servers });
    await client.close();
    await cluster.stop();
  });
}

/** A cluster of its own, without the tasks that nobody does. */
async function endToEnd(count: number): Promise<void> {
  await withFolder(async (folder) => {
    const cluster = await Cluster.start(folder, count);
    const { id, url } = await cluster.leader();
    const agent = startWorker('agent', [url, '8000']);
    const submitter = startWorker('submitter', [url]);
    await agent.ask('ready');
    await submitter.ask({ ...BULK, tasks: WARM_TASKS });
    const servers = cluster.roles(id);
    await bulk(`uqo, ${count} nodes`, submitter, servers);
    if (count === 3) {
      for (const batch of BATCHES)
        for (const rate of RATES) await atRate(submitter, agent, rate, batch);
    }
    await submitter.stop();
    await agent.stop();
    await cluster.stop();
  });
}

/** As many as can be: batches wait in line, so how long one takes says how long the line is. */
async function bulk(name: string, submitter: Worker, servers: Roles): Promise<void> {
  const before = microsOf(servers);
  const figures = await submitter.ask<Record<string, number>>(BULK);
  measures.add(`${name}: tasks end to end`, '1/s', figures['endToEndPerSecond'] ?? 0);
  measures.add(`${name}: a batch of 1,000, p50`, 'ms', figures['submitP50'] ?? 0);
  measures.add(`${name}: a batch of 1,000, p99`, 'ms', figures['submitP99'] ?? 0);
  for (const [role, micros] of microsOf(servers)) {
    const spent = micros - (before.get(role) ?? 0);
    measures.add(`${name}: CPU of ${role}`, 'µs/task', spent / BULK.tasks);
  }
}

async function atRate(
  submitter: Worker,
  agent: Worker,
  rate: number,
  batch: number,
): Promise<void> {
  await agent.ask('reset');
  const order: Order = {
    kind: 'open',
    tasks: rate * SECONDS,
    batch,
    inFlight: 0,
    rate,
    isWhole: true,
  };
  const done = await submitter.ask<Record<string, number>>(order);
  const started = await agent.ask<Record<string, number>>('figures');
  const name = `${rate.toLocaleString('en-US')} tasks/s in batches of ${batch}`;
  measures.add(`${name}: kept up`, '1/s', done['perSecond'] ?? 0);
  measures.add(`${name}: refused`, 'tasks', done['refused'] ?? 0);
  measures.add(`${name}: submit to acknowledgement, p50`, 'ms', done['takenP50'] ?? 0);
  measures.add(`${name}: submit to acknowledgement, p99`, 'ms', done['takenP99'] ?? 0);
  measures.add(`${name}: submit to start, p50`, 'ms', started['p50'] ?? 0);
  measures.add(`${name}: submit to start, p99`, 'ms', started['p99'] ?? 0);
}

async function etcd(): Promise<void> {
  await withFolder(async (folder) => {
    const cluster = await EtcdCluster.start(folder, 3);
    const client = await cluster.client();
    const value = Buffer.alloc(256, 7);
    let key = 0;
    const call = (): Promise<void> => client.put(Buffer.from(`key-${key++}`), value);
    const servers = new Map([['a node', cluster.pids]]);
    const name = 'etcd, 3 nodes: puts';
    await closedLoop(measures, `${name} (warm-up)`, {
      atOnce: 64,
      seconds: SECONDS,
      call,
      servers,
    });
    for (const atOnce of AT_ONCE)
      await closedLoop(measures, name, { atOnce, seconds: SECONDS, call, servers });
    client.close();
    await cluster.stop();
  });
}

const version = etcdVersion();
if (version === null)
  console.warn('etcd is not installed (apt-get install etcd-server): nothing beside');
for (let run = 0; run < RUNS; run++) {
  for (const count of SIZES) {
    await ours(count);
    await endToEnd(count);
  }
  if (version !== null) await etcd();
}
report('cluster', measures.all, { seconds: SECONDS, bulk: BULK, etcd: version });
