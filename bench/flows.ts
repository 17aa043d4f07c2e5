/**
 * Flows of 100,000 tasks in one process, durable: how long each takes, and how long the event loop stood
 * still meanwhile. `node bench/flows.ts [tasks]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { SubmitTask } from '../src/contract/index.ts';
import { openRuntime, type Runtime } from '../src/runtime/index.ts';
import { LongestTurn } from './harness/longest-turn.ts';

const COUNT = Number(process.argv[2] ?? 100_000);

type Shape = (count: number) => SubmitTask[];

const SHAPES: Readonly<Record<string, Shape>> = {
  chain: (count) => Array.from({ length: count }, (_, i) => task(i, i === 0 ? [] : [`t${i - 1}`])),
  fan: (count) => [
    task(0, []),
    ...Array.from({ length: count - 2 }, (_, i) => task(i + 1, ['t0'])),
    task(
      count - 1,
      Array.from({ length: count - 2 }, (_, i) => `t${i + 1}`),
    ),
  ],
  layers: (count) => {
    let seed = 1;
    const draw = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const width = 1_000;
    return Array.from({ length: count }, (_, i) => {
      const layer = Math.floor(i / width);
      const parents = layer === 0 ? [] : [0, 1, 2].map(() => (layer - 1) * width + draw(width));
      return task(
        i,
        [...new Set(parents)].map((parent) => `t${parent}`),
      );
    });
  },
};

function task(index: number, dependsOn: string[]): SubmitTask {
  return { type: 'work', ref: `t${index}`, payload: index, dependsOn, retry: { attemptsMax: 1 } };
}

async function timed<Value>(
  what: string,
  turns: LongestTurn,
  act: () => Promise<Value>,
): Promise<Value> {
  turns.take();
  const startedMs = performance.now();
  const value = await act();
  const tookMs = Math.round(performance.now() - startedMs);
  const { longestCpuMs, longestMs } = turns.take();
  process.stdout.write(
    `${what.padEnd(22)} ${String(tookMs).padStart(7)} ms   longest stall ${Math.round(longestMs)} ms, ${Math.round(longestCpuMs)} ms of processor time\n`,
  );
  return value;
}

async function over(runtime: Runtime, flowId: string): Promise<void> {
  while (runtime.flows.get(flowId, { limit: 1 })?.isOver === false) {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function run(shape: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-flows-'));
  const runtime = await openRuntime({ dataDir: folder, version: '0', seed: 1 });
  const turns = new LongestTurn();
  const tasks = (SHAPES[shape] as Shape)(COUNT);
  const agent = { id: 'worker', capabilities: ['work'], slots: 2_000 };
  const doomed = await timed(`${shape}: accept`, turns, () => runtime.submitFlow({ tasks }));
  await timed(`${shape}: cancel`, turns, async () => {
    await runtime.flows.cancel(doomed.id, 'unwanted');
    await over(runtime, doomed.id);
  });
  await runtime.serve(agent, ((one: { payload: number }) => one.payload) as never);
  await timed(`${shape}: accept and run`, turns, async () => {
    const { id } = await runtime.submitFlow({ tasks });
    await over(runtime, id);
  });
  turns.close();
  await runtime.close(0);
  rmSync(folder, { recursive: true, force: true });
}

for (const shape of Object.keys(SHAPES)) await run(shape);
