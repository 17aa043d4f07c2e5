/** The npm package qsharp-lang as an independent simulator: circuits written in Q#, and whole OpenQASM programs. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Expression } from '../../src/quantum/circuit/classical.ts';
import type { GateName } from '../../src/quantum/circuit/gate-table.ts';
import type { GateOperation, Operation } from '../../src/quantum/circuit/operation.ts';

const require = createRequire(import.meta.url);

/** The part of the package that is used here. */
interface QsharpPackage {
  readonly loadWasmModule: (bytes: ArrayBuffer) => Promise<void>;
  readonly getCompiler: () => Promise<{
    readonly run: (program: object, entry: string, shots: number, events: object) => Promise<void>;
  }>;
  readonly QscEventTarget: new (captures: boolean) => { readonly getResults: () => QsharpShot[] };
}

/** [re, im] */
type Complex = readonly [number, number];

type QsharpEvent =
  | { readonly type: 'DumpMachine'; readonly state: Readonly<Record<string, Complex>> }
  | { readonly type: 'Matrix'; readonly matrix: readonly (readonly Complex[])[] }
  | { readonly type: 'Message'; readonly message: string };

/** What one run of a program returned, as text, and what it said on the way. */
export interface QsharpShot {
  readonly success: boolean;
  readonly result: unknown;
  readonly events: readonly QsharpEvent[];
}

export interface Qsharp {
  /** Reads, checks and runs a program; a tenth of a second before the first shot. */
  readonly run: (
    language: 'qsharp' | 'openqasm',
    source: string,
    shots: number,
  ) => Promise<readonly QsharpShot[]>;
}

export async function loadQsharp(): Promise<Qsharp> {
  // The entry for Node needs a CommonJS module that the package does not carry.
  const entry = require.resolve('qsharp-lang');
  const main = entry.replace(/[^/\\]+$/, 'main.js');
  const qsharp = (await import(pathToFileURL(main).href)) as QsharpPackage;
  const { buffer } = Uint8Array.from(
    readFileSync(main.replace(/dist.main\.js$/, 'lib/web/qsc_wasm_bg.wasm')),
  );
  await qsharp.loadWasmModule(buffer);
  const compiler = await qsharp.getCompiler();
  return {
    async run(projectType, source, shots) {
      const events = new qsharp.QscEventTarget(true);
      const program = {
        sources: [['program', source]],
        languageFeatures: [],
        profile: 'unrestricted',
        projectType,
      };
      await compiler.run(program, projectType === 'qsharp' ? 'Circuits.Main()' : '', shots, events);
      const results = events.getResults();
      const failed = results.find(({ success }) => !success);
      if (failed !== undefined) throw new Error(JSON.stringify(failed.result));
      return results;
    },
  };
}

/** What the language lacks, phases exact. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  U: `operation U(theta : Double, phi : Double, lambda : Double, q : Qubit) : Unit is Adj + Ctl {
    R1(lambda, q);
    Ry(theta, q);
    R1(phi, q);
  }`,
  ISwap: `operation ISwap(a : Qubit, b : Qubit) : Unit is Adj + Ctl {
    S(a);
    S(b);
    Controlled Z([a], b);
    SWAP(a, b);
  }`,
  Rzx: `operation Rzx(theta : Double, a : Qubit, b : Qubit) : Unit is Adj + Ctl {
    Exp([PauliZ, PauliX], -theta / 2.0, [a, b]);
  }`,
};

/** Each gate's operation, and how many of its qubits control it: not taken from the table that is tested. */
const OPERATIONS: Readonly<Record<GateName, readonly [operation: string, controls: number]>> = {
  id: ['I', 0],
  x: ['X', 0],
  y: ['Y', 0],
  z: ['Z', 0],
  h: ['H', 0],
  s: ['S', 0],
  sdg: ['Adjoint S', 0],
  t: ['T', 0],
  tdg: ['Adjoint T', 0],
  sx: ['SX', 0],
  sxdg: ['Adjoint SX', 0],
  p: ['R1', 0],
  rx: ['Rx', 0],
  ry: ['Ry', 0],
  rz: ['Rz', 0],
  u: ['U', 0],
  swap: ['SWAP', 0],
  iswap: ['ISwap', 0],
  rxx: ['Rxx', 0],
  ryy: ['Ryy', 0],
  rzz: ['Rzz', 0],
  rzx: ['Rzx', 0],
  cx: ['CNOT', 0],
  cy: ['Y', 1],
  cz: ['Z', 1],
  ch: ['H', 1],
  cs: ['S', 1],
  csdg: ['Adjoint S', 1],
  csx: ['SX', 1],
  cp: ['R1', 1],
  crx: ['Rx', 1],
  cry: ['Ry', 1],
  crz: ['Rz', 1],
  cswap: ['SWAP', 1],
  ccx: ['CCNOT', 0],
  ccz: ['Z', 2],
  c3x: ['X', 3],
  c4x: ['X', 4],
};

/** A program of these operations, called one after the other; `Main` returns what the last one does. */
export function qsharpProgram(operations: readonly string[], returns: 'Unit' | 'Result[]'): string {
  const bodies = operations.map((body, k) => `operation Case${k}() : ${returns} {\n${body}\n}`);
  const calls = operations.map((_, k) => `Case${k}()`);
  const main = `operation Main() : ${returns} { ${calls.join('; ')} }`;
  // What is not needed would only be read, and that is timed elsewhere.
  const all = Object.entries(DEFINITIONS);
  const used = all.filter(([name]) =>
    bodies.some((body) => new RegExp(`\\b${name}\\(`).test(body)),
  );
  const definitions = used.map(([, text]) => text);
  return `namespace Circuits {\n${[...definitions, ...bodies, main].join('\n')}\n}`;
}

/** Gates, measurements, resets and conditions on qubits `q` and results `c`, as statements. */
export function qsharpStatements(operations: readonly Operation[]): string {
  return operations.map(statement).join('\n');
}

function statement(operation: Operation): string {
  switch (operation.kind) {
    case 'gate':
      return gateStatement(operation);
    case 'barrier':
      return '';
    case 'measure':
      return `set c w/= ${operation.bit} <- M(q[${operation.qubit}]);`;
    case 'reset':
      return `Reset(q[${operation.qubit}]);`;
    case 'if': {
      const { condition, then, otherwise } = operation;
      const branch = `if ${conditionOf(condition)} {\n${qsharpStatements(then)}\n}`;
      return otherwise.length === 0
        ? branch
        : `${branch} else {\n${qsharpStatements(otherwise)}\n}`;
    }
    default:
      throw new Error(`'${operation.kind}' is not written in Q#`);
  }
}

function gateStatement({ name, params, qubits, controls }: GateOperation): string {
  const qubit = (k: number): string => `q[${k}]`;
  const [operation, inName] = OPERATIONS[name];
  const angles = params.map((angle) => angle.toFixed(17));
  const args = [...angles, ...qubits.slice(inName).map(qubit)].join(', ');
  const on = [...controls.map((control) => control.qubit), ...qubits.slice(0, inName)];
  if (on.length === 0) return `${operation}(${args});`;
  const flips = controls
    .filter(({ value }) => value === 0)
    .map((control) => `X(${qubit(control.qubit)});`);
  const call = `Controlled ${operation}([${on.map(qubit).join(', ')}], (${args}));`;
  return [...flips, call, ...flips].join(' ');
}

/** A bit, or all bits as a number against a literal. */
function conditionOf(condition: Expression): string {
  if (condition.kind === 'bit') return `c[${condition.bit}] == One`;
  if (condition.kind === 'binary') {
    const { operator, left, right } = condition;
    const isOrdered = left.kind === 'bits' && left.bits.every((bit, k) => bit === k);
    if (isOrdered && right.kind === 'literal') {
      const bits = left.bits.length;
      return `Std.Convert.ResultArrayAsInt(c[0..${bits - 1}]) ${operator} ${String(right.value)}`;
    }
  }
  throw new Error(`the condition is not written in Q#`);
}

/** The amplitudes of a dump of qubits that were allocated in order, each at its basis state's number. */
export function dumpedAmplitudes(
  qubits: number,
  event: QsharpEvent | undefined,
): { readonly re: Float64Array; readonly im: Float64Array } {
  if (event?.type !== 'DumpMachine') throw new Error('the program dumped no state');
  const re = new Float64Array(2 ** qubits);
  const im = new Float64Array(2 ** qubits);
  for (const [ket, [real, imaginary]] of Object.entries(event.state)) {
    // |…⟩ has the first qubit leftmost.
    const index = Number.parseInt(Array.from(ket.slice(1, -1)).toReversed().join(''), 2);
    re[index] = real;
    im[index] = imaginary;
  }
  return { re, im };
}
