/** One overload of a real server, from its start to its recovery, and what was measured of it. */
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { FloodFigures, FloodOrder } from '../workers/flood.ts';
import type { ProbeFigures, ProbeOrder } from '../workers/probe.ts';
import {
  cpuMicros,
  mainThreadMs,
  startServer,
  startWorker,
  withFolder,
  type Server,
  type Worker,
} from './processes.ts';

export interface OverloadPlan {
  /** Length of the overload, and of either measurement of the peak, in seconds. */
  readonly seconds: number;
  /** Length of warming up, and of the measurement without load, in seconds. */
  readonly calmSeconds: number;
  /** How many times of what can be done is offered. */
  readonly factor: number;
  readonly connections: number;
  /** Tasks of one submit. */
  readonly batch: number;
  /** Tasks a second of priority 9, submitted one by one. */
  readonly probeRate: number;
  /** Flags of the server. */
  readonly flags: readonly string[];
  /** Niceness of server and probe; below 0 they go before flood and agent, which only root may ask for. */
  readonly niceness: number;
}

export interface OverloadFigures {
  /** Tasks a second that end while as many come as can be done, before the overload. */
  readonly peak: number;
  /** … and after it, for a machine may not be the same a minute later. */
  readonly peakAfter: number;
  /** Tasks a second that end while `factor` times as many come. */
  readonly goodput: number;
  readonly unloaded: ProbeFigures;
  readonly overloaded: ProbeFigures;
  readonly flood: FloodFigures;
  /** Who used the processors while the peak before was measured, and during the overload. */
  readonly atPeak: Shares;
  readonly atOverload: Shares;
  /** From the end of the overload to the level normal, in milliseconds. */
  readonly recoveryMs: number;
  /** Most memory in use: with pages of the store's file that the kernel may take back, and without. */
  readonly rssBytesMax: number;
  readonly anonymousBytesMax: number;
  readonly status: { readonly level: string; readonly floor: number; readonly cause?: string };
}

/** Shares of the time, where 1 is one processor for all of it. */
export interface Shares {
  /** The server's main thread ran, and was ready but got no processor. */
  readonly ran: number;
  readonly waited: number;
  readonly server: number;
  readonly agent: number;
  readonly flood: number;
  readonly probe: number;
}

/** Shares of the priorities: as many of each, and the probe's beside them. */
export const WEIGHTS: readonly number[] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 0];
/** Frames under way on each connection while the peak is measured. */
const IN_FLIGHT = 8;
const RECOVERY_MS_MAX = 60_000;

interface AgentFigures {
  readonly handled: number;
}

export async function runOverload(plan: OverloadPlan): Promise<OverloadFigures> {
  return withFolder(async (folder) => {
    const server = await startServer(folder, plan.flags, plan.niceness);
    const agent = startWorker('agent', [server.url, '4000']);
    const flood = startWorker('flood', [server.url, String(plan.connections)]);
    const probe = startWorker('probe', [server.url, '9']);
    setPriority(probe.pid, plan.niceness);
    try {
      await Promise.all([agent.ask('ready'), flood.ask('ready'), probe.ask('ready')]);
      return await measure(plan, { server, agent, flood, probe });
    } finally {
      await Promise.all([flood.kill(), probe.kill(), agent.kill()]);
      await server.stop();
    }
  });
}

interface Processes {
  readonly server: Server;
  readonly agent: Worker;
  readonly flood: Worker;
  readonly probe: Worker;
}

async function measure(plan: OverloadPlan, processes: Processes): Promise<OverloadFigures> {
  const { agent, flood, probe, server } = processes;
  const { batch, calmSeconds, factor, probeRate, seconds } = plan;
  const order: Omit<FloodOrder, 'kind' | 'seconds' | 'rate'> = {
    batch,
    inFlight: IN_FLIGHT,
    weights: WEIGHTS,
  };
  const handledIn = async (work: Promise<FloodFigures>): Promise<[number, FloodFigures]> => {
    const before = await agent.ask<AgentFigures>('figures');
    const startMs = performance.now();
    const figures = await work;
    const after = await agent.ask<AgentFigures>('figures');
    return [((after.handled - before.handled) / (performance.now() - startMs)) * 1000, figures];
  };
  const closed = (length: number): Promise<FloodFigures> =>
    flood.ask({ ...order, kind: 'closed', seconds: length, rate: 0 } satisfies FloodOrder);
  const look = (length: number): Promise<ProbeFigures> =>
    probe.ask({ seconds: length, rate: probeRate } satisfies ProbeOrder);
  await closed(calmSeconds);
  await idle(server);
  await look(calmSeconds / 2);
  const unloaded = await look(calmSeconds);
  const peakShares = watchProcessors(processes);
  // For as long as the overload: history may lag behind for ten seconds, not for a minute.
  const [peak] = await handledIn(closed(seconds));
  const atPeak = peakShares();
  await idle(server);
  const watch = watchServer(server);
  const rate = peak * factor;
  const overloadShares = watchProcessors(processes);
  const [[goodput, flooded], overloaded] = await Promise.all([
    handledIn(
      flood.ask<FloodFigures>({ ...order, kind: 'open', seconds, rate } satisfies FloodOrder),
    ),
    look(seconds),
  ]);
  const atOverload = overloadShares();
  const { admission } = await statusOf(server);
  const endMs = performance.now();
  await normal(server);
  const recoveryMs = performance.now() - endMs;
  const memory = watch();
  const [peakAfter] = await handledIn(closed(seconds));
  return {
    peak,
    peakAfter,
    goodput,
    unloaded,
    overloaded,
    flood: flooded,
    atPeak,
    atOverload,
    recoveryMs,
    ...memory,
    status: admission,
  };
}

interface Status {
  readonly tasks: { readonly queued: number; readonly running: number };
  readonly admission: { readonly level: string; readonly floor: number; readonly cause?: string };
}

async function statusOf(server: Server): Promise<Status> {
  return (await (await fetch(`${server.url}/api/v1/status`)).json()) as Status;
}

/** Waits until the level is normal and nothing is left to do. */
async function normal(server: Server): Promise<void> {
  const endMs = performance.now() + RECOVERY_MS_MAX;
  for (;;) {
    const { admission, tasks } = await statusOf(server);
    if (admission.level === 'normal' && tasks.queued + tasks.running === 0) return;
    if (performance.now() > endMs) throw new Error(`no recovery, at ${JSON.stringify(admission)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const idle = normal;

/** The returned function tells who used the processors since then. */
function watchProcessors({ agent, flood, probe, server }: Processes): () => Shares {
  const startMs = performance.now();
  const main = mainThreadMs(server.pid);
  const spent = [server, agent, flood, probe].map(({ pid }) => ({ pid, micros: cpuMicros(pid) }));
  return () => {
    const ms = performance.now() - startMs;
    const after = mainThreadMs(server.pid);
    const [ofServer, ofAgent, ofFlood, ofProbe] = spent.map(
      ({ micros, pid }) => (cpuMicros(pid) - micros) / 1_000 / ms,
    ) as [number, number, number, number];
    return {
      ran: (after.ran - main.ran) / ms,
      waited: (after.waited - main.waited) / ms,
      server: ofServer,
      agent: ofAgent,
      flood: ofFlood,
      probe: ofProbe,
    };
  };
}

type MemoryMost = Pick<OverloadFigures, 'rssBytesMax' | 'anonymousBytesMax'>;

/** Looks at the server's memory; the returned function ends that and tells the most there was. */
function watchServer({ pid }: Server): () => MemoryMost {
  const most = { rssBytesMax: 0, anonymousBytesMax: 0 };
  const look = (): void => {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const bytesOf = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
    most.rssBytesMax = Math.max(most.rssBytesMax, bytesOf('VmRSS'));
    most.anonymousBytesMax = Math.max(most.anonymousBytesMax, bytesOf('RssAnon'));
  };
  const timer = setInterval(look, 200);
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}
