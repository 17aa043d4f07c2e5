/** A thread that does one job after another. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { isOrchestratorError, messageOf } from '../../../base/errors.ts';
import { invariant } from '../../../base/invariant.ts';
import type { KernelTeam } from '../../../quantum/kernels/kernel-team.ts';
import type { JobContext } from '../jobs/job.ts';
import { loadJob } from '../jobs/job-table.ts';
import { WorkerTeam } from '../threads/worker-team.ts';
import { freeMemory } from './free-memory.ts';
import type { JobFault, JobOrder, JobReply, JobThreadData } from './job-protocol.ts';
import { JobWatch } from './job-watch.ts';

/** A job that took longer may have left much behind. */
const FREE_AFTER_MS = 50;
/** A thread without a job for this long lets its helpers go. */
const TEAM_IDLE_MS = 500;

const port = parentPort;
invariant(port !== null, 'a job thread has a parent');

let team: Promise<WorkerTeam | null> | null = null;
let idle: NodeJS.Timeout | undefined;

/** Kept from job to job that follow each other: starting one takes some tens of milliseconds. */
async function openTeam(threads: number): Promise<KernelTeam | null> {
  if (threads < 2) return null;
  const known = await team;
  if (known?.isWhole === false) await closeTeam();
  team ??= WorkerTeam.start(threads);
  return await team;
}

function reply(message: JobReply): void {
  port?.postMessage(message);
}

async function perform({ id, name, request, ...order }: JobOrder): Promise<void> {
  clearTimeout(idle);
  const startMs = performance.now();
  const watch = new JobWatch(order.cancel, order.timeMs, (fraction) =>
    reply({ kind: 'progress', id, fraction }),
  );
  const context: JobContext = {
    watch,
    isUnwanted: () => watch.stopped === 'canceled',
    bytesMax: order.bytesMax,
    team: () => openTeam(order.threads),
  };
  try {
    const job = await loadJob(name);
    reply({ kind: 'done', id, result: await job(request, context) });
  } catch (error) {
    reply({ kind: 'failed', id, fault: faultOf(error, watch, order.timeMs) });
  }
  if (performance.now() - startMs <= FREE_AFTER_MS) return;
  // In a turn of its own: until this one ends, what it has looked at through weak references stays.
  setImmediate(freeMemory);
  idle = setTimeout(() => void closeTeam(), TEAM_IDLE_MS);
}

async function closeTeam(): Promise<void> {
  const closing = team;
  team = null;
  await (await closing)?.close();
  freeMemory();
}

function faultOf(error: unknown, watch: JobWatch, timeMs: number): JobFault {
  const stack = error instanceof Error ? error.stack : undefined;
  if (!isOrchestratorError(error)) {
    const code = error instanceof RangeError ? 'QUANTUM_OUT_OF_MEMORY' : 'QUANTUM_INTERNAL';
    return { code, message: messageOf(error), details: {}, stack };
  }
  if (error.code === 'QUANTUM_CANCELED' && watch.stopped === 'time') {
    const message = `the computation must end within its budget of ${timeMs} ms, got no end`;
    return { code: 'QUANTUM_TIME_EXCEEDED', message, details: { timeMs }, stack };
  }
  return { code: error.code, message: error.message, details: error.details, stack };
}

/** On Linux a priority is a thread's own, and its helpers inherit it; elsewhere it is the process's. */
function standBack({ niceness }: JobThreadData): void {
  if (process.platform !== 'linux' || niceness === 0) return;
  setPriority(0, niceness);
}

standBack(workerData as JobThreadData);
port.on('message', (order: JobOrder) => void perform(order));
