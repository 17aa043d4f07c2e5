/**
 * Latency under a fixed rate, three processes: from the submit of a task to the start of its handler,
 * and to its acknowledged result. Tasks are due at fixed moments that do not wait for earlier answers;
 * one is stamped when it is handed over, but never later than 2 ms after it was due, so that a stall
 * counts against every task that was due in it (no coordinated omission).
 */
import { cpuMicros, startServer, startWorker, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import type { Order } from './workers/submitter.ts';

const RUNS = isQuick() ? 1 : 3;
const SECONDS = isQuick() ? 5 : 15;
const LOADS: readonly Order[] = [
  { kind: 'open', rate: 1_000, tasks: 1_000 * SECONDS, batch: 1, inFlight: 0 },
  { kind: 'open', rate: 10_000, tasks: 10_000 * SECONDS, batch: 1_000, inFlight: 0 },
];

interface Started {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}
type Done = Record<
  'perSecond' | 'doneP50' | 'doneP95' | 'doneP99' | 'doneMax' | 'cpuMicros',
  number
>;

const measures = new Measures();
for (let run = 0; run < RUNS; run++) {
  await withFolder(async (folder) => {
    const server = await startServer(folder);
    const agent = startWorker('agent', [server.url, '4000']);
    const submitter = startWorker('submitter', [server.url]);
    await agent.ask('ready');
    await submitter.ask({ kind: 'bulk', tasks: 20_000, batch: 1_000, inFlight: 8, rate: 0 });
    for (const load of LOADS) {
      await agent.ask('reset');
      const before = cpuMicros(server.pid);
      const done = await submitter.ask<Done>(load);
      const started = await agent.ask<Started>('figures');
      const name = `${load.rate.toLocaleString('en-US')}/s`;
      measures.add(`${name}: kept up`, 'tasks/s', done.perSecond);
      for (const key of ['p50', 'p95', 'p99', 'max'] as const) {
        measures.add(`${name}: submit to handler start, ${key}`, 'ms', started[key]);
      }
      for (const key of ['doneP50', 'doneP95', 'doneP99', 'doneMax'] as const) {
        measures.add(`${name}: submit to result, ${key.slice(4).toLowerCase()}`, 'ms', done[key]);
      }
      measures.add(`${name}: server CPU`, 'µs/task', (cpuMicros(server.pid) - before) / load.tasks);
    }
    await submitter.stop();
    await agent.stop();
    await server.stop();
  });
}
report('open-loop', measures.all, { loads: LOADS });
