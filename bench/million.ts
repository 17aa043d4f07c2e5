/**
 * A million agents over a hundred connections, each beating every 30 s, and 10,000 tasks a second for a minute;
 * half-way one connection in a hundred is cut. Submitter, server and agents are processes of their own; every
 * acknowledgement is durable. A task runs for 200 ms. What is submitted is due at fixed moments (see `open-loop.ts`).
 *
 *   npm run bench -- million [--quick] [--strategy=NAME]
 */
import { readFileSync } from 'node:fs';
import {
  cpuMicros,
  startServer,
  startWorker,
  withFolder,
  type Worker,
} from './harness/processes.ts';
import { isQuick, Measures, report } from './harness/report.ts';
import type { FleetFigures, FleetOrder } from './workers/fleet.ts';
import type { Order } from './workers/submitter.ts';

const AGENTS = isQuick() ? 50_000 : 1_000_000;
const CONNECTIONS = 100;
const HEARTBEAT_MS = isQuick() ? 10_000 : 60_000;
const WORK_MS = 200;
const SECONDS = isQuick() ? 10 : 60;
const RATE = isQuick() ? 2_000 : 10_000;
const QUIET_MS = isQuick() ? 3_000 : 15_000;
const ORPHANS_MS_MAX = 3 * HEARTBEAT_MS;
const LOAD: Order = { kind: 'open', rate: RATE, tasks: RATE * SECONDS, batch: 1_000, inFlight: 0 };

interface Done {
  readonly perSecond: number;
  readonly doneP50: number;
  readonly doneP99: number;
  readonly done: number;
  readonly refused: number;
}

const measures = new Measures();
const ask = (fleet: Worker, order: FleetOrder): Promise<FleetFigures> =>
  fleet.ask<FleetFigures>(order);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Memory of a process that is in use now, in bytes (Linux). */
function residentBytes(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1_024;
}

async function presence(fleet: Worker, pid: number): Promise<void> {
  const [before, cpuBefore, fromMs] = [
    await ask(fleet, 'figures'),
    cpuMicros(pid),
    performance.now(),
  ];
  await sleep(QUIET_MS);
  const [after, cpuAfter] = [await ask(fleet, 'figures'), cpuMicros(pid)];
  const seconds = (performance.now() - fromMs) / 1_000;
  measures.add('heartbeats', '1/s', (after.beats - before.beats) / seconds);
  measures.add(
    'server with heartbeats alone',
    '% of a core',
    (cpuAfter - cpuBefore) / seconds / 1e4,
  );
}

/** Until nothing of what was cut waits any more. */
async function orphansGone(fleet: Worker): Promise<FleetFigures> {
  const endMs = performance.now() + ORPHANS_MS_MAX;
  let figures = await ask(fleet, 'figures');
  while (figures.orphansLeft > 0 && performance.now() < endMs) {
    await sleep(250);
    figures = await ask(fleet, 'figures');
  }
  return figures;
}

async function tasks(fleet: Worker, submitter: Worker, pid: number): Promise<void> {
  // The compiler's warm-up and the pool of the first task are no part of the minute.
  await submitter.ask<Done>({ ...LOAD, tasks: RATE * 3 });
  await ask(fleet, 'reset');
  const cpuBefore = cpuMicros(pid);
  const submitted = submitter.ask<Done>(LOAD);
  await sleep((SECONDS * 1_000) / 2);
  await ask(fleet, 'kill');
  await sleep((SECONDS * 1_000) / 2);
  const cpu = (cpuMicros(pid) - cpuBefore) / LOAD.tasks;
  const { latencies } = await ask(fleet, 'latencies');
  const end = await orphansGone(fleet);
  const done = await submitted;
  for (const [name, part] of [
    ['before the cut', latencies?.steady],
    ['whole minute', latencies?.all],
  ] as const) {
    for (const key of ['p50', 'p95', 'p99', 'max'] as const)
      measures.add(`submit to start, ${name}, ${key}`, 'ms', part?.[key] ?? Number.NaN);
  }
  measures.add('done', 'tasks', done.done);
  measures.add('refused', 'tasks', done.refused);
  measures.add('lost', 'tasks', LOAD.tasks - done.refused - done.done);
  measures.add('orphans of the cut', 'tasks', end.orphans);
  measures.add('orphans that run nowhere', 'tasks', end.orphansLeft);
  // Where the cut found nothing running there is no such time, least of all 0.
  if (end.orphans > 0)
    measures.add('until the last orphan ran elsewhere', 's', end.orphansMs / 1_000);
  measures.add('server', 'µs/task', cpu);
}

/** Sets the queue's strategy, where one is named. */
async function setStrategy(url: string): Promise<void> {
  const strategy = process.argv.find((arg) => arg.startsWith('--strategy='))?.split('=')[1];
  if (strategy === undefined) return;
  const { ok, status } = await fetch(`${url}/api/v1/queues/default`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ strategy }),
  });
  if (!ok) throw new Error(`the strategy must be taken, got ${status}`);
}

await withFolder(async (folder) => {
  const server = await startServer(folder);
  await setStrategy(server.url);
  const emptyBytes = residentBytes(server.pid);
  const fleet = startWorker(
    'fleet',
    [server.url, CONNECTIONS, AGENTS, HEARTBEAT_MS, WORK_MS].map(String),
  );
  const submitter = startWorker('submitter', [server.url]);
  const cpuBefore = cpuMicros(server.pid);
  const { registerMs } = await ask(fleet, 'register');
  measures.add('registration over the channel', 'agents/s', (AGENTS / registerMs) * 1_000);
  measures.add('registration, server', 'µs/agent', (cpuMicros(server.pid) - cpuBefore) / AGENTS);
  await presence(fleet, server.pid);
  measures.add(
    'resident set per agent',
    'bytes',
    (residentBytes(server.pid) - emptyBytes) / AGENTS,
  );
  await tasks(fleet, submitter, server.pid);
  measures.add('resident set at the end', 'MiB', residentBytes(server.pid) / 2 ** 20);
  await submitter.stop();
  await fleet.kill();
  await server.kill();
});
report('million', measures.all, { AGENTS, CONNECTIONS, HEARTBEAT_MS, WORK_MS, load: LOAD });
