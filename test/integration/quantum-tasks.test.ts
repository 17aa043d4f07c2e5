/** Quantum tasks through a real orchestrator in this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtInAgents, type BuiltInAgent, type JobResult } from '../../src/agents/index.ts';
import { UnifiedQuantumOrchestrator, type HandlerContext } from '../../src/orchestrator.ts';

const folder = mkdtempSync(join(tmpdir(), 'uqo-quantum-tasks-'));
const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: join(folder, 'data') });

const agent: BuiltInAgent = builtInAgents({
  quantum: { bytesMax: 600 * 2 ** 20 },
}).find(({ kind }) => kind === 'quantum')!;

/** When each handler ended, by task. */
const endedAtMs = new Map<string, number>();
const progressOf = new Map<string, number[]>();
let toldProgress: (() => void) | null = null;

beforeAll(async () => {
  await orchestrator.start();
  const { capabilities, id, kind, slots } = agent;
  await orchestrator.registerAgent(
    { id, kind, capabilities: [...capabilities], slots },
    async (task: { id: string; type: string; payload: unknown }, context: HandlerContext) => {
      const shares: number[] = [];
      progressOf.set(task.id, shares);
      const progress = (fraction: number): void => {
        shares.push(fraction);
        context.progress(fraction);
        toldProgress?.();
      };
      try {
        return await agent.handler(task, { ...own(context), progress });
      } finally {
        endedAtMs.set(task.id, performance.now());
      }
    },
  );
});

afterAll(async () => {
  await orchestrator.stop();
  await agent.close?.();
  rmSync(folder, { recursive: true, force: true });
});

/** Contexts are objects with getters: what is needed of them, by value. */
function own(context: HandlerContext): HandlerContext {
  const { attempt, emit, fencingToken, heartbeat, lastDetails, logger } = context;
  const { critique, lastError, parents, progress, reportUsage, signal, submit } = context;
  const { trace, waitForInput } = context;
  const first = { attempt, emit, fencingToken, heartbeat, lastDetails, parents, logger };
  const second = { critique, lastError, progress, reportUsage, signal, submit };
  return { ...first, ...second, trace, waitForInput };
}

/** Layers of turns and entanglers on all qubits: no shortcut but a dense state. */
function layers(qubits: number, depth: number): string {
  const lines = [`OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[${qubits}];\ncreg c[${qubits}];`];
  for (let layer = 0; layer < depth; layer++) {
    for (let q = 0; q < qubits; q++) lines.push(`u3(${0.3 + q + layer},0.4,0.9) q[${q}];`);
    for (let q = layer % 2; q + 1 < qubits; q += 2) lines.push(`cx q[${q}],q[${q + 1}];`);
  }
  return `${lines.join('\n')}\nmeasure q -> c;\n`;
}

async function submit<Result>(
  type: string,
  payload: object,
): Promise<{ id: string; result: () => Promise<Result>; cancel: () => Promise<void> }> {
  const task = await orchestrator.submitTask<Result>({ type, payload });
  return { id: task.id, result: () => task.result(), cancel: () => task.cancel() };
}

test('a circuit is run, and its result kept', async () => {
  const qasm = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0],q[1];';
  const task = await submit<JobResult<'run-circuit'>>('quantum.circuit.run', { qasm, shots: 10 });
  const { counts } = await task.result();
  expect(Object.keys(counts).every((bits) => bits === '00' || bits === '11')).toBe(true);
  expect(orchestrator.getTask(task.id)?.state).toBe('completed');
});

test('a circuit is optimized, checked and written out', async () => {
  const qasm = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; h q[0]; cx q[0],q[1]; cx q[0],q[1];';
  const payload = { qasm, level: 1, timeMs: 500 };
  const task = await submit<JobResult<'optimize-circuit'>>('quantum.circuit.optimize', payload);
  const { after, before, qasm: written, verified } = await task.result();
  expect([before.twoQubit, after.twoQubit]).toEqual([2, 0]);
  expect(verified).not.toContain('not verified');
  expect(written).toContain('h q[0];');
});

test('a simulation of 24 qubits is canceled, reports progress till then, and never stops the event loop', async () => {
  const payload = { qasm: layers(24, 400), method: 'dense', shots: 1 };
  const task = await submit('quantum.circuit.run', payload);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const runs = new Promise<void>((resolve) => {
    toldProgress = resolve;
  });
  await runs;
  delay.enable();
  for (let told = 0; told < 3; told++) {
    await new Promise<void>((resolve) => {
      toldProgress = resolve;
    });
  }
  delay.disable();
  const canceledAtMs = performance.now();
  await task.cancel();
  await expect(task.result()).rejects.toMatchObject({ details: { state: 'canceled' } });
  while (!endedAtMs.has(task.id)) await new Promise((resolve) => setImmediate(resolve));
  // 50 ms are promised; the rest is for machines that are busy with other tests.
  expect(endedAtMs.get(task.id)! - canceledAtMs).toBeLessThan(50 + 200);
  // Simulated in this thread it would be hundreds of milliseconds; see the benchmark for the exact bound.
  expect(delay.percentile(50) / 1e6).toBeLessThan(50);
  const shares = progressOf.get(task.id)!;
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
});

test.each([
  [{ qasm: layers(40, 50) }, 'QUANTUM_TOO_LARGE', /need \d+ bytes/],
  [
    { qasm: layers(24, 400), method: 'dense', budget: { timeMs: 200 } },
    'QUANTUM_TIME_EXCEEDED',
    /200 ms/,
  ],
  [
    { qasm: layers(20, 50), method: 'dense', budget: { bytes: 1000 } },
    'QUANTUM_TOO_LARGE',
    /1000 bytes/,
  ],
  [{ qasm: 'qreg q[1]; frobnicate q[0];' }, /^QASM_/, /line 1/],
  [{ nothing: true }, 'INVALID_PAYLOAD', /payload/],
])(
  'a task that cannot be done fails at once with its reason (%#)',
  async (payload, code, message) => {
    const task = await submit('quantum.circuit.run', payload);
    const error = (await task.result().catch((thrown: unknown) => thrown)) as Error & {
      code: string;
    };
    expect(error.code).toMatch(code);
    expect(error.message).toMatch(message);
    expect(orchestrator.getTask(task.id)).toMatchObject({ state: 'failed', attempt: 1 });
  },
);

test('memory returns after large jobs', async () => {
  const run = async (): Promise<void> => {
    const task = await submit('quantum.circuit.run', {
      qasm: layers(24, 2),
      shots: 1,
      method: 'dense',
    });
    await task.result();
  };
  await run();
  const deadlineMs = performance.now() + 20_000;
  // Helper threads let go of a state half a second after its job.
  while (process.memoryUsage().rss > 400 * 2 ** 20 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const beforeBytes = process.memoryUsage().rss;
  for (let k = 0; k < 3; k++) await run();
  while (process.memoryUsage().rss > beforeBytes + 100 * 2 ** 20) {
    if (performance.now() > deadlineMs + 20_000) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(process.memoryUsage().rss).toBeLessThan(beforeBytes + 100 * 2 ** 20);
});
