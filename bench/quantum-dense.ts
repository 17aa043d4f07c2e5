/**
 * `node bench/quantum-dense.ts [--quick]`: the dense simulator on one thread and on two.
 *
 * Every figure is the median and the range of several runs in this process, after one run to warm up.
 */
import { performance } from 'node:perf_hooks';
import { Rng } from '../src/base/rng.ts';
import type { GateName } from '../src/quantum/circuit/gate-table.ts';
import { WorkerTeam } from '../src/agents/quantum/threads/worker-team.ts';
import type { KernelTeam } from '../src/quantum/kernels/kernel-team.ts';
import { DenseState } from '../src/quantum/simulate/dense-state.ts';
import type { UnitaryPart } from '../src/quantum/circuit/operation.ts';
import { UNWATCHED } from '../src/quantum/watch.ts';
import { spread } from './harness/statistics.ts';

const isQuick = process.argv.includes('--quick');
const RUNS = isQuick ? 3 : 9;

function gate(
  name: GateName,
  qubits: readonly number[],
  params: readonly number[] = [],
): UnitaryPart {
  return { kind: 'gate', name, params, qubits, controls: [] };
}

/** The quantum circuit Born machine of qulacs' benchmarks: 41 gates a qubit at depth 9. */
function qcbm(qubits: number, depth: number): UnitaryPart[] {
  const rng = Rng.fromSeed(1);
  const angle = (): number[] => [rng.unit() * 2 * Math.PI];
  const result: UnitaryPart[] = [];
  const rotations = (names: readonly GateName[]): void => {
    for (let q = 0; q < qubits; q++)
      for (const name of names) result.push(gate(name, [q], angle()));
  };
  rotations(['rx', 'rz']);
  for (let layer = 0; layer < depth; layer++) {
    for (let q = 0; q < qubits; q++) result.push(gate('cx', [q, (q + 1) % qubits]));
    rotations(layer === depth - 1 ? ['rz', 'rx'] : ['rz', 'rx', 'rz']);
  }
  return result;
}

function qft(qubits: number): UnitaryPart[] {
  const result: UnitaryPart[] = [];
  for (let t = qubits - 1; t >= 0; t--) {
    result.push(gate('h', [t]));
    for (let k = t - 1; k >= 0; k--) result.push(gate('cp', [k, t], [Math.PI / 2 ** (t - k)]));
  }
  for (let q = 0; q < qubits >> 1; q++) result.push(gate('swap', [q, qubits - 1 - q]));
  return result;
}

/** Layers of a random gate on each qubit and a two-qubit gate on each of random pairs. */
function randomCircuit(qubits: number, depth: number, pairGate: GateName): UnitaryPart[] {
  const rng = Rng.fromSeed(7);
  const result: UnitaryPart[] = [];
  for (let layer = 0; layer < depth; layer++) {
    const order = Array.from({ length: qubits }, (_, q) => ({ q, key: rng.unit() }));
    order.sort((a, b) => a.key - b.key);
    for (let q = 0; q < qubits; q++) {
      result.push(gate('u', [q], [rng.unit() * 3, rng.unit() * 6, rng.unit() * 6]));
    }
    for (let k = 0; k + 1 < qubits; k += 2) {
      result.push(gate(pairGate, [order[k]!.q, order[k + 1]!.q]));
    }
  }
  return result;
}

interface Case {
  readonly name: string;
  readonly qubits: number;
  readonly operations: readonly UnitaryPart[];
  readonly precision?: 'f64' | 'f32';
  /** How often the operations run between two looks at the clock. */
  readonly repeats?: number;
}

function cases(): Case[] {
  const one = (qubits: number): Case => ({
    name: `dense 1q gate, ${qubits} qubits`,
    qubits,
    operations: [gate('u', [qubits >> 1], [0.3, 0.5, 0.7])],
    repeats: qubits <= 16 ? 50 : 5,
  });
  const all: Case[] = [
    one(16),
    one(20),
    one(22),
    { ...one(20), name: 'dense 1q gate, 20 qubits, f32', precision: 'f32' },
    // As often as the compiler of JavaScript needs to be done with the planner.
    { name: 'QCBM depth 9, 10 qubits', qubits: 10, operations: qcbm(10, 9), repeats: 200 },
    { name: 'QCBM depth 9, 15 qubits', qubits: 15, operations: qcbm(15, 9) },
    { name: 'QCBM depth 9, 20 qubits', qubits: 20, operations: qcbm(20, 9) },
    { name: 'QFT, 20 qubits', qubits: 20, operations: qft(20) },
    {
      name: 'random depth 20 with CX, 20 qubits',
      qubits: 20,
      operations: randomCircuit(20, 20, 'cx'),
    },
    {
      name: 'random depth 20 with CZ, 20 qubits',
      qubits: 20,
      operations: randomCircuit(20, 20, 'cz'),
    },
  ];
  if (!isQuick) {
    all.push(
      { name: 'QCBM depth 9, 24 qubits', qubits: 24, operations: qcbm(24, 9) },
      { name: 'QFT, 24 qubits', qubits: 24, operations: qft(24) },
      {
        name: 'random depth 20 with CX, 24 qubits',
        qubits: 24,
        operations: randomCircuit(24, 20, 'cx'),
      },
      {
        name: 'random depth 20 with CZ, 24 qubits',
        qubits: 24,
        operations: randomCircuit(24, 20, 'cz'),
      },
    );
  }
  return all;
}

/** Milliseconds of one pass over a case's operations, for each run. */
function measure(
  { operations, precision = 'f64', qubits, repeats = 1 }: Case,
  team: KernelTeam | null,
): number[] {
  const state = DenseState.create(qubits, { precision, ...(team && { team }) });
  const runs = qubits >= 22 && operations.length > 1 ? 3 : RUNS;
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const begin = performance.now();
    for (let k = 0; k < repeats; k++) state.applyAll(operations, UNWATCHED);
    if (run > 0) times.push((performance.now() - begin) / repeats);
  }
  return times;
}

console.log('| case | threads | median ms | range ms |\n|---|---:|---:|---:|');
const team = await WorkerTeam.start(2);
for (const item of cases()) {
  for (const threads of item.qubits < 16 || team === null ? [1] : [1, 2]) {
    const { max, median, min } = spread(measure(item, threads === 1 ? null : team));
    const range = `${min.toFixed(3)} – ${max.toFixed(3)}`;
    console.log(`| ${item.name} | ${threads} | ${median.toFixed(3)} | ${range} |`);
  }
}
await team?.close();
