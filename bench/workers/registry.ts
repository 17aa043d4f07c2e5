/** Holds an orchestrator whose agents are only registered: `node registry.ts FOLDER`. Takes one order at a time. */
import { UnifiedQuantumOrchestrator } from '../../dist/orchestrator.js';

export interface RegistryOrder {
  /** Registers agents numbered `from` to `to`, in batches. */
  readonly register?: { readonly from: number; readonly to: number };
}

export interface RegistryFigures {
  readonly openMs: number;
  readonly registerMs: number;
  readonly openCpuMs: number;
  readonly registerCpuMs: number;
  readonly agents: number;
  /** After a collection: V8's objects and what typed arrays hold outside of them. */
  readonly heldBytes: number;
  readonly rssBytes: number;
}

const BATCH = 10_000;

const [folder = ''] = process.argv.slice(2);
const startMs = performance.now();
const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: folder });
await orchestrator.start();
const openMs = performance.now() - startMs;
const openCpuMs = cpuMs();

/** Processor time of this process so far, all threads: what a busy machine does not change. */
function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1_000;
}

async function register(from: number, to: number): Promise<number> {
  const startedMs = performance.now();
  for (let first = from; first < to; first += BATCH) {
    const agents = Array.from({ length: Math.min(BATCH, to - first) }, (_, i) => ({
      id: `agent-${first + i}`,
      capabilities: ['bench.noop', `kind-${i % 16}`],
      labels: { zone: `zone-${i % 3}` },
      slots: 1,
    }));
    await orchestrator.runtime.agents.register(agents, 'incarnation-1');
  }
  return performance.now() - startedMs;
}

async function take(order: RegistryOrder): Promise<RegistryFigures> {
  const { from = 0, to = 0 } = order.register ?? {};
  const cpuBefore = cpuMs();
  const registerMs = await register(from, to);
  const registerCpuMs = cpuMs() - cpuBefore;
  globalThis.gc?.();
  const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
  const { draining, lost, ready } = orchestrator.getSystemStatus().agents;
  const agents = ready + draining + lost;
  const heldBytes = heapUsed + arrayBuffers;
  return { openMs, openCpuMs, registerMs, registerCpuMs, agents, heldBytes, rssBytes: rss };
}

process.on('message', (order: RegistryOrder) => {
  void take(order).then((answer) => process.send?.(answer));
});
