/** QASMBench circuits against distributions that another program computed, and against their twins. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Circuit } from '../../src/quantum/circuit/circuit.ts';
import { parseQasm } from '../../src/quantum/qasm/parse-qasm.ts';
import { runCircuit, type RunResult } from '../../src/quantum/simulate/run-circuit.ts';
import { UNWATCHED } from '../../src/quantum/watch.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(resolve(root, process.env['UQO_DATA'] ?? '../shared/data'), 'qasm');
const referenceFile = join(folder, 'reference_distributions.json');

/** The references are rounded to twelve digits; the files' angles to fewer. */
const TOLERANCE = 1e-6;
/** Above this many qubits only what is measured is compared, in a run of its own. */
const WHOLE_QUBITS_MAX = 20;

interface Reference {
  readonly qubits: number;
  readonly dynamic: readonly string[];
  readonly top?: readonly (readonly [string, number])[];
  readonly Z_entropy_bits?: number;
  readonly support?: number;
}

function files(): readonly string[] {
  return ['small', 'medium', 'large']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((file) => join(path, file)))
    .filter((file) => file.endsWith('.qasm'));
}

function run(circuit: Circuit): RunResult {
  return runCircuit(circuit, { probabilities: true, top: 2 ** 20, shots: 0 }, UNWATCHED);
}

function read(file: string): Circuit {
  return parseQasm(readFileSync(file, 'utf8'));
}

/** The same circuit with all of its qubits read at the end, and nothing before. */
function withoutMeasurements(circuit: Circuit): Circuit {
  const operations = circuit.operations.filter(({ kind }) => kind !== 'measure');
  return { ...circuit, operations, bits: 0, classicalRegisters: [] };
}

const isPresent = existsSync(referenceFile);
const all = isPresent ? files() : [];
const references = (isPresent ? JSON.parse(readFileSync(referenceFile, 'utf8')) : {}) as Readonly<
  Record<string, Reference>
>;
const nameOf = (file: string): string => file.replace(/^.*[\\/]/, '').replace(/\.qasm$/, '');

describe.skipIf(!isPresent)(`QASMBench (${isPresent ? all.length : 'absent: ' + folder})`, () => {
  const known = all.filter((file) => {
    const reference = references[nameOf(file)];
    return reference?.top !== undefined && reference.dynamic.length === 0;
  });

  test.each(known.map((file) => [nameOf(file), file]))('%s has its distribution', (name, file) => {
    const reference = references[name]!;
    const circuit = read(file);
    expect(circuit.qubits).toBe(reference.qubits);
    if (reference.qubits > WHOLE_QUBITS_MAX) return;
    const { probabilities } = run(withoutMeasurements(circuit));
    for (const [outcome, p] of reference.top!) {
      expect(Math.abs((probabilities![outcome] ?? 0) - p)).toBeLessThan(TOLERANCE);
    }
    const values = Object.values(probabilities!);
    const entropy = values.reduce((sum, p) => sum - p * Math.log2(p), 0);
    expect(entropy).toBeCloseTo(reference.Z_entropy_bits!, 5);
  });

  const twins = all.filter(
    (file) => file.endsWith('_transpiled.qasm') && all.includes(file.replace('_transpiled', '')),
  );

  test.each(twins.map((file) => [nameOf(file), file]))('%s equals its original', (_, file) => {
    const [twin, original] = [run(read(file)), run(read(file.replace('_transpiled', '')))];
    // Distributions that are too flat to list are left out.
    if (original.probabilities === undefined) return;
    expect(twin.probabilityListed).toBeCloseTo(1, 6);
    for (const [outcome, p] of Object.entries(original.probabilities)) {
      const found = twin.probabilities![outcome] ?? 0;
      expect(Math.abs(found - p)).toBeLessThan(TOLERANCE);
    }
  });

  test.each([
    ['cat_state_n22', 22],
    ['ghz_state_n23', 23],
  ] as const)('%s is all zeros or all ones', (name, n) => {
    const { probabilities } = run(withoutMeasurements(read(all.find((f) => nameOf(f) === name)!)));
    expect(probabilities).toEqual({ ['0'.repeat(n)]: 0.5, ['1'.repeat(n)]: 0.5 });
  });
});
