/**
 * What hedging is worth where a few attempts take very long: one program, eight agents, tasks at a
 * steady rate. Most take about 20 ms, three of a hundred a second; whoever runs one draws anew, as a
 * machine that hangs for a moment does. Without hedges, with the default share of 5 %, and unbounded.
 */
import { UnifiedQuantumOrchestrator } from '../dist/orchestrator.js';
import { withFolder } from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import { quantile } from './harness/statistics.ts';

const RUNS = isQuick() ? 1 : 3;
const TASKS = isQuick() ? 2_000 : 4_000;
const PLAN = { tasks: TASKS, rate: 250, agents: 8, slots: 8, stragglers: 0.03, stragglerMs: 1_000 };
const CASES = [
  ['without', null],
  ['hedged, at most 5 %', 0.05],
  ['hedged, unbounded', 1],
] as const;

/** Uniform numbers that are the same in every run and case. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

interface Figures {
  readonly latenciesMs: Float64Array;
  /** Of all attempts, copies and those that were overtaken among them. */
  readonly workMs: number;
  readonly hedges: number;
}

async function run(dataDir: string, share: number | null, seed: number): Promise<Figures> {
  const hedging = { share: share ?? 0 };
  const uqo = new UnifiedQuantumOrchestrator({ dataDir, hedging });
  await uqo.start();
  const random = generator(seed);
  let [attempts, workMs] = [0, 0];
  const work = async (_task: unknown, { signal }: { signal: AbortSignal }): Promise<null> => {
    const begunAt = performance.now();
    attempts += 1;
    const isStraggler = random() < PLAN.stragglers;
    // Log-normal by the sum of uniform numbers.
    const spread = random() + random() + random() + random() - 2;
    await pause(isStraggler ? PLAN.stragglerMs : 20 * Math.exp(spread), signal);
    workMs += performance.now() - begunAt;
    return null;
  };
  for (let n = 0; n < PLAN.agents; n++) {
    const agent = { id: `agent-${n}`, capabilities: ['bench.tail'], slots: PLAN.slots };
    await uqo.registerAgent(agent, work as never);
  }
  const latenciesMs = new Float64Array(PLAN.tasks);
  const ends: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let n = 0; n < PLAN.tasks; n++) {
    const dueAt = startedAt + (n * 1_000) / PLAN.rate;
    const earlyMs = dueAt - performance.now();
    if (earlyMs > 0) await pause(earlyMs);
    const end = uqo.submitTask({ type: 'bench.tail', hedge: {} }).then(async (task) => {
      await task.result();
      latenciesMs[n] = performance.now() - dueAt;
    });
    ends.push(end);
  }
  await Promise.all(ends);
  await uqo.stop();
  return { latenciesMs: latenciesMs.sort(), workMs, hedges: attempts - PLAN.tasks };
}

const measures = new Measures();
for (let round = 1; round <= RUNS; round++) {
  let plainMs = 0;
  for (const [name, share] of CASES) {
    await withFolder(async (folder) => {
      const { hedges, latenciesMs, workMs } = await run(folder, share, round);
      for (const p of [0.5, 0.95, 0.99, 0.999]) {
        measures.add(`${name}: p${p * 100}`, 'ms', quantile(latenciesMs, p));
      }
      measures.add(`${name}: hedges`, '% of tasks', (hedges / PLAN.tasks) * 100);
      if (share === null) plainMs = workMs;
      else measures.add(`${name}: time agents spent`, '% of without', (workMs / plainMs) * 100);
    });
  }
}
report('hedging', measures.all, PLAN);
