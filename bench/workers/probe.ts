/**
 * Submits single tasks of one priority at a fixed rate and measures them: `node probe.ts URL PRIORITY`.
 * Each is due at a fixed moment, whatever became of the earlier ones.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Client } from '../../dist/client/index.js';
import { quantile } from '../harness/statistics.ts';

export interface ProbeOrder {
  readonly seconds: number;
  /** Tasks a second. */
  readonly rate: number;
}

export interface ProbeFigures {
  readonly sent: number;
  readonly refused: number;
  readonly takenP50: number;
  readonly takenP95: number;
  readonly takenP99: number;
  readonly doneP50: number;
  readonly doneP95: number;
  readonly doneP99: number;
  /** How late its own event loop was: what of the other figures is not the server's. */
  readonly lateP50: number;
  readonly lateP95: number;
}

/** Between two looks at the event loop, in milliseconds; what it reports has this in it. */
const LOOK_MS = 1;

const [url = '', priority = '9'] = process.argv.slice(2);
const client = new Client({ url });

async function probe({ rate, seconds }: ProbeOrder): Promise<ProbeFigures> {
  const takenMs: number[] = [];
  const doneMs: number[] = [];
  let refused = 0;
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  const one = async (): Promise<void> => {
    const sentMs = performance.now();
    try {
      const task = await client.submit({
        type: 'bench.noop',
        priority: Number(priority),
        payload: { filler: 'x'.repeat(243) },
      });
      takenMs.push(performance.now() - sentMs);
      await task.result();
      doneMs.push(performance.now() - sentMs);
    } catch {
      refused += 1;
    }
  };
  const all: Promise<void>[] = [];
  const startMs = performance.now();
  const total = Math.round(rate * seconds);
  while (all.length < total) {
    const due = ((performance.now() - startMs) / 1000) * rate;
    while (all.length < Math.min(due, total)) all.push(one());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(all);
  delay.disable();
  takenMs.sort((a, b) => a - b);
  doneMs.sort((a, b) => a - b);
  return {
    sent: total,
    refused,
    takenP50: quantile(takenMs, 0.5),
    takenP95: quantile(takenMs, 0.95),
    takenP99: quantile(takenMs, 0.99),
    doneP50: quantile(doneMs, 0.5),
    doneP95: quantile(doneMs, 0.95),
    doneP99: quantile(doneMs, 0.99),
    lateP50: delay.percentile(50) / 1e6 - LOOK_MS,
    lateP95: delay.percentile(95) / 1e6 - LOOK_MS,
  };
}

process.on('message', (order: ProbeOrder | 'ready') => {
  if (order === 'ready') process.send?.('ready');
  else void probe(order).then((answer) => process.send?.(answer));
});
process.on('SIGTERM', () => {
  void client.close().then(() => process.exit(0));
});
