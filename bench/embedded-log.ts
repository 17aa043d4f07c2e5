/**
 * What the embedded log does end to end: appends, opening (every hash checked) and reading back.
 *
 *   node bench/embedded-log.ts [--quick] [--directory DIR]
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openEmbeddedLog, type ReplicatedLog } from '../src/log/index.ts';

interface Load {
  readonly name: string;
  readonly appenders: number;
  readonly entryBytes: number;
  readonly appends: number;
  /** Appends per second of all appenders together; 0 appends again at once. */
  readonly ratePerSecond: number;
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, directory: { type: 'string' } },
});
const scale = values.quick ? 0.1 : 1;
const loads: readonly Load[] = [
  { name: '1,000/s of 400 B', appenders: 1, entryBytes: 400, appends: 5000, ratePerSecond: 1000 },
  { name: '1 x 400 B', appenders: 1, entryBytes: 400, appends: 20_000, ratePerSecond: 0 },
  { name: '64 x 400 B', appenders: 64, entryBytes: 400, appends: 1_000_000, ratePerSecond: 0 },
  { name: '1 x 300 KB', appenders: 1, entryBytes: 300_000, appends: 1400, ratePerSecond: 0 },
  { name: '4 x 300 KB', appenders: 4, entryBytes: 300_000, appends: 1400, ratePerSecond: 0 },
];

async function append(log: ReplicatedLog, load: Load, appends: number): Promise<number[]> {
  const body = Buffer.alloc(load.entryBytes, 7);
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  let started = 0;
  const appender = async (): Promise<void> => {
    while (started < appends) {
      started += 1;
      const dueMs = load.ratePerSecond === 0 ? 0 : (started / load.ratePerSecond) * 1000;
      while (performance.now() - startedMs < dueMs) await new Promise((go) => setImmediate(go));
      const appendedMs = performance.now();
      await log.append(body);
      latenciesMs.push(performance.now() - appendedMs);
    }
  };
  await Promise.all(Array.from({ length: load.appenders }, appender));
  return latenciesMs.sort((left, right) => left - right);
}

async function read(log: ReplicatedLog): Promise<number> {
  let bytes = 0;
  for await (const entry of log.read(0)) bytes += entry.body.length;
  return bytes;
}

const root = fs.mkdtempSync(path.join(values.directory ?? os.tmpdir(), 'uqo-embedded-log-'));
console.log(`node ${process.version}, ${os.availableParallelism()} cores`);
console.log(
  '| load | appends/s | MB/s | p50 ms | p99 ms | max ms | loop lag p99 ms | open MB/s | read MB/s |',
);
console.log('|---|---:|---:|---:|---:|---:|---:|---:|---:|');
for (const load of loads) {
  const directory = path.join(root, load.name.replaceAll(/\W+/g, '-'));
  const appends = Math.ceil(load.appends * scale);
  let log = await openEmbeddedLog({ directory });
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const startedMs = performance.now();
  const latenciesMs = await append(log, load, appends);
  const elapsedMs = performance.now() - startedMs;
  lag.disable();
  await log.close();
  const openedMs = performance.now();
  log = await openEmbeddedLog({ directory });
  const readMs = performance.now();
  const bytes = await read(log);
  const endMs = performance.now();
  await log.close();
  fs.rmSync(directory, { recursive: true });
  const cells = [
    load.name,
    ((appends / elapsedMs) * 1000).toFixed(0),
    (bytes / elapsedMs / 1000).toFixed(1),
    latenciesMs[Math.floor(appends * 0.5)]?.toFixed(2),
    latenciesMs[Math.floor(appends * 0.99)]?.toFixed(2),
    latenciesMs.at(-1)?.toFixed(1),
    // The histogram counts the whole interval of its 1 ms timer.
    Math.max(0, lag.percentile(99) / 1e6 - 1).toFixed(2),
    (bytes / (readMs - openedMs) / 1000).toFixed(0),
    (bytes / (endMs - readMs) / 1000).toFixed(0),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
fs.rmSync(root, { recursive: true });
