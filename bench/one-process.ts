/** Submits, orchestrator and handler in one process, durable: what the machine gives without sockets. */
import { UnifiedQuantumOrchestrator } from '../dist/orchestrator.js';
import { withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';

const RUNS = isQuick() ? 2 : 5;
const TASKS = isQuick() ? 50_000 : 300_000;
const BATCH = 1_000;
const IN_FLIGHT = 8;
const SLOTS = 8_000;

const spec = {
  namespace: 'default',
  queue: 'default',
  type: 'bench.noop',
  priority: 4,
  requires: { capabilities: ['bench.noop'], labels: {} },
  retry: {
    attemptsMax: 3,
    strategy: 'exponential',
    delayMs: 1_000,
    delayMsMax: 60_000,
    jitter: 0.2,
    nonRetryable: [],
  },
  timeouts: {},
} as const;
const payload = JSON.stringify({ filler: 'x'.repeat(243) });

const measures = new Measures();
for (let run = 0; run < RUNS; run++) {
  await withFolder(async (folder) => {
    const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: folder });
    await orchestrator.start();
    await orchestrator.registerAgent(
      { id: 'bench', capabilities: ['bench.noop'], slots: SLOTS },
      () => null,
    );
    await load(orchestrator, 20_000);
    const cpu = process.cpuUsage();
    const seconds = await load(orchestrator, TASKS);
    const { system, user } = process.cpuUsage(cpu);
    measures.add('bulk: end to end', 'tasks/s', TASKS / seconds);
    measures.add('bulk: CPU, all threads', 'µs/task', (system + user) / TASKS);
    await orchestrator.stop();
  });
}
report('one-process', measures.all, {
  tasks: TASKS,
  batch: BATCH,
  inFlight: IN_FLIGHT,
  slots: SLOTS,
});

async function load(orchestrator: UnifiedQuantumOrchestrator, tasks: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = tasks;
  let unfinished = tasks;
  const listener = {
    finished: (): void => {
      unfinished -= 1;
      if (unfinished === 0) resolve();
    },
  };
  const startMs = performance.now();
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= BATCH;
      const payloads = new Array<string>(BATCH).fill(payload);
      await orchestrator.runtime.tasks.submit(
        { specs: [spec], specOf: null, payloads, extras: null },
        listener,
      );
    }
  };
  await Promise.all([...Array.from({ length: IN_FLIGHT }, lane), promise]);
  return (performance.now() - startMs) / 1000;
}
