/** QASMBench: every file becomes a circuit, with the distributions that were computed from it elsewhere. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatBits } from '../../src/quantum/circuit/bit-order.ts';
import type { Circuit } from '../../src/quantum/circuit/circuit.ts';
import { circuitStats, countGates } from '../../src/quantum/circuit/circuit-stats.ts';
import { checkCircuit } from '../../src/quantum/circuit/check-circuit.ts';
import {
  bitProbabilities,
  distance,
  fullProbabilities,
  unitaryOf,
} from '../../src/quantum/circuit/testing/run-exactly.ts';
import { parseQasm } from '../../src/quantum/qasm/parse-qasm.ts';
import { standardGates } from '../../src/quantum/qasm/standard-gates.ts';
import { toQasm2 } from '../../src/quantum/qasm/to-qasm2.ts';
import { toQasm3 } from '../../src/quantum/qasm/to-qasm3.ts';
import { dataFolder } from './data-folder.ts';

const { path, isThere } = dataFolder('qasm');
const openqasm = dataFolder('openqasm');
const absent = isThere ? '' : ` (skipped: ${path} is absent)`;
const QUBITS_MAX = 7;
const OPERATIONS_MAX = 2_500;

interface Reference {
  readonly qubits: number;
  readonly ops: Readonly<Record<string, number>>;
  readonly dynamic: readonly string[];
  readonly measure_before_last_gate: boolean;
  readonly top: readonly (readonly [bits: string, probability: number])[];
}

function read(file: string): Circuit {
  return parseQasm(readFileSync(join(path, file), 'utf8'));
}

/** The distribution over all qubits of what the gates make, as the references have it. */
function gatesAlone(circuit: Circuit): Map<string, number> {
  const operations = circuit.operations.filter(({ kind }) => kind !== 'measure');
  const full = fullProbabilities({ ...circuit, operations, bits: 0, classicalRegisters: [] });
  return new Map([...full].map(([key, value]) => [key.slice(1), value]));
}

describe.skipIf(!isThere)(`QASMBench${absent}`, () => {
  const files = globSync('{small,medium,large}/*.qasm', { cwd: path });

  test.each(files)('%s becomes a circuit that is in order', (file) => {
    const circuit = read(file);
    expect(checkCircuit(circuit)).toBe(circuit);
    expect(circuitStats(circuit).gates).toBeGreaterThan(0);
  });

  const references = isThere
    ? (JSON.parse(readFileSync(join(path, 'reference_distributions.json'), 'utf8')) as Record<
        string,
        Reference
      >)
    : {};
  const known = files.filter((file) => references[basename(file, '.qasm')] !== undefined);

  test.each(known)('%s has as many qubits and gates as its reference', (file) => {
    const reference = references[basename(file, '.qasm')] as Reference;
    const circuit = read(file);
    expect(circuit.qubits).toBe(reference.qubits);
    // References count a gate's name as written; gates of a program's own are taken apart here.
    const counts = countGates(circuit);
    for (const name of ['cx', 'ccx', 'cswap']) {
      expect(counts[name] ?? 0).toBeGreaterThanOrEqual(reference.ops[name] ?? 0);
    }
  });

  const small = known.filter((file) => {
    const { qubits, dynamic } = references[basename(file, '.qasm')] as Reference;
    return qubits <= QUBITS_MAX && dynamic.length === 0;
  });

  test.each(small)('%s gives the reference distribution to 1e-6', (file) => {
    const circuit = read(file);
    if (circuit.operations.length > OPERATIONS_MAX) return;
    const { top } = references[basename(file, '.qasm')] as Reference;
    const probabilities = gatesAlone(circuit);
    for (const [bits, probability] of top) {
      expect(Math.abs((probabilities.get(bits) ?? 0) - probability)).toBeLessThan(1e-6);
    }
  });

  const twins = files.filter((file) => files.includes(file.replace('.qasm', '_transpiled.qasm')));

  test.each(twins)('%s reads as its transpiled twin does', (file) => {
    const a = read(file);
    const b = read(file.replace('.qasm', '_transpiled.qasm'));
    const isSmall = (circuit: Circuit): boolean =>
      circuit.qubits <= QUBITS_MAX && circuit.operations.length <= OPERATIONS_MAX;
    expect(b.bits).toBe(a.bits);
    if (!isSmall(a) || !isSmall(b)) return;
    const [left, right] = [bitProbabilities(a), bitProbabilities(b)];
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      expect(Math.abs((left.get(key) ?? 0) - (right.get(key) ?? 0))).toBeLessThan(1e-6);
    }
  });

  test.each(files)('%s comes back from both exports as the same operations', (file) => {
    const circuit = read(file);
    const named = (c: Circuit): unknown =>
      c.operations
        .map((operation) => ({ ...operation }))
        .filter(({ kind }) => kind !== 'global-phase');
    expect(named(parseQasm(toQasm3(circuit)))).toEqual(named(circuit));
    expect(named(parseQasm(toQasm2(circuit)))).toEqual(named(circuit));
  });

  test('bits print with the first register rightmost', () => {
    const circuit = read('small/iswap_n2.qasm');
    expect([...bitProbabilities(circuit).keys()]).toEqual(['10']);
    expect(formatBits(2, 2)).toBe('10');
  });
});

/** Definitions of a file under names of their own, so that they are not taken for the known gates. */
function definitions(text: string): { readonly source: string; readonly names: string[] } {
  const names = [...text.matchAll(/^gate ([A-Za-z0-9_]+)/gm)].map(([, name]) => name as string);
  const pattern = new RegExp(`(?<=gate |[{;@]\\s*)(${names.join('|')})(?=[ (])`, 'g');
  return { source: text.replace(pattern, 'own_$1'), names };
}

function compare(
  header: string,
  file: string,
  isUpToPhase: boolean,
  except: readonly string[],
): void {
  const { source, names } = definitions(readFileSync(file, 'utf8'));
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) {
    const gate = standardGates(isUpToPhase ? 2 : 3).get(name);
    expect(gate, name).toBeDefined();
    if (gate === undefined || except.includes(name)) continue;
    const params = [0.7, -1.1, 2.3, 0.4].slice(0, gate.params).join(', ');
    const qubits = Array.from({ length: gate.qubits }, (_, k) => `q[${k}]`).join(', ');
    const call = `${gate.params === 0 ? '' : `(${params})`} ${qubits};`;
    const register = `qreg q[${gate.qubits}];`;
    const own = unitaryOf(parseQasm(`${header}\n${source}\n${register}\nown_${name}${call}`));
    const known = unitaryOf(parseQasm(`${header}\n${register}\n${name}${call}`));
    expect(distance(own, known, isUpToPhase), name).toBeLessThan(1e-9);
  }
}

describe.skipIf(!isThere || !openqasm.isThere)('standard gates', () => {
  test('they are those of QASMBench qelib1.inc, up to a phase', () => {
    // In that file the root of X is the other one, and c4x is not an X.
    compare('OPENQASM 2.0;', join(path, 'qelib1.inc'), true, ['c3sqrtx', 'c4x']);
  });

  test('they are those of OpenQASM stdgates.inc, phases included', () => {
    // The file's CX is a controlled U whose phase makes it another gate than its text says.
    compare('OPENQASM 3.0;', join(openqasm.path, 'examples/stdgates.inc'), false, ['CX']);
  });
});
