/**
 * Random circuits through every method and two independent simulators; all must agree.
 *
 *   [SEED=1] node test/quantum/fuzz.ts [count]
 *
 * Each circuit depends on its own seed alone, which a failure prints: `SEED=… node test/quantum/fuzz.ts 1`.
 */
import { Rng } from '../../src/base/rng.ts';
import { formatBits } from '../../src/quantum/circuit/bit-order.ts';
import type { Circuit } from '../../src/quantum/circuit/circuit.ts';
import type { GateOperation, Operation } from '../../src/quantum/circuit/operation.ts';
import { distance } from '../../src/quantum/circuit/testing/run-exactly.ts';
import type { ComplexMatrix } from '../../src/quantum/linear/complex-matrix.ts';
import { amplitudeDamping, depolarizing } from '../../src/quantum/states/noise-channels.ts';
import type { NoiseModel } from '../../src/quantum/simulate/noise/noise-model.ts';
import type { Method, RunOptions } from '../../src/quantum/simulate/run/run-options.ts';
import { runCircuit, type RunResult } from '../../src/quantum/simulate/run-circuit.ts';
import { plainRun } from '../../src/quantum/simulate/testing/plain-run.ts';
import {
  CLIFFORD_NAMES,
  circuitOf,
  randomGate,
} from '../../src/quantum/simulate/testing/random-circuit.ts';
import { randomProgram } from '../../src/quantum/simulate/testing/random-program.ts';
import { UNWATCHED } from '../../src/quantum/watch.ts';
import { qsharpAmplitudes, randomControlled } from './qsharp-circuits.ts';
import { loadQsharp } from './qsharp-oracle.ts';
import { ORACLE_GATES, oracleAmplitudes } from './quantum-circuit-oracle.ts';

/** 100 gates of rounding 2⁻⁵³ each, times the number of amplitudes, with room. */
const TOLERANCE = 1e-10;
/** The oracle rounds its amplitudes to fourteen digits after every gate. */
const ORACLE_TOLERANCE = 1e-8;
/** A count this many standard deviations off is a defect: 1e-9 of draws go as far by chance. */
const SPREADS_MAX = 6.5;

type Family = (rng: Rng) => string | null;

const run = (circuit: Circuit, options: RunOptions): RunResult =>
  runCircuit(circuit, options, UNWATCHED);

const EXACT = { probabilities: true, shots: 0, top: 2 ** 20, branchesMax: 1e6 } as const;

function exact(circuit: Circuit, options: RunOptions): ReadonlyMap<string, number> {
  const { probabilities } = run(circuit, { ...EXACT, ...options });
  if (probabilities === undefined) throw new Error('no exact probabilities');
  return new Map(Object.entries(probabilities));
}

function differ(
  found: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, number>,
): string | null {
  for (const key of new Set([...found.keys(), ...expected.keys()])) {
    const [a, b] = [found.get(key) ?? 0, expected.get(key) ?? 0];
    if (!(Math.abs(a - b) <= TOLERANCE)) return `P(${key}) is ${a}, not ${b}`;
  }
  return null;
}

function unlikely(
  { counts, shots }: RunResult,
  expected: ReadonlyMap<string, number>,
): string | null {
  for (const key of new Set([...Object.keys(counts), ...expected.keys()])) {
    const p = Math.min(1, expected.get(key) ?? 0);
    const count = counts[key] ?? 0;
    const off = Math.abs(count - shots * p);
    if (off > SPREADS_MAX * Math.sqrt(shots * p * (1 - p)) + 8 * (p > 1e-12 ? 1 : 0)) {
      return `${key} was seen ${count} times in ${shots}, expected ${shots * p}`;
    }
  }
  return null;
}

function allAgree(
  circuit: Circuit,
  methods: readonly (Method | 'auto')[],
  expected: ReadonlyMap<string, number>,
): string | null {
  for (const method of methods) {
    const wrong = differ(exact(circuit, { method }), expected);
    if (wrong !== null) return `${method}: ${wrong}`;
  }
  return null;
}

/** Gates only, up to the sizes where methods and kernels change. */
const unitary: Family = (rng) => {
  const isLarge = rng.below(100) === 0;
  const qubits = isLarge ? 13 + rng.below(4) : 1 + rng.below(7);
  const gates = Array.from({ length: 10 + rng.below(50) }, () => randomGate(qubits, rng));
  const circuit = circuitOf(qubits, gates);
  const dense = exact(circuit, { method: 'dense' });
  const small: readonly Method[] = qubits <= 6 ? ['density'] : [];
  return allAgree(
    circuit,
    isLarge ? ['sparse', 'auto'] : ['sparse', 'mps', 'auto', ...small],
    dense,
  );
};

const oracle: Family = (rng) => {
  const qubits = 1 + rng.below(6);
  const gates = Array.from({ length: 30 }, () => randomGate(qubits, rng, { names: ORACLE_GATES }));
  const { re, im } = run(circuitOf(qubits, gates), { statevector: true, shots: 0 }).statevector!;
  const theirs = oracleAmplitudes(qubits, gates);
  for (let i = 0; i < re.length; i++) {
    const off = Math.hypot(re[i]! - theirs.re[i]!, im[i]! - theirs.im[i]!);
    if (!(off < ORACLE_TOLERANCE)) return `amplitude ${i} is off by ${off} from quantum-circuit's`;
  }
  return null;
};

const clifford: Family = (rng) => {
  const qubits = 1 + rng.below(7);
  const choice =
    rng.below(2) === 0
      ? { names: CLIFFORD_NAMES }
      : { names: ['h', 'cx', 'rx', 'rz', 'u', 'ryy', 'p', 'rzx', 'ry'] as const, quarter: true };
  const gates = Array.from({ length: 60 }, () => randomGate(qubits, rng, choice));
  const circuit = circuitOf(qubits, gates);
  const expected = exact(circuit, { method: 'dense' });
  return (
    allAgree(circuit, ['stabilizer'], expected) ??
    unlikely(run(circuit, { method: 'stabilizer', shots: 2000, seed: rng.u32() }), expected)
  );
};

const program: Family = (rng) => {
  const shape = { qubits: 1 + rng.below(4), bits: 1 + rng.below(4), operations: 14, dynamic: 0.3 };
  const circuit = randomProgram(shape, rng);
  const expected = plainRun(circuit);
  const methods = ['dense', 'sparse', 'mps', 'density', 'auto'] as const;
  const method = methods[rng.below(methods.length)]!;
  return (
    allAgree(circuit, methods, expected) ??
    unlikely(run(circuit, { method, shots: 500, seed: rng.u32() }), expected)
  );
};

const cliffordProgram: Family = (rng) => {
  const shape = {
    qubits: 1 + rng.below(4),
    bits: 1 + rng.below(4),
    operations: 18,
    dynamic: 0.3,
    names: CLIFFORD_NAMES,
  };
  const random = randomProgram(shape, rng);
  const keepsDecisions = rng.below(2) === 0;
  const operations = random.operations.filter(({ kind }) => keepsDecisions || kind !== 'if');
  const circuit = { ...random, operations };
  const expected = plainRun(circuit);
  return (
    allAgree(circuit, ['stabilizer'], expected) ??
    unlikely(run(circuit, { method: 'stabilizer', shots: 2000, seed: rng.u32() }), expected)
  );
};

const noisy: Family = (rng) => {
  const isPauli = rng.below(2) === 0;
  const noise: NoiseModel = {
    gates: [
      {
        gates: 'all',
        qubits: null,
        channel: isPauli ? depolarizing(rng.unit() / 5) : amplitudeDamping(rng.unit() / 5),
      },
      { gates: new Set(['cx']), qubits: null, channel: depolarizing(rng.unit() / 5, 2) },
    ],
    readout: [
      { qubits: new Set([0]), error: { zeroAsOne: rng.unit() / 5, oneAsZero: rng.unit() / 5 } },
    ],
    idle: null,
  };
  const names = isPauli ? CLIFFORD_NAMES : (['h', 'cx', 'ry', 't', 'rxx', 'swap'] as const);
  const circuit = randomProgram(
    { qubits: 1 + rng.below(3), bits: 2, operations: 8, dynamic: 0.25, names },
    rng,
  );
  const expected = exact(circuit, { noise, method: 'density' });
  const methods = isPauli
    ? (['stabilizer', 'dense'] as const)
    : (['sparse', 'mps', 'dense'] as const);
  const method = methods[rng.below(methods.length)]!;
  const wrong = unlikely(run(circuit, { noise, method, shots: 600, seed: rng.u32() }), expected);
  return wrong === null ? null : `${method}: ${wrong}`;
};

const INVERSES: Readonly<Partial<Record<string, GateOperation['name']>>> = {
  s: 'sdg',
  sdg: 's',
  t: 'tdg',
  tdg: 't',
  sx: 'sxdg',
  sxdg: 'sx',
  cs: 'csdg',
  csdg: 'cs',
};

function inverse(gate: GateOperation): GateOperation {
  const { name, params } = gate;
  if (name === 'u') return { ...gate, params: [-params[0]!, -params[2]!, -params[1]!] };
  return { ...gate, name: INVERSES[name] ?? name, params: params.map((angle) => -angle) };
}

const mirror: Family = (rng) => {
  const qubits = 1 + rng.below(8);
  const gates = Array.from({ length: 40 }, () => randomGate(qubits, rng)).filter(
    ({ name }) => name !== 'iswap' && name !== 'csx',
  );
  const operations: Operation[] = [...gates, ...gates.toReversed().map(inverse)];
  const zeros = new Map([['0'.repeat(qubits), 1]]);
  return allAgree(circuitOf(qubits, operations), ['dense', 'mps', 'auto'], zeros);
};

const FAMILIES: Readonly<Record<string, Family>> = {
  unitary,
  oracle,
  clifford,
  program,
  cliffordProgram,
  noisy,
  mirror,
};

/** A state as a matrix of one column. */
function column(state: { readonly re: Float64Array; readonly im: Float64Array }): ComplexMatrix {
  return { rows: state.re.length, columns: 1, ...state };
}

/** Circuits of one program of Q#. */
const QSHARP_BATCH = 50;
/** One circuit for Q# on this many others. */
const QSHARP_SHARE = 4;

/** Amplitudes up to a phase against those of Q#, in batches: which circuits disagree, each by its own seed. */
async function qsharpFaults(seed: number, count: number): Promise<string[]> {
  const qsharp = await loadQsharp();
  const faults: string[] = [];
  for (let start = 0; start < count; start += QSHARP_BATCH) {
    const seeds = Array.from(
      { length: Math.min(QSHARP_BATCH, count - start) },
      (_, k) => seed + start + k,
    );
    const circuits = seeds.map((own) => randomControlled(Rng.fromSeed(own)));
    const theirs = await qsharpAmplitudes(qsharp, circuits);
    for (const [k, circuit] of circuits.entries()) {
      const { re, im } = run(circuit, { statevector: true, shots: 0 }).statevector!;
      const off = distance(column({ re, im }), column(theirs[k]!), true);
      const probabilities = new Map(
        Array.from(re, (part, i) => [formatBits(i, circuit.qubits), part ** 2 + im[i]! ** 2]),
      );
      const wrong =
        off < ORACLE_TOLERANCE
          ? allAgree(circuit, ['sparse', 'mps', 'auto'], probabilities)
          : `amplitudes are off by ${off} from Q#'s`;
      if (wrong !== null) faults.push(`SEED=${seeds[k]} node test/quantum/fuzz.ts 1  # ${wrong}`);
    }
  }
  return faults;
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 10_000);
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${count} circuits from SEED=${seed}`);
  const names = Object.keys(FAMILIES);
  const done = new Map<string, number>();
  let failures = 0;
  for (let i = 0; i < count && failures < 20; i++) {
    const rng = Rng.fromSeed(seed + i);
    const name = names[rng.below(names.length)]!;
    done.set(name, (done.get(name) ?? 0) + 1);
    let wrong: string | null;
    try {
      wrong = FAMILIES[name]!(rng);
    } catch (error) {
      wrong = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (wrong === null) continue;
    failures++;
    console.error(`SEED=${seed + i} node test/quantum/fuzz.ts 1  # ${name}: ${wrong}`);
  }
  const ofQsharp = Math.ceil(count / QSHARP_SHARE);
  for (const fault of await qsharpFaults(seed, ofQsharp)) {
    failures++;
    console.error(fault);
  }
  done.set('qsharp', ofQsharp);
  console.log([...done].map(([name, times]) => `${name} ${times}`).join(', '));
  console.log(failures === 0 ? 'all agree' : `${failures} disagree`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await main();
