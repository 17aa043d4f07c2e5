/**
 * How long one command keeps the event loop from everything else: `npm run bench -- stalls [--quick] [--only=WORD]`.
 *
 * Each case is a server of its own in this process, durable. While it is under way something of priority 9 is
 * submitted each hundredth of a second, at moments that do not wait for answers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRuntime } from '../src/runtime/index.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import { StallProbe } from './stalls/probe.ts';
import { CASES, type StallCase } from './stalls/cases.ts';

const TASKS = isQuick() ? 20_000 : 100_000;
const only = process.argv.find((arg) => arg.startsWith('--only='))?.slice('--only='.length) ?? '';

const measures = new Measures();
for (const one of CASES) if (one.name.includes(only)) await measure(one);
report('stalls', measures.all, { tasks: TASKS });

async function measure({ act, name, setUp, terms }: StallCase): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-stalls-'));
  const runtime = await openRuntime({
    dataDir: folder,
    version: '0',
    seed: 1,
    admission: { enabled: false },
    ...terms,
  });
  const scene = { runtime, tasks: TASKS };
  await runtime.serve({ id: 'urgent', capabilities: ['urgent'], slots: 100 }, () => null);
  await setUp?.(scene);
  // What setting up left to be collected is not the command's.
  globalThis.gc?.();
  const probe = new StallProbe(() =>
    runtime.submitTask({ type: 'urgent', namespace: 'urgent', priority: 9 }),
  );
  await probe.settled();
  const startedMs = performance.now();
  await act(scene);
  const tookMs = performance.now() - startedMs;
  const { collectionMs, longestCpuMs, longestMs, p99Ms } = await probe.close();
  measures.add(`${name}: longest turn`, 'ms', longestMs);
  measures.add(`${name}: longest turn, processor time`, 'ms', longestCpuMs);
  measures.add(`${name}: longest collection`, 'ms', collectionMs);
  measures.add(`${name}: priority 9, p99`, 'ms', p99Ms);
  measures.add(`${name}: all of it`, 'ms', tookMs);
  console.log(
    `${name.padEnd(44)} turn ${longestMs.toFixed(1)} ms (processor ${longestCpuMs.toFixed(1)}, collection ${collectionMs.toFixed(1)})   ` +
      `priority 9 p99 ${p99Ms.toFixed(1)} ms   ${tookMs.toFixed(0)} ms`,
  );
  await runtime.close(0);
  rmSync(folder, { recursive: true, force: true });
}
