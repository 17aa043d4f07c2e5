/**
 * Which way of making a write durable suits the log: latency, throughput, and what the event loop pays for it.
 *
 *   node bench/log-io.ts [--quick] [--directory DIR]
 *
 * Every strategy writes the same groups into the same kind of file (zero-filled and flushed before the clock starts). A
 * group is what all appenders offered while the group before it was under way, as in the log itself.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

const FILE_BYTES = 64 * 1024 * 1024;
const WORKER_BUFFER_BYTES = 4 * 1024 * 1024;

interface Strategy {
  readonly name: string;
  readonly flags: number;
  readonly preallocated: boolean;
  start(descriptor: number): Promise<Writer>;
}

interface Writer {
  /** Writes and flushes; `done` is called once the bytes are durable. */
  write(bytes: Buffer, position: number, done: () => void): void;
  stop(): Promise<void>;
}

interface Load {
  readonly name: string;
  readonly appenders: number;
  readonly entryBytes: number;
  /** Appends per second of each appender; 0 appends again at once. */
  readonly ratePerSecond: number;
}

interface Figures {
  readonly commitsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly loopBlockedPercent: number;
  readonly loopDelayP99Ms: number;
}

const noStop = (): Promise<void> => Promise.resolve();

function orThrow(error: Error | null): void {
  if (error !== null) throw error;
}

const blocking: Strategy = {
  name: 'a  blocking write + fdatasync',
  flags: 0,
  preallocated: true,
  start: (descriptor) =>
    Promise.resolve({
      write(bytes, position, done): void {
        fs.writeSync(descriptor, bytes, 0, bytes.length, position);
        fs.fdatasyncSync(descriptor);
        done();
      },
      stop: noStop,
    }),
};

const twoHops: Strategy = {
  name: 'b  thread pool, write then fdatasync',
  flags: 0,
  preallocated: true,
  start: (descriptor) =>
    Promise.resolve({
      write(bytes, position, done): void {
        fs.write(descriptor, bytes, 0, bytes.length, position, (writeError) => {
          orThrow(writeError);
          fs.fdatasync(descriptor, (flushError) => {
            orThrow(flushError);
            done();
          });
        });
      },
      stop: noStop,
    }),
};

function oneHop(name: string, preallocated: boolean): Strategy {
  return {
    name,
    flags: fs.constants.O_DSYNC,
    preallocated,
    start: (descriptor) =>
      Promise.resolve({
        write(bytes, position, done): void {
          fs.write(descriptor, bytes, 0, bytes.length, position, (error) => {
            orThrow(error);
            done();
          });
        },
        stop: noStop,
      }),
  };
}

/** Runs in the worker: waits for a length and a position, writes, flushes, answers. */
const WORKER_SOURCE = `
const { workerData, parentPort } = require('node:worker_threads');
const fs = require('node:fs');
const { descriptor, shared, control, answerByMessage } = workerData;
const bytes = Buffer.from(shared);
const words = new Int32Array(control);
for (;;) {
  Atomics.wait(words, 0, 0);
  if (words[0] === 2) break;
  fs.writeSync(descriptor, bytes, 0, words[1], words[2]);
  fs.fdatasyncSync(descriptor);
  Atomics.store(words, 0, 0);
  if (answerByMessage) parentPort.postMessage(0);
  else { Atomics.store(words, 3, 1); Atomics.notify(words, 3); }
}`;

function worker(name: string, answerByMessage: boolean): Strategy {
  return {
    name,
    flags: 0,
    preallocated: true,
    async start(descriptor) {
      const shared = new SharedArrayBuffer(WORKER_BUFFER_BYTES);
      const control = new SharedArrayBuffer(16);
      const words = new Int32Array(control);
      const target = Buffer.from(shared);
      const thread = new Worker(WORKER_SOURCE, {
        eval: true,
        workerData: { descriptor, shared, control, answerByMessage },
      });
      await once(thread, 'online');
      let pending: () => void = () => undefined;
      thread.on('message', () => pending());
      return {
        write(bytes, position, done): void {
          target.set(bytes, 0);
          words[1] = bytes.length;
          words[2] = position;
          words[3] = 0;
          pending = done;
          Atomics.store(words, 0, 1);
          Atomics.notify(words, 0);
          if (answerByMessage) return;
          const answer = Atomics.waitAsync(words, 3, 0);
          if (answer.async) void answer.value.then(() => pending());
          else setImmediate(() => pending());
        },
        async stop(): Promise<void> {
          Atomics.store(words, 0, 2);
          Atomics.notify(words, 0);
          await once(thread, 'exit');
        },
      };
    },
  };
}

const STRATEGIES: readonly Strategy[] = [
  blocking,
  twoHops,
  oneHop('c  thread pool, one O_DSYNC write', true),
  oneHop('c- the same, growing the file', false),
  worker('d1 worker thread, answer by message', true),
  worker('d2 worker thread, answer by Atomics', false),
];

const LOADS: readonly Load[] = [
  { name: '1,000 commits/s of 400 B', appenders: 1, entryBytes: 400, ratePerSecond: 1000 },
  { name: '1 appender of 400 B', appenders: 1, entryBytes: 400, ratePerSecond: 0 },
  { name: '64 appenders of 400 B', appenders: 64, entryBytes: 400, ratePerSecond: 0 },
  { name: '1 appender of 300 KB', appenders: 1, entryBytes: 300_000, ratePerSecond: 0 },
];

function zeroFill(file: string): void {
  const descriptor = fs.openSync(file, 'w');
  const zeros = Buffer.alloc(1024 * 1024);
  for (let at = 0; at < FILE_BYTES; at += zeros.length) fs.writeSync(descriptor, zeros);
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
}

function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

/** How late a millisecond timer fires while the load is on: the loop as others feel it. */
function watchLoop(): () => number {
  const latenessMs: number[] = [];
  let due = performance.now() + 1;
  const timer = setInterval(() => {
    const now = performance.now();
    latenessMs.push(Math.max(0, now - due));
    due = now + 1;
  }, 1);
  return () => {
    clearInterval(timer);
    return quantile(
      latenessMs.sort((left, right) => left - right),
      0.99,
    );
  };
}

/** The group commit of the log, reduced to its I/O. */
class Group {
  readonly #writer: Writer;
  readonly #staging: Buffer = Buffer.alloc(WORKER_BUFFER_BYTES, 7);
  #waiting: (() => void)[] = [];
  #waitingBytes = 0;
  #position = 0;
  #busy = false;
  blockedMs = 0;
  bytesWritten = 0;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  append(entryBytes: number, done: () => void): void {
    this.#waiting.push(done);
    this.#waitingBytes += entryBytes;
    if (this.#busy) return;
    this.#busy = true;
    setImmediate(() => this.#write());
  }

  #write(): void {
    const settled = this.#waiting;
    const bytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (settled.length === 0) {
      this.#busy = false;
      return;
    }
    if (this.#position + bytes > FILE_BYTES) this.#position = 0;
    const startedMs = performance.now();
    this.#writer.write(this.#staging.subarray(0, bytes), this.#position, () => {
      for (const done of settled) done();
      setImmediate(() => this.#write());
    });
    this.blockedMs += performance.now() - startedMs;
    this.#position += bytes;
    this.bytesWritten += bytes;
  }
}

async function measure(writer: Writer, load: Load, durationMs: number): Promise<Figures> {
  const group = new Group(writer);
  const latenciesMs: number[] = [];
  const stopWatch = watchLoop();
  const startedMs = performance.now();
  const appenders = Array.from({ length: load.appenders }, async () => {
    let nextMs = startedMs;
    while (performance.now() - startedMs < durationMs) {
      const appendedMs = performance.now();
      await new Promise<void>((resolve) => group.append(load.entryBytes, resolve));
      latenciesMs.push(performance.now() - appendedMs);
      nextMs += load.ratePerSecond === 0 ? 0 : 1000 / load.ratePerSecond;
      while (load.ratePerSecond !== 0 && performance.now() < nextMs) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });
  await Promise.all(appenders);
  const elapsedMs = performance.now() - startedMs;
  latenciesMs.sort((left, right) => left - right);
  return {
    commitsPerSecond: (latenciesMs.length / elapsedMs) * 1000,
    megabytesPerSecond: group.bytesWritten / elapsedMs / 1000,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    loopBlockedPercent: (group.blockedMs / elapsedMs) * 100,
    loopDelayP99Ms: stopWatch(),
  };
}

async function runOnce(
  file: string,
  strategy: Strategy,
  load: Load,
  durationMs: number,
): Promise<Figures> {
  if (strategy.preallocated) zeroFill(file);
  else fs.writeFileSync(file, '');
  const descriptor = fs.openSync(file, fs.constants.O_RDWR | strategy.flags);
  const writer = await strategy.start(descriptor);
  const figures = await measure(writer, load, durationMs);
  await writer.stop();
  fs.closeSync(descriptor);
  return figures;
}

function median(runs: readonly Figures[], key: keyof Figures): number {
  return quantile(
    runs.map((run) => run[key]).sort((left, right) => left - right),
    0.5,
  );
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, directory: { type: 'string' } },
});
const directory = fs.mkdtempSync(path.join(values.directory ?? os.tmpdir(), 'uqo-log-io-'));
const durationMs = values.quick ? 300 : 2000;
const repeats = values.quick ? 1 : 3;
const results = new Map<string, Figures[]>();
for (let repeat = 0; repeat < repeats; repeat += 1) {
  for (const load of LOADS) {
    for (const strategy of STRATEGIES) {
      const key = `${load.name} | ${strategy.name}`;
      const figures = await runOnce(path.join(directory, 'log'), strategy, load, durationMs);
      results.set(key, [...(results.get(key) ?? []), figures]);
    }
  }
}
fs.rmSync(directory, { recursive: true });

console.log(
  `node ${process.version}, ${os.availableParallelism()} cores, median of ${repeats} runs`,
);
console.log(
  '| load | strategy | commits/s | MB/s | p50 ms | p99 ms | loop blocked % | lag p99 ms |',
);
console.log('|---|---|---:|---:|---:|---:|---:|---:|');
for (const [key, runs] of results) {
  const cells = [
    median(runs, 'commitsPerSecond').toFixed(0),
    median(runs, 'megabytesPerSecond').toFixed(1),
    median(runs, 'p50Ms').toFixed(2),
    median(runs, 'p99Ms').toFixed(2),
    median(runs, 'loopBlockedPercent').toFixed(1),
    median(runs, 'loopDelayP99Ms').toFixed(2),
  ];
  console.log(`| ${key} | ${cells.join(' | ')} |`);
}
