/** As many calls at once for a while, and what they and the processes behind them took. */
import { cpuMicros } from './processes.ts';
import type { Measures } from './report.ts';
import { quantile } from './statistics.ts';

export interface ClosedLoop {
  /** Calls under way at once. */
  readonly atOnce: number;
  readonly seconds: number;
  readonly call: () => Promise<unknown>;
  /** Processes whose time is told a call, by what they are. */
  readonly servers: ReadonlyMap<string, readonly number[]>;
}

/** Adds rate, times and processor time a call under `name`; this process's own time is the client's. */
export async function closedLoop(
  measures: Measures,
  name: string,
  { atOnce, call, seconds, servers }: ClosedLoop,
): Promise<void> {
  const latenciesMs: number[] = [];
  const before = microsOf(servers);
  const own = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const lane = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await call();
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const elapsedMs = performance.now() - startMs;
  const sorted = Float64Array.from(latenciesMs).sort();
  const title = `${name}, ${atOnce} at once`;
  measures.add(title, '1/s', (sorted.length / elapsedMs) * 1_000);
  for (const [label, share] of SHARES)
    measures.add(`${title}: ${label}`, 'ms', quantile(sorted, share));
  for (const [role, micros] of microsOf(servers)) {
    const spent = micros - (before.get(role) ?? 0);
    measures.add(`${title}: CPU of ${role}`, 'µs', spent / sorted.length);
  }
  const { system, user } = process.cpuUsage(own);
  measures.add(`${title}: CPU of the client`, 'µs', (system + user) / sorted.length);
}

const SHARES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

/** Processor time so far, by role; of several processes that of one on average. */
export function microsOf(servers: ClosedLoop['servers']): Map<string, number> {
  const micros = new Map<string, number>();
  for (const [role, pids] of servers) {
    const sum = pids.reduce((all, pid) => all + cpuMicros(pid), 0);
    micros.set(role, sum / Math.max(1, pids.length));
  }
  return micros;
}
