/** An agent process: `node agent.ts URL SLOTS`. Records how long after its due moment each task started. */
import { Agent } from '../../dist/client/index.js';
import { quantile } from '../harness/statistics.ts';

const [url = '', slots = '1'] = process.argv.slice(2);
let latencies: number[] = [];
let handled = 0;

const agent = new Agent({
  url,
  id: `bench-agent-${process.pid}`,
  capabilities: ['bench.noop'],
  slots: Number(slots),
  // Tasks that are not timed have no payload.
  handler: ({ payload }: { readonly payload: { readonly due?: number } | null }) => {
    handled += 1;
    const due = payload?.due;
    if (due !== undefined) latencies.push(Number(process.hrtime.bigint()) / 1e6 - due);
    return null;
  },
});
await agent.start();

process.on('message', () => {
  const sorted = Float64Array.from(latencies).sort();
  latencies = [];
  const { system, user } = process.cpuUsage();
  process.send?.({
    cpuMicros: system + user,
    count: sorted.length,
    handled,
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
  });
});
// A benchmark that was ended in the middle must not leave it behind.
process.on('disconnect', () => process.exit(1));
process.on('SIGTERM', () => {
  void agent.stop(1_000).then(() => process.exit(0));
});
