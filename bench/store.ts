/**
 * What the store costs the event loop: finished tasks, a checkpoint of every task, a restart.
 *
 *   node bench/store.ts [--quick] [--directory DIR]
 *
 * The loop's longest hold is measured from outside, by a ticker that asks for every turn.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  apply,
  createState,
  type AgentId,
  type CoreState,
  type Task,
  type TaskId,
} from '../src/core/index.ts';
import { openStore, type FinishedTask, type Store } from '../src/store/index.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, directory: { type: 'string' } },
});
const COUNT = values.quick === true ? 100_000 : 1_000_000;
const BATCH = 1_000;
const START_MS = 1_763_000_000_000;
const AGENT = 'bench-agent' as AgentId;
const PAYLOAD = JSON.stringify({
  circuit: 'h q[0]; cx q[0], q[1];',
  shots: 1_024,
  pad: 'x'.repeat(120),
});
const RESULT = JSON.stringify({ counts: { '00': 510, '11': 514 } });

const SPEC = {
  namespace: 'default',
  queue: 'default',
  type: 'quantum.circuit.run',
  priority: 4,
  requires: { capabilities: ['quantum.circuit.run'], labels: {} },
  retry: {
    attemptsMax: 3,
    strategy: 'exponential',
    delayMs: 1_000,
    delayMsMax: 60_000,
    jitter: 0.2,
    nonRetryable: [],
  },
  timeouts: { runMs: 60_000 },
} as const;

function taskIdOf(number: number): TaskId {
  const time = (START_MS + Math.floor(number / 10)).toString(16).padStart(12, '0');
  const tail = number.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}` as TaskId;
}

const rows: { what: string; figure: string }[] = [];
function report(what: string, figure: string): void {
  rows.push({ what, figure });
}

const ms = (value: number): string => `${value.toFixed(value < 20 ? 2 : 0)} ms`;
const mib = (bytes: number): string => `${(bytes / 1_024 ** 2).toFixed(0)} MiB`;

/** Processor time of this thread, in milliseconds: what others on the machine do is not in it. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

interface Holds {
  readonly longestMs: number;
  readonly longestCpuMs: number;
  readonly p999Ms: number;
}

/** Longest time between two turns while `work` goes on. */
async function longestHold<Result>(work: Promise<Result>): Promise<[Result, Holds]> {
  let done = false;
  const finish = work.finally(() => (done = true));
  const holds: number[] = [];
  let longestCpuMs = 0;
  while (!done) {
    const before = performance.now();
    const cpuBefore = threadMs();
    await nextTurn();
    longestCpuMs = Math.max(longestCpuMs, threadMs() - cpuBefore);
    holds.push(performance.now() - before);
  }
  holds.sort((a, b) => a - b);
  const p999Ms = holds[Math.floor(holds.length * 0.999)] ?? 0;
  return [await finish, { longestMs: holds.at(-1) ?? 0, longestCpuMs, p999Ms }];
}

function submitAll(state: CoreState, store: Store): void {
  const register = {
    type: 'agent.register',
    agentId: AGENT,
    incarnation: 'one',
    spec: {
      kind: 'quantum',
      capabilities: ['quantum.circuit.run'],
      slots: COUNT,
      labels: {},
      cost: 0,
      weight: 1,
      heartbeatMs: 30_000,
    },
  } as const;
  apply(state, state.index + 1, { at: START_MS, commands: [register] });
  for (let from = 0; from < COUNT; from += BATCH) {
    const tasks = Array.from({ length: BATCH }, (_, offset) => ({
      id: taskIdOf(from + offset),
      spec: 0,
      payloadBytes: PAYLOAD.length,
    }));
    const submit = { type: 'task.submit', specs: [SPEC], tasks } as const;
    apply(state, state.index + 1, { at: START_MS + from, commands: [submit] });
    for (const { id } of tasks) store.putPayload(state.tasks.get(id) as Task, PAYLOAD);
  }
}

/** Assigns and completes tasks `from` to `to`; what the store is given. */
function complete(state: CoreState, from: number, to: number): FinishedTask[] {
  const finished: FinishedTask[] = [];
  for (let start = from; start < to; start += BATCH) {
    const ids = Array.from({ length: BATCH }, (_, offset) => taskIdOf(start + offset));
    const assign = { type: 'task.assign', taskIds: ids, agentIds: ids.map(() => AGENT) } as const;
    apply(state, state.index + 1, { at: state.nowMs, commands: [assign] });
    const fencingToken = state.index;
    const items = ids.map((taskId) => ({ taskId, fencingToken, resultBytes: RESULT.length }));
    const done = apply(state, state.index + 1, {
      at: state.nowMs,
      commands: [{ type: 'task.complete', items }],
    });
    for (const event of done.events) {
      if (event.type !== 'task.completed') continue;
      const { task, startedAt } = event;
      finished.push({ task, result: RESULT, startedAt, finishedAt: state.nowMs });
    }
  }
  return finished;
}

async function benchFinished(store: Store, finished: readonly FinishedTask[]): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const threadBefore = threadMs();
  const startedAt = performance.now();
  let adding = 0;
  const work = (async (): Promise<void> => {
    for (let from = 0; from < finished.length; from += BATCH) {
      const before = performance.now();
      for (const task of finished.slice(from, from + BATCH)) store.finish(task);
      adding += performance.now() - before;
      while (store.backlog.full) await sleep(1);
      await nextTurn();
    }
    await store.flush();
  })();
  await work;
  const elapsed = performance.now() - startedAt;
  const thread = threadMs() - threadBefore;
  const cpu = process.cpuUsage(cpuBefore);
  const each = (milliseconds: number): string =>
    `${((milliseconds * 1_000) / finished.length).toFixed(2)} µs`;
  report('finish(), in the hot path, a task', each(adding));
  report('finished task, main thread in all', each(thread));
  report('finished task, all threads', each((cpu.user + cpu.system) / 1_000));
  report('finished tasks durable, a second', (finished.length / (elapsed / 1_000)).toFixed(0));
}

async function benchCheckpoint(store: Store, state: CoreState, what: string): Promise<void> {
  const memory = process.memoryUsage().rss;
  const [stats, holds] = await longestHold(store.checkpoint(state));
  report(`${what}: rows`, `${stats.rows} put, ${stats.removed} removed`);
  report(`${what}: in all`, ms(stats.durationMs));
  report(`${what}: longest slice of work`, ms(stats.longestSliceMs));
  report(`${what}: event loop held, 99.9 % of turns`, ms(holds.p999Ms));
  report(`${what}: event loop held, longest`, ms(holds.longestMs));
  report(`${what}: event loop held, longest, processor time`, ms(holds.longestCpuMs));
  report(`${what}: memory gained`, mib(process.memoryUsage().rss - memory));
}

const directory = fs.mkdtempSync(path.join(values.directory ?? os.tmpdir(), 'store-bench-'));
try {
  let store = await openStore({ directory, history: { countMax: 10 * COUNT } });
  const state = createState(1);
  submitAll(state, store);
  report('memory with all tasks and payloads live', mib(process.memoryUsage().rss));
  await benchCheckpoint(store, state, `checkpoint of ${COUNT} new tasks`);

  const first = complete(state, 0, COUNT / 10);
  const readFrom = performance.now();
  for (const { task } of first) store.payload(task);
  const reading = (performance.now() - readFrom) / first.length;
  report('payload() past the cache', `${(reading * 1_000).toFixed(2)} µs`);
  await benchFinished(store, first);
  await benchCheckpoint(store, state, `checkpoint after ${COUNT / 10} finished`);

  const listedFrom = performance.now();
  for (let round = 0; round < 1_000; round++) store.list({ limit: 50, queue: 'default' });
  report('list(), a page of 50', ms((performance.now() - listedFrom) / 1_000));
  report('file', mib(store.sizeBytes()));
  await store.close();

  store = await openStore({ directory });
  const restoreFrom = performance.now();
  const restored = store.restore();
  report(`restore of ${restored?.tasks.size ?? 0} tasks`, ms(performance.now() - restoreFrom));
  await store.close();
} finally {
  fs.rmSync(directory, { recursive: true });
}
console.table(rows);
