/** Holds an orchestrator without agents: `node holder.ts FOLDER`. Orders: `{ submit: N }`, `{ memory: true }`. */
import { UnifiedQuantumOrchestrator } from '../../dist/orchestrator.js';

const [folder = ''] = process.argv.slice(2);
const startMs = performance.now();
const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: folder });
await orchestrator.start();
const openMs = performance.now() - startMs;

const BATCH = 5_000;
const payload = JSON.stringify({ filler: 'x'.repeat(243) });

process.on('message', (order: { readonly submit?: number; readonly memory?: boolean }) => {
  void take(order).then((answer) => process.send?.(answer));
});

async function take(order: { readonly submit?: number }): Promise<Record<string, number>> {
  for (let left = order.submit ?? 0; left > 0; left -= BATCH) {
    await orchestrator.runtime.tasks.submit({
      specs: [
        {
          namespace: 'default',
          queue: 'default',
          type: 'bench.held',
          priority: 4,
          requires: { capabilities: ['bench.held'], labels: {} },
          retry: {
            attemptsMax: 3,
            strategy: 'exponential',
            delayMs: 1_000,
            delayMsMax: 60_000,
            jitter: 0.2,
            nonRetryable: [],
          },
          timeouts: {},
        },
      ],
      specOf: null,
      payloads: new Array<string>(BATCH).fill(payload),
      extras: null,
    });
  }
  globalThis.gc?.();
  const { arrayBuffers, external, heapUsed, rss } = process.memoryUsage();
  const { queued } = orchestrator.getSystemStatus().tasks;
  return { openMs, queued, heapUsed, rss, external, arrayBuffers };
}
