/** A submitting process: `node submitter.ts URL`. Takes one order at a time and answers with what it measured. */
import { Client } from '../../dist/client/index.js';
import { quantile } from '../harness/statistics.ts';

export interface Order {
  readonly kind: 'bulk' | 'single' | 'open';
  readonly tasks: number;
  /** Tasks per submit (bulk), or per tick (open). */
  readonly batch: number;
  /** Submits under way at once (bulk, single). */
  readonly inFlight: number;
  /** Tasks due a second (open). */
  readonly rate: number;
  /** Tasks wait for each other until a submit has all of `batch`, and are due together then (open). */
  readonly isWhole?: boolean;
}

const client = new Client({ url: process.argv[2] ?? '', overloadWaitMs: 60_000 });
/** Longest time from a task's moment to its stamp, in milliseconds. */
const STAMP_LAG_MS_MAX = 2;
/** With the 13 characters around it, 256 bytes of JSON. */
const filler = 'x'.repeat(243);

async function closedLoop(order: Order): Promise<Record<string, number>> {
  const results: Promise<unknown>[] = [];
  const submitMs: number[] = [];
  const startMs = performance.now();
  let left = order.tasks;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      const count = Math.min(order.batch, left);
      left -= count;
      const tasks = Array.from({ length: count }, () => ({
        type: 'bench.noop',
        payload: { filler },
      }));
      const sentMs = performance.now();
      const handles = await client.submitMany(tasks);
      submitMs.push(performance.now() - sentMs);
      for (const handle of handles) results.push(handle.result());
    }
  };
  await Promise.all(Array.from({ length: order.inFlight }, lane));
  const submittedMs = performance.now();
  await Promise.all(results);
  const doneMs = performance.now();
  submitMs.sort((a, b) => a - b);
  return {
    submitPerSecond: (order.tasks / (submittedMs - startMs)) * 1000,
    endToEndPerSecond: (order.tasks / (doneMs - startMs)) * 1000,
    submitP50: quantile(submitMs, 0.5),
    submitP99: quantile(submitMs, 0.99),
  };
}

/** Tasks come when they are due, whether or not earlier ones were answered. */
async function openLoop(order: Order): Promise<Record<string, number>> {
  const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
  const doneMs: number[] = [];
  const takenMs: number[] = [];
  let refused = 0;
  const all: Promise<void>[] = [];
  const startMs = nowMs();
  const short = 'x'.repeat(220);
  const submit = async (moments: readonly number[]): Promise<void> => {
    // Stamped when it is handed over, but never later than 2 ms after its moment: a timer that fires
    // late is the harness's, a stall is not.
    const handedOverMs = nowMs();
    const dues = moments.map((moment) => Math.min(handedOverMs, moment + STAMP_LAG_MS_MAX));
    const tasks = dues.map((due) => ({ type: 'bench.noop', payload: { due, filler: short } }));
    let handles: Awaited<ReturnType<Client['submitMany']>>;
    try {
      handles = await client.submitMany(tasks);
    } catch {
      // Past its bounds a server says so, and takes nothing of it.
      refused += tasks.length;
      return;
    }
    takenMs.push(nowMs() - (dues[0] as number));
    await Promise.all(
      handles.map(async (handle, i) => {
        await handle.result();
        doneMs.push(nowMs() - (dues[i] as number));
      }),
    );
  };
  let next = 0;
  while (next < order.tasks) {
    const dueCount = Math.min(order.tasks, Math.floor(((nowMs() - startMs) / 1000) * order.rate));
    while (next < dueCount) {
      const to = Math.min(order.isWhole === true ? order.tasks : dueCount, next + order.batch);
      if (to > dueCount) break;
      const dues: number[] = [];
      for (; next < to; next++) {
        const due = order.isWhole === true ? to : next;
        dues.push(startMs + (due / order.rate) * 1000);
      }
      all.push(submit(dues));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(all);
  const totalMs = nowMs() - startMs;
  doneMs.sort((a, b) => a - b);
  takenMs.sort((a, b) => a - b);
  return {
    takenP50: quantile(takenMs, 0.5),
    takenP99: quantile(takenMs, 0.99),
    perSecond: (order.tasks / totalMs) * 1000,
    done: doneMs.length,
    refused,
    doneP50: quantile(doneMs, 0.5),
    doneP95: quantile(doneMs, 0.95),
    doneP99: quantile(doneMs, 0.99),
    doneMax: doneMs.at(-1) ?? Number.NaN,
  };
}

process.on('message', (order: Order) => {
  const before = process.cpuUsage();
  const run = order.kind === 'open' ? openLoop(order) : closedLoop(order);
  void run.then((figures) => {
    const { system, user } = process.cpuUsage(before);
    process.send?.({ ...figures, cpuMicros: system + user });
  });
});
process.on('SIGTERM', () => {
  void client.close().then(() => process.exit(0));
});
