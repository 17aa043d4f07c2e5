/**
 * Clifford circuits: one of 1,000 qubits and 100,000 gates, and 100,000 noisy shots of a repetition code.
 *
 *   node bench/quantum-stabilizer.ts [--runs N]
 *
 * Prints the median and the range over the runs, the first of them cold.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Rng } from '../src/base/rng.ts';
import type { Circuit } from '../src/quantum/circuit/circuit.ts';
import type { GateName } from '../src/quantum/circuit/gate-table.ts';
import type { Operation } from '../src/quantum/circuit/operation.ts';
import { runCircuit, type RunResult } from '../src/quantum/simulate/run-circuit.ts';
import { bitFlip, depolarizing } from '../src/quantum/states/noise-channels.ts';
import { UNWATCHED } from '../src/quantum/watch.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } });

function gate(name: GateName, ...qubits: number[]): Operation {
  return { kind: 'gate', name, params: [], qubits, controls: [] };
}

function circuit(qubits: number, bits: number, operations: readonly Operation[]): Circuit {
  return {
    qubits,
    bits,
    operations,
    quantumRegisters: [{ name: 'q', start: 0, size: qubits }],
    classicalRegisters: bits === 0 ? [] : [{ name: 'c', start: 0, size: bits }],
    variables: [],
  };
}

/** H, S and CX in equal parts on random qubits; all are read at the end. */
function randomClifford(qubits: number, gates: number): Circuit {
  const rng = Rng.fromSeed(1);
  const operations = Array.from({ length: gates }, () => {
    const a = rng.below(qubits);
    const b = (a + 1 + rng.below(qubits - 1)) % qubits;
    return [gate('h', a), gate('s', a), gate('cx', a, b)][rng.below(3)]!;
  });
  return circuit(qubits, 0, operations);
}

/** Parity of neighbours, `rounds` times, with fresh ancillas and errors in between; then all data. */
function repetitionCode(distance: number, rounds: number): Circuit {
  const operations: Operation[] = [];
  const data = Array.from({ length: distance }, (_, k) => 2 * k);
  let bits = 0;
  for (let round = 0; round < rounds; round++) {
    for (const qubit of data) {
      operations.push({ kind: 'channel', channel: bitFlip(0.01), qubits: [qubit] });
    }
    for (let ancilla = 1; ancilla < 2 * distance - 1; ancilla += 2) {
      operations.push({ kind: 'reset', qubit: ancilla });
      for (const qubit of [ancilla - 1, ancilla + 1]) {
        operations.push(gate('cx', qubit, ancilla));
        operations.push({
          kind: 'channel',
          channel: depolarizing(0.001, 2),
          qubits: [qubit, ancilla],
        });
      }
      operations.push({ kind: 'measure', qubit: ancilla, bit: bits++ });
    }
  }
  for (const qubit of data) operations.push({ kind: 'measure', qubit, bit: bits++ });
  return circuit(2 * distance - 1, bits, operations);
}

function measure(name: string, run: () => RunResult): void {
  const times: number[] = [];
  let note = '';
  for (let i = 0; i < Number(values.runs); i++) {
    const startMs = performance.now();
    const { method, counts } = run();
    times.push(performance.now() - startMs);
    note = `${method}, ${Object.keys(counts).length} different outcomes`;
  }
  times.sort((a, b) => a - b);
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const median = times[times.length >> 1]!;
  console.log(`${name}: median ${ms(median)}, ${ms(times[0]!)} to ${ms(times.at(-1)!)} (${note})`);
}

const large = randomClifford(1_000, 100_000);
measure('1,000 qubits, 100,000 gates, 1 shot', () => runCircuit(large, { shots: 1 }, UNWATCHED));
measure('1,000 qubits, 100,000 gates, 10,000 shots', () =>
  runCircuit(large, { shots: 10_000 }, UNWATCHED),
);
const code = repetitionCode(11, 11);
measure('repetition code, distance 11, 11 rounds, 100,000 shots', () =>
  runCircuit(code, { shots: 100_000 }, UNWATCHED),
);
