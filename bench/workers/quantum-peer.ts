/**
 * One case on one simulator: `quantum-peer.ts PEER CASE QUBITS` prints the least of at least three times in milliseconds.
 *
 * A process of its own, so that one that takes too long can be ended.
 */
import { performance } from 'node:perf_hooks';
import { WorkerTeam } from '../../src/agents/quantum/threads/worker-team.ts';
import type { GateName } from '../../src/quantum/circuit/gate-table.ts';
import type { GateOperation } from '../../src/quantum/circuit/operation.ts';
import { DenseState } from '../../src/quantum/simulate/dense-state.ts';
import { UNWATCHED } from '../../src/quantum/watch.ts';
import { loadQsharp, qsharpProgram, qsharpStatements } from '../../test/quantum/qsharp-oracle.ts';
import { oracleCircuit } from '../../test/quantum/quantum-circuit-oracle.ts';

const RUNS = 3;
/** Short ones are repeated, until the compilers have done what they can. */
const WARM_MS = 500;

/** Gates of a case: `walls` of H, a chain of CX, walls of T and H; `qft` of a basis state, without the swaps. */
function gatesOf(name: string, qubits: number): GateOperation[] {
  const gates: GateOperation[] = [];
  const push = (gate: GateName, on: number[], params: number[] = []): void => {
    gates.push({ kind: 'gate', name: gate, params, qubits: on, controls: [] });
  };
  if (name === 'walls') {
    for (let q = 0; q < qubits; q++) push('h', [q]);
    for (let q = 0; q + 1 < qubits; q++) push('cx', [q, q + 1]);
    for (const gate of ['t', 'h'] as const) {
      for (let q = 0; q < qubits; q++) push(gate, [q]);
    }
    return gates;
  }
  for (let q = 0; q < qubits; q += 2) push('x', [q]);
  for (let t = qubits - 1; t >= 0; t--) {
    push('h', [t]);
    for (let k = t - 1; k >= 0; k--) push('cp', [k, t], [Math.PI / 2 ** (t - k)]);
  }
  return gates;
}

type Run = () => Promise<number>;

async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function own(gates: readonly GateOperation[], qubits: number, threads: number): Promise<Run> {
  const team = threads > 1 ? await WorkerTeam.start(threads) : null;
  // With a new state's memory, as the others have it too.
  return () =>
    timed(() =>
      DenseState.create(qubits, team === null ? {} : { team }).applyAll(gates, UNWATCHED),
    );
}

function quantumCircuit(gates: readonly GateOperation[], qubits: number): Run {
  return () => {
    const peer = oracleCircuit(qubits, gates);
    return timed(() => peer.run());
  };
}

async function qsharp(gates: readonly GateOperation[], qubits: number): Promise<Run> {
  const peer = await loadQsharp();
  // Reading one qubit makes the simulator do what it has put off.
  const body = `use q = Qubit[${qubits}];
    ${qsharpStatements(gates)}
    let result = M(q[0]);
    ResetAll(q);
    return [result];`;
  const program = qsharpProgram([body], 'Result[]');
  return () => timed(() => peer.run('qsharp', program, 1));
}

async function prepare(peer: string, name: string, qubits: number): Promise<Run> {
  const gates = gatesOf(name, qubits);
  if (peer === 'quantum-circuit') return quantumCircuit(gates, qubits);
  if (peer === 'qsharp-lang') return await qsharp(gates, qubits);
  return await own(gates, qubits, peer === 'two-threads' ? 2 : 1);
}

const [peer = '', name = '', count = ''] = process.argv.slice(2);
const run = await prepare(peer, name, Number(count));
let least = Infinity;
const startMs = performance.now();
for (let k = 0; k < RUNS || performance.now() - startMs < WARM_MS; k++) {
  least = Math.min(least, await run());
}
console.log(least.toFixed(3));
process.exit(0);
