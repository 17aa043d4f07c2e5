/**
 * How many agents' calls one server makes: tasks for one agent that is called, which answers at once from a process of its own;
 * over kept connections, and over one for each call, by turns.
 */
import { UnifiedQuantumOrchestrator } from '../dist/orchestrator.js';
import { startWorker, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';

const RUNS = isQuick() ? 1 : 3;
const TASKS = isQuick() ? 2_000 : 10_000;
/** Under way at once, at most. */
const SLOTS = 64;
const CASES = [
  ['kept connections', 0],
  ['a connection for each call', 1],
] as const;

const measures = new Measures();
const receiver = startWorker('webhook-receiver');
for (let run = 0; run < RUNS; run++) {
  for (const [name, callsPerConnection] of CASES) {
    const port = await receiver.ask<number>(callsPerConnection);
    await withFolder(async (dataDir) => {
      const webhooks = { secret: 'sixteen bytes or more', allow: ['127.0.0.1'] };
      const uqo = new UnifiedQuantumOrchestrator({ dataDir, webhooks });
      await uqo.start();
      await uqo.registerAgent({
        id: 'called',
        capabilities: ['bench.call'],
        slots: SLOTS,
        availability: { kind: 'webhook', url: `http://127.0.0.1:${port}/` },
      });
      const before = process.cpuUsage();
      const startMs = performance.now();
      const tasks = await Promise.all(
        Array.from({ length: TASKS }, () => uqo.submitTask({ type: 'bench.call' })),
      );
      await Promise.all(tasks.map((task) => task.result()));
      const { system, user } = process.cpuUsage(before);
      measures.add(name, 'calls/s', (TASKS / (performance.now() - startMs)) * 1_000);
      measures.add(`${name}, processor time`, 'µs/call', (system + user) / TASKS);
      await uqo.stop();
    });
  }
}
await receiver.stop();
report('webhooks', measures.all, { tasks: TASKS, slots: SLOTS });
