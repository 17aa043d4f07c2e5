/**
 * A cluster from outside, as its users see it: submits that a majority has on disk before they are
 * acknowledged, and tasks done end to end; beside etcd (where it is installed) with puts of as many bytes,
 * in the same run.
 *
 *   npm run bench -- cluster [--quick]
 */
import { Client } from '../dist/client/index.js';
import { Cluster } from './harness/cluster.ts';
import { EtcdCluster, etcdVersion } from './harness/etcd.ts';
import { cpuMicros, startWorker, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import { quantile } from './harness/statistics.ts';
import type { Order } from './workers/submitter.ts';

const quick = isQuick();
const RUNS = quick ? 1 : 3;
const SECONDS = quick ? 3 : 10;
const AT_ONCE = [1, 64, 1_024] as const;
const BULK: Order = {
  kind: 'bulk',
  tasks: quick ? 40_000 : 200_000,
  batch: 1_000,
  inFlight: 8,
  rate: 0,
};
const SIZES = quick ? [3] : [3, 4, 5];

const measures = new Measures();

/** As many calls at once for a while; their rate and how long each took. */
async function load(name: string, atOnce: number, call: () => Promise<unknown>): Promise<void> {
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + SECONDS * 1_000;
  const lane = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await call();
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const elapsedMs = performance.now() - startMs;
  const sorted = Float64Array.from(latenciesMs).sort();
  measures.add(`${name}, ${atOnce} at once`, '1/s', (sorted.length / elapsedMs) * 1_000);
  for (const [label, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    measures.add(`${name}, ${atOnce} at once: ${label}`, 'ms', quantile(sorted, share));
  }
}

async function ours(count: number): Promise<void> {
  await withFolder(async (folder) => {
    const cluster = await Cluster.start(folder, count);
    const { url } = await cluster.leader();
    const client = new Client({ url, overloadWaitMs: 60_000 });
    const payload = { filler: 'x'.repeat(243) };
    const name = `uqo, ${count} nodes: submits`;
    const submit = (): Promise<unknown> => client.submit({ type: 'nobody', payload });
    await load(`${name} (warm-up)`, 64, submit);
    for (const atOnce of count === 3 ? AT_ONCE : [1_024]) await load(name, atOnce, submit);
    await client.close();
    const agent = startWorker('agent', [url, '8000']);
    const submitter = startWorker('submitter', [url]);
    await agent.ask('ready');
    await submitter.ask({ ...BULK, tasks: 10_000 });
    const before = cluster.pids.map(cpuMicros);
    const figures = await submitter.ask<Record<string, number>>(BULK);
    const micros = cluster.pids.map(cpuMicros).map((after, i) => after - (before[i] ?? 0));
    measures.add(`uqo, ${count} nodes: tasks end to end`, '1/s', figures['endToEndPerSecond'] ?? 0);
    measures.add(`uqo, ${count} nodes: a batch of 1,000, p50`, 'ms', figures['submitP50'] ?? 0);
    measures.add(`uqo, ${count} nodes: a batch of 1,000, p99`, 'ms', figures['submitP99'] ?? 0);
    const all = micros.reduce((sum, one) => sum + one, 0);
    measures.add(`uqo, ${count} nodes: CPU of all nodes`, 'µs/task', all / BULK.tasks);
    await submitter.stop();
    await agent.stop();
    await cluster.stop();
  });
}

async function etcd(): Promise<void> {
  await withFolder(async (folder) => {
    const cluster = await EtcdCluster.start(folder, 3);
    const client = await cluster.client();
    const value = Buffer.alloc(256, 7);
    let key = 0;
    const put = (): Promise<void> => client.put(Buffer.from(`key-${key++}`), value);
    await load('etcd, 3 nodes: puts (warm-up)', 64, put);
    for (const atOnce of AT_ONCE) await load('etcd, 3 nodes: puts', atOnce, put);
    client.close();
    await cluster.stop();
  });
}

const version = etcdVersion();
if (version === null)
  console.warn('etcd is not installed (apt-get install etcd-server): nothing beside');
for (let run = 0; run < RUNS; run++) {
  for (const count of SIZES) await ours(count);
  if (version !== null) await etcd();
}
report('cluster', measures.all, { seconds: SECONDS, bulk: BULK, etcd: version });
