/** One task a request over HTTP, durable when answered, from a second process over 64 connections. */
import { httpLoad } from './harness/http-load.ts';
import { cpuMicros, startServer, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import { quantile } from './harness/statistics.ts';

const RUNS = isQuick() ? 2 : 5;
const REQUESTS = isQuick() ? 20_000 : 100_000;
const CONNECTIONS = 64;

const load = {
  path: '/api/v1/tasks',
  body: JSON.stringify({ type: 'bench.noop', payload: { filler: 'x'.repeat(243) } }),
  connections: CONNECTIONS,
};

const measures = new Measures();
for (let run = 0; run < RUNS; run++) {
  await withFolder(async (folder) => {
    const server = await startServer(folder);
    await httpLoad({ ...load, url: server.url, requests: 10_000 });
    const cpu = cpuMicros(server.pid);
    const { latencies, seconds } = await httpLoad({ ...load, url: server.url, requests: REQUESTS });
    measures.add('submits', 'tasks/s', REQUESTS / seconds);
    measures.add('server CPU', 'µs/task', (cpuMicros(server.pid) - cpu) / REQUESTS);
    measures.add('latency p50', 'ms', quantile(latencies, 0.5));
    measures.add('latency p99', 'ms', quantile(latencies, 0.99));
    await server.stop();
  });
}
report('http-submit', measures.all, { requests: REQUESTS, connections: CONNECTIONS });
