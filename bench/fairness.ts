/**
 * What one tenant feels of another: B's tasks from submit to handler start, alone and while A has a
 * million tasks in the same queue of agents; then how two tenants share slots when their tasks cost
 * different amounts. Three processes for the first, one for the second.
 */
import { Client } from '../dist/client/index.js';
import { UnifiedQuantumOrchestrator } from '../dist/orchestrator.js';
import { startServer, startWorker, withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';

const TASKS = isQuick() ? 100_000 : 1_000_000;
const PROBES = isQuick() ? 100 : 500;
const PROBE_MS = 20;
const SLOTS = 100;

interface Started {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

const measures = new Measures();
await withFolder(async (folder) => {
  const server = await startServer(folder);
  const agent = startWorker('agent', [server.url, String(SLOTS)]);
  await agent.ask('ready');
  const client = new Client({ url: server.url });
  await probe(client);
  await agent.ask('reset');
  await probe(client);
  add('B alone', await agent.ask<Started>('figures'));
  let left = TASKS;
  const tasks = Array.from({ length: 5_000 }, () => ({ namespace: 'a', type: 'bench.noop' }));
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= tasks.length;
      await client.enqueue(tasks);
    }
  };
  const submitted = Promise.all([lane(), lane()]);
  // B begins when A has a lead; A's submits go on meanwhile, as in life.
  while (left > TASKS / 2) await pause(10);
  await agent.ask('reset');
  await probe(client);
  const waiting = (await client.http.call('GET', '/queues/a%2Fdefault')) as { queued: number };
  add(`B beside A`, await agent.ask<Started>('figures'));
  measures.add('A still waiting after that', 'tasks', waiting.queued);
  await submitted;
  await client.close();
  await agent.stop();
  await server.stop();
});

for (const [weightA, tokensA] of [
  [1, 0],
  [3, 0],
  [1, 20_000],
] as const) {
  await withFolder(async (folder) => {
    const share = await shareOf(folder, weightA, tokensA);
    const name = `A of weight ${weightA}, ${tokensA} tokens a task, beside B of weight 1 and none`;
    measures.add(`${name}: A's part of starts`, '%', 100 * share);
  });
}
report('fairness', measures.all, { tasks: TASKS, probes: PROBES, slots: SLOTS });

/** Submits B's tasks one by one, each stamped with its moment. */
async function probe(client: Client): Promise<void> {
  for (let i = 0; i < PROBES; i++) {
    const due = Number(process.hrtime.bigint()) / 1e6;
    const handle = await client.submit({ namespace: 'b', type: 'bench.noop', payload: { due } });
    await handle.result();
    await pause(PROBE_MS);
  }
}

function add(name: string, { max, p50, p95 }: Started): void {
  measures.add(`${name}: submit to handler start, p50`, 'ms', p50);
  measures.add(`${name}: submit to handler start, p95`, 'ms', p95);
  measures.add(`${name}: submit to handler start, max`, 'ms', max);
}

/** A's part of all starts while both have more to do than there are slots. */
async function shareOf(folder: string, weightA: number, tokensA: number): Promise<number> {
  const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: folder });
  await orchestrator.start();
  await orchestrator.runtime.limits.setFairness({ weights: { a: weightA } });
  const starts = { a: 0, b: 0 };
  const each = 2_000;
  for (const namespace of ['a', 'b'] as const) {
    const estimate = namespace === 'a' && tokensA > 0 ? { estimate: { tokens: tokensA } } : {};
    for (let i = 0; i < each; i++) {
      await orchestrator.submitTask({
        namespace,
        type: 'bench.hold',
        payload: namespace,
        ...estimate,
      });
    }
  }
  await orchestrator.registerAgent(
    { id: 'bench', capabilities: ['bench.hold'], slots: 40 },
    async (task: { readonly payload: unknown }) => {
      starts[task.payload as 'a' | 'b'] += 1;
      await pause(20);
    },
  );
  while (starts.a + starts.b < each) await pause(5);
  const share = starts.a / (starts.a + starts.b);
  await orchestrator.stop();
  return share;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
