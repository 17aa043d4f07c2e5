/**
 * What the circuit optimizer makes of published circuits, beside what others made of them.
 *
 *   node bench/quantum-optimizer.ts [--quick] [--level N] [--only NAME]
 *
 * Reads UQO_DATA (default ../shared/data): QASMBench circuits with the two-qubit counts of Qiskit 2.2 and
 * tket 2.6 (all-to-all, basis rz sx x cz), and Toffoli and arithmetic circuits with the T-counts of Nam et
 * al. (2018, "heavy"). Measurements stay in place, and so do barriers. "As measured" keeps what is measured
 * from |0…0⟩ alone; the other columns are unitary for unitary. `--quick` leaves the T-counts out.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { optimizeCircuit, type Level, type StateRunner } from '../src/quantum/optimize/index.ts';
import { parseQasm } from '../src/quantum/qasm/parse-qasm.ts';
import { DenseState } from '../src/quantum/simulate/dense-state.ts';
import type { Watch } from '../src/quantum/watch.ts';
import { ROOT } from './harness/report.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, level: { type: 'string' }, only: { type: 'string' } },
});
const DATA = process.env['UQO_DATA'] ?? path.join(ROOT, '..', 'shared', 'data');
const LEVEL = Number(values.level ?? 2) as Level;
const WATCH: Watch = {
  nowMs: () => performance.now(),
  isCanceled: () => false,
  progress: () => undefined,
};
const simulate: StateRunner = (qubits, operations, watch) => {
  const state = DenseState.create(qubits);
  state.applyAll(operations, watch);
  return state.amplitudes();
};

/** Rows of a CSV file after its head, by their first column. */
function table(file: string): ReadonlyMap<string, readonly string[]> {
  const rows = readFileSync(path.join(DATA, file), 'utf8').trim().split('\n').slice(1);
  return new Map(rows.map((row) => row.split(',')).map((row) => [row[0] ?? '', row]));
}

/** One published file measures a register that it does not declare; the declared one is meant. */
function source(file: string): string {
  const text = readFileSync(file, 'utf8');
  return text.includes('qreg reg[') ? text.replaceAll('measure q[', 'measure reg[') : text;
}

function line(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function twoQubitGates(): void {
  const totals = { before: 0, ours: 0, seen: 0, qiskit: 0, tket: 0, best: 0, ms: 0 };
  const head = [
    'circuit',
    'before',
    'ours',
    'as measured',
    'Qiskit 2.2',
    'tket 2.6',
    'ms',
    'verified',
  ];
  line(head);
  line(head.map((_, k) => (k === 0 || k === 7 ? '---' : '---:')));
  for (const [name, row] of table('benchpress/qasmbench_all_to_all.csv')) {
    const file = ['small', 'medium', 'large']
      .map((size) => path.join(DATA, 'qasm', size, `${name}.qasm`))
      .find((candidate) => existsSync(candidate));
    if (file === undefined || (values.only ?? name) !== name) continue;
    const circuit = parseQasm(source(file));
    const start = performance.now();
    const basis = ['rz', 'sx', 'x', 'cz'];
    const result = optimizeCircuit(circuit, { level: LEVEL, basis, simulate }, WATCH);
    const ms = performance.now() - start;
    const objective = 'measurement';
    const seen = optimizeCircuit(circuit, { level: LEVEL, basis, simulate, objective }, WATCH);
    const [qiskit, tket] = [Number(row[2]), Number(row[5])];
    const ours = result.after.twoQubit;
    const mark = ours > Math.min(qiskit, tket) ? ' (more)' : '';
    const both = result.verified === seen.verified ? '' : `; measured: ${seen.verified}`;
    const counts = [result.before.twoQubit, `${ours}${mark}`, seen.after.twoQubit, qiskit, tket];
    line([name, ...counts, ms.toFixed(0), `${result.verified}${both}`]);
    totals.seen += seen.after.twoQubit;
    for (const defect of [...result.defects, ...seen.defects]) line([`defect: ${defect}`]);
    totals.before += result.before.twoQubit;
    totals.ours += ours;
    totals.qiskit += qiskit;
    totals.tket += tket;
    totals.best += Math.min(qiskit, tket);
    totals.ms += ms;
  }
  const { before, ours, seen, qiskit, tket, best, ms } = totals;
  line([
    'total',
    before,
    ours,
    seen,
    qiskit,
    tket,
    ms.toFixed(0),
    `sum of the better of both: ${best}`,
  ]);
}

function tCounts(): void {
  line([
    'circuit',
    'T before',
    'T ours',
    'T Nam',
    'CX before',
    'CX ours',
    'CX Nam',
    'ms',
    'verified',
  ]);
  line(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---']);
  for (const [name, row] of table('transpile/nam_tpar_counts.csv')) {
    const file = path.join(DATA, 'transpile', 'feynman', `qasm_${name}.qasm`);
    if (!existsSync(file) || (values.only ?? name) !== name) continue;
    const circuit = parseQasm(readFileSync(file, 'utf8'));
    const start = performance.now();
    const options = { level: LEVEL, metric: 'tCount', simulate } as const;
    const { before, after, verified, defects } = optimizeCircuit(circuit, options, WATCH);
    const ms = (performance.now() - start).toFixed(0);
    const mark = row[8] !== '' && after.tCount > Number(row[8]) ? ' (more)' : '';
    const t = [before.tCount, `${after.tCount}${mark}`, row[8] ?? ''];
    line([name, ...t, before.twoQubit, after.twoQubit, row[9] ?? '', ms, verified]);
    for (const defect of defects) line([`defect: ${defect}`]);
  }
}

twoQubitGates();
if (values.quick !== true) tCounts();
