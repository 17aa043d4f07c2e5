/** Gates, amplitudes and counts against Q#'s simulator, which is another program by other people. */
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Rng } from '../../src/base/rng.ts';
import { formatBits } from '../../src/quantum/circuit/bit-order.ts';
import { circuit as build } from '../../src/quantum/circuit/circuit-builder.ts';
import type { Circuit } from '../../src/quantum/circuit/circuit.ts';
import { GATE_NAMES, gateSpec, type GateName } from '../../src/quantum/circuit/gate-table.ts';
import type { Control, GateOperation } from '../../src/quantum/circuit/operation.ts';
import { randomGates } from '../../src/quantum/circuit/testing/random-circuit.ts';
import { distance, unitaryOf } from '../../src/quantum/circuit/testing/run-exactly.ts';
import { matrix, type ComplexMatrix } from '../../src/quantum/linear/complex-matrix.ts';
import { toQasm3 } from '../../src/quantum/qasm/to-qasm3.ts';
import type { Method } from '../../src/quantum/simulate/run/run-options.ts';
import { runCircuit } from '../../src/quantum/simulate/run-circuit.ts';
import { circuitOf, distinct } from '../../src/quantum/simulate/testing/random-circuit.ts';
import { randomProgram } from '../../src/quantum/simulate/testing/random-program.ts';
import { UNWATCHED } from '../../src/quantum/watch.ts';
import { qsharpAmplitudes, randomControlled } from './qsharp-circuits.ts';
import {
  loadQsharp,
  qsharpProgram,
  qsharpStatements,
  type Qsharp,
  type QsharpShot,
} from './qsharp-oracle.ts';

/** Rounding of 60 gates on each side, with room. */
const TOLERANCE = 1e-9;
/** In standard deviations; one count in two million goes as far by chance. */
const SPREADS_MAX = 5;
const CIRCUITS = 90;
const SHOTS = 2000;
const METHODS = ['dense', 'density', 'sparse', 'mps'] as const satisfies readonly Method[];
const SEED = Number(process.env['SEED'] ?? 1);

let qsharp: Qsharp;

beforeAll(async () => {
  qsharp = await loadQsharp();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Draws of the oracle come from the seed too. */
function seedOracle(seed: number): void {
  const rng = Rng.fromSeed(seed);
  vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation((values) => {
    const bytes = values as unknown as Uint8Array;
    for (let k = 0; k < bytes.length; k++) bytes[k] = rng.below(256);
    return values;
  });
}

function gateUnder(name: GateName, values: readonly (0 | 1)[], rng: Rng): GateOperation {
  const { qubits, params } = gateSpec(name);
  const on = distinct(qubits + values.length, qubits + values.length, rng);
  return {
    kind: 'gate',
    name,
    params: Array.from({ length: params }, () => (rng.unit() - 0.5) * 4 * Math.PI),
    qubits: on.slice(values.length),
    controls: values.map((value, k): Control => ({ qubit: on[k]!, value })),
  };
}

/** The first qubit is the lowest bit of a row's number here, the highest in Q#. */
function reversed(rows: readonly (readonly (readonly [number, number])[])[]): ComplexMatrix {
  const bits = Math.log2(rows.length);
  const swap = (k: number): number =>
    Number.parseInt(Array.from(k.toString(2).padStart(bits, '0')).toReversed().join(''), 2);
  return matrix(rows.map((row, r) => row.map((_, c) => rows[swap(r)]![swap(c)]!)));
}

describe('gates', () => {
  test.each([
    ['alone', []],
    ['under a control', [1]],
    ['under a control on 0', [0]],
    ['under controls on 0 and 1', [0, 1]],
  ] as const)("each %s has the matrix of Q#'s", async (_, values) => {
    const rng = Rng.fromSeed(SEED);
    const gates = GATE_NAMES.map((name) => gateUnder(name, values, rng));
    const sizes = gates.map(({ name }) => gateSpec(name).qubits + values.length);
    const bodies = gates.map(
      (gate, k) =>
        `Std.Diagnostics.DumpOperation(${sizes[k]}, q => { ${qsharpStatements([gate])} });`,
    );
    const [shot] = await qsharp.run('qsharp', qsharpProgram(bodies, 'Unit'), 1);
    expect(shot!.events).toHaveLength(gates.length);
    for (const [k, event] of shot!.events.entries()) {
      if (event.type !== 'Matrix') throw new Error(`${event.type} is no matrix`);
      const ours = unitaryOf(circuitOf(sizes[k]!, [gates[k]!]));
      const off = distance(ours, reversed(event.matrix), true);
      expect(off, JSON.stringify(gates[k])).toBeLessThan(TOLERANCE);
    }
  });
});

/** Two amplitude vectors as matrices of one column. */
function column(state: { readonly re: Float64Array; readonly im: Float64Array }): ComplexMatrix {
  return { rows: state.re.length, columns: 1, ...state };
}

/** What shots returned, against the circuit's exact probabilities. */
function expectCounts(shots: readonly QsharpShot[], circuit: Circuit, what: string): void {
  const counts = new Map<string, number>();
  for (const { result } of shots) {
    const bits = String(result)
      .match(/Zero|One/g)!
      .map((name) => (name === 'One' ? 1 : 0));
    const key = bits.toReversed().join('');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const { probabilities } = runCircuit(circuit, { probabilities: true, shots: 0 }, UNWATCHED);
  for (const key of new Set([...counts.keys(), ...Object.keys(probabilities!)])) {
    const p = probabilities![key] ?? 0;
    const off = Math.abs((counts.get(key) ?? 0) - shots.length * p);
    expect(off, `P(${key}) = ${p} of ${what}`).toBeLessThanOrEqual(
      SPREADS_MAX * Math.sqrt(shots.length * p * (1 - p)) + (p > 1e-9 ? 3 : 0),
    );
  }
}

describe('circuits', () => {
  test("amplitudes are those of Q#, and every method's probabilities their squares", async () => {
    const circuits = Array.from({ length: CIRCUITS }, (_, k) =>
      randomControlled(Rng.fromSeed(SEED * CIRCUITS + k)),
    );
    const amplitudes = await qsharpAmplitudes(qsharp, circuits);
    for (const [k, circuit] of circuits.entries()) {
      const theirs = amplitudes[k]!;
      const { statevector } = runCircuit(circuit, { statevector: true, shots: 0 }, UNWATCHED);
      const off = distance(column(statevector!), column(theirs), true);
      expect(off, `circuit ${k}`).toBeLessThan(TOLERANCE);
      for (const method of METHODS) {
        const options = { method, probabilities: true, shots: 0 };
        const { probabilities } = runCircuit(circuit, options, UNWATCHED);
        for (let i = 0; i < theirs.re.length; i++) {
          const p = probabilities![formatBits(i, circuit.qubits)] ?? 0;
          const gap = Math.abs(p - theirs.re[i]! ** 2 - theirs.im[i]! ** 2);
          expect(gap, `circuit ${k} by ${method}`).toBeLessThan(TOLERANCE);
        }
      }
    }
  });

  test("circuits that measure, reset and branch on the way count as Q#'s do", async () => {
    seedOracle(SEED);
    for (let k = 0; k < 12; k++) {
      const rng = Rng.fromSeed(SEED * 1000 + k);
      const shape = { qubits: 2 + rng.below(3), bits: 1 + rng.below(3) };
      const circuit = randomProgram({ ...shape, operations: 16, dynamic: 0.35 }, rng);
      const body = `use q = Qubit[${shape.qubits}];
        mutable c = [Zero, size = ${shape.bits}];
        ${qsharpStatements(circuit.operations)}
        ResetAll(q);
        return c;`;
      const shots = await qsharp.run('qsharp', qsharpProgram([body], 'Result[]'), SHOTS);
      expectCounts(shots, circuit, `program ${k}`);
    }
  });
});

// Its OpenQASM 2 knows no gates but those of the language's first description.
test('what is exported as OpenQASM 3 is read by Q# as what it was', async () => {
  seedOracle(SEED);
  for (let k = 0; k < 10; k++) {
    const qubits = 2 + (k % 3);
    const gates = randomGates(qubits, 8, SEED * 1000 + k);
    const builder = build(qubits, qubits);
    for (const operation of gates.operations) builder.add(operation);
    for (let q = 0; q < qubits; q++) builder.measure(q, q);
    const circuit = builder.build();
    const shots = await qsharp.run('openqasm', toQasm3(circuit), SHOTS / 4);
    expectCounts(shots, circuit, `circuit ${k}`);
  }
});
