/**
 * Submitter, server and agent, each a process, over the WebSocket channels; durable before every
 * acknowledgement. Bulk submits, then one-by-one submits with 64 under way. 256 bytes of payload.
 */
import { cpuMicros, startServer, startWorker, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import type { Order } from './workers/submitter.ts';

const RUNS = isQuick() ? 2 : 5;
const BULK: Order = {
  kind: 'bulk',
  tasks: isQuick() ? 50_000 : 600_000,
  batch: 1_000,
  inFlight: 8,
  rate: 0,
};
const SINGLE: Order = {
  kind: 'single',
  tasks: isQuick() ? 20_000 : 60_000,
  batch: 1,
  inFlight: 64,
  rate: 0,
};
const SLOTS = 8_000;

type Figures = Record<
  'submitPerSecond' | 'endToEndPerSecond' | 'submitP50' | 'submitP99' | 'cpuMicros',
  number
>;

const measures = new Measures();
for (let run = 0; run < RUNS; run++) {
  await withFolder(async (folder) => {
    const server = await startServer(folder);
    const agent = startWorker('agent', [server.url, String(SLOTS)]);
    const submitter = startWorker('submitter', [server.url]);
    await agent.ask('ready');
    // The compiler's warm-up is no part of what is measured.
    await submitter.ask({ ...BULK, tasks: 20_000 });
    for (const order of [BULK, SINGLE]) {
      const agentBefore = await agent.ask<{ cpuMicros: number }>('cpu');
      const serverBefore = cpuMicros(server.pid);
      const figures = await submitter.ask<Figures>(order);
      const serverMicros = cpuMicros(server.pid) - serverBefore;
      const agentAfter = await agent.ask<{ cpuMicros: number }>('cpu');
      const name = order.kind === 'bulk' ? 'bulk' : 'one by one, 64 in flight';
      measures.add(`${name}: end to end`, 'tasks/s', figures.endToEndPerSecond);
      measures.add(`${name}: submit`, 'tasks/s', figures.submitPerSecond);
      measures.add(`${name}: submit p50`, 'ms', figures.submitP50);
      measures.add(`${name}: submit p99`, 'ms', figures.submitP99);
      measures.add(`${name}: server CPU`, 'µs/task', serverMicros / order.tasks);
      measures.add(
        `${name}: agent CPU`,
        'µs/task',
        (agentAfter.cpuMicros - agentBefore.cpuMicros) / order.tasks,
      );
      measures.add(`${name}: submitter CPU`, 'µs/task', figures.cpuMicros / order.tasks);
    }
    await submitter.stop();
    await agent.stop();
    await server.stop();
  });
}
report('three-processes', measures.all, { bulk: BULK, single: SINGLE, slots: SLOTS });
