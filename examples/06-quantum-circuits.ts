/** Quantum circuits as tasks of a server: run, optimized, looked into. */
import { readFileSync } from 'node:fs';
import { Client } from 'unified-quantum-orchestrator/client';
import { CircuitBuilder, drawText, parseQasm, toQasm3 } from 'unified-quantum-orchestrator/quantum';
import { check, scratchServer } from './harness/scratch.ts';

const read = (name: string): string =>
  readFileSync(new URL(`quantum/${name}`, import.meta.url), 'utf8');

const server = await scratchServer();
const client = new Client({ url: server.url });

async function ask<Result>(type: string, payload: object): Promise<Result> {
  const task = await client.submit({ type, payload });
  return (await task.result()) as Result;
}

interface Run {
  readonly method: string;
  readonly reason: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly probabilities?: Readonly<Record<string, number>>;
}

const bell = await ask<Run>('quantum.circuit.run', { qasm: read('bell.qasm'), shots: 1000 });
check(
  `a Bell pair reads 00 or 11 (${bell.method}: ${bell.reason})`,
  Object.keys(bell.counts).length === 2,
);

// Teleportation measures half-way, and what is read decides what is done next.
const teleported = await ask<Run>('quantum.circuit.run', {
  qasm: read('teleport.qasm'),
  probabilities: true,
});
const ones = Object.entries(teleported.probabilities ?? {})
  .filter(([bits]) => bits.startsWith('1'))
  .reduce((sum, [, probability]) => sum + probability, 0);
check('what was teleported arrived', Math.abs(ones - Math.sin(0.6) ** 2) < 1e-9);

const noise: unknown = JSON.parse(read('noise.json'));
const noisy = await ask<Run>('quantum.circuit.run', {
  qasm: read('ghz.qasm'),
  noise,
  probabilities: true,
});
const kept = (noisy.probabilities?.['00000'] ?? 0) + (noisy.probabilities?.['11111'] ?? 0);
check(
  `noise leaves ${(100 * kept).toFixed(1)} % of a GHZ state's outcomes right`,
  kept > 0.8 && kept < 1,
);

// Circuits need not be written by hand.
const builder = new CircuitBuilder();
const qubits = builder.qubits('q', 3);
for (const qubit of qubits) builder.h(qubit);
builder.ccx(0, 1, 2).ccx(0, 1, 2).t(0).t(0).cx(1, 2);
const built = builder.build();
console.log(drawText(built));
const optimized = await ask<{
  readonly before: { readonly gates: number };
  readonly after: { readonly gates: number };
  readonly verified: string;
  readonly qasm: string;
}>('quantum.circuit.optimize', { qasm: toQasm3(built), timeMs: 1000, seed: 1 });
check(
  `${optimized.before.gates} gates became ${optimized.after.gates}, checked by ${optimized.verified}`,
  optimized.after.gates <= 5 && parseQasm(optimized.qasm).qubits === 3,
);

const ghz = await ask<{
  readonly purity: number;
  readonly perQubit: readonly { readonly entropy: number }[];
  readonly correlations: readonly (readonly number[])[];
}>('quantum.state.analyze', { qasm: read('ghz.qasm') });
check(
  'a GHZ state is pure, its qubits are not',
  ghz.purity > 0.999_999 && ghz.perQubit[0]!.entropy > 0.999_999,
);
check('each two of its qubits share one bit', Math.abs(ghz.correlations[0]![4]! - 1) < 1e-9);

await client.close();
await server.stop();
