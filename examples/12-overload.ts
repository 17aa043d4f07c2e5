/** What a program sees while too much is under way, and how it goes on when that is over. */
import { UnifiedQuantumOrchestrator } from 'unified-quantum-orchestrator';
import { check, scratchFolder } from './harness/scratch.ts';

// Stands for a machine: what it says of its memory is what the program wants it to say.
const machine = { heapShare: 0.2 };

const orchestrator = new UnifiedQuantumOrchestrator({
  dataDir: scratchFolder(),
  admission: { delayTargetMs: 100, memoryShareMax: 0.8 },
  probes: {
    heapShare: () => machine.heapShare,
    residentShare: () => 0,
    disk: () => Promise.resolve({ freeBytes: 1e12, bytes: 1e12 }),
  },
});
await orchestrator.start();

/** Submits until the server takes it, and says how often that was refused. */
async function submitPatiently(type: string, priority: number): Promise<number> {
  for (let refused = 0; ; refused++) {
    try {
      await orchestrator.submitTask({ type, priority });
      return refused;
    } catch (error) {
      const { code, details } = error as {
        code: string;
        details: { level: string; floor: number; reason: string; retryAfterMs: number };
      };
      if (code !== 'OVERLOADED') throw error;
      if (refused === 0) console.log(`refused: ${details.level}, for ${details.reason}`);
      // Spread, so that all who were refused do not come back together.
      const delayMs = details.retryAfterMs * (1 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

check('at first everything is taken', (await submitPatiently('report', 0)) === 0);

machine.heapShare = 0.9;
while (orchestrator.getSystemStatus().admission.level !== 'critical') {
  await submitPatiently('alarm', 9);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
check('the most urgent work is taken all the same', (await submitPatiently('alarm', 9)) === 0);

const patient = submitPatiently('report', 4);
machine.heapShare = 0.2;
check('the rest is refused, and taken later', (await patient) > 0);

const { floor, shed } = orchestrator.getSystemStatus().admission;
check('what was refused is counted', (shed.byPriority[4] ?? 0) > 0);
console.log(`priorities below ${Math.ceil(floor)} are refused now`);
await orchestrator.stop();
