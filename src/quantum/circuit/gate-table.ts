/**
 * Every gate that has a name: OpenQASM's standard gates and those that optimizers speak of.
 *
 * Bit k of a row's number in a gate's matrix is the state of the gate's k-th qubit. A controlled gate
 * is its base on the last qubits, controlled by the ones before: only bases have matrices here.
 */
import { identity, matrix, type ComplexMatrix, type Scalar } from '../linear/complex-matrix.ts';

const { SQRT1_2, cos, sin } = Math;

/** What a gate without controls is. */
export interface BaseGate {
  readonly qubits: number;
  readonly params: number;
  readonly matrix: (params: readonly number[]) => ComplexMatrix;
}

/** e^{i·angle}. */
function phase(angle: number): Scalar {
  return [cos(angle), sin(angle)];
}

function diagonal(values: readonly Scalar[]): ComplexMatrix {
  return matrix(values.map((value, r) => values.map((_, c) => (r === c ? value : 0))));
}

function fixed(rows: readonly (readonly Scalar[])[]): BaseGate {
  const value = matrix(rows);
  return { qubits: Math.log2(rows.length), params: 0, matrix: () => value };
}

function fixedDiagonal(values: readonly Scalar[]): BaseGate {
  const value = diagonal(values);
  return { qubits: 1, params: 0, matrix: () => value };
}

function u(theta: number, phi: number, lambda: number): ComplexMatrix {
  const c = cos(theta / 2);
  const s = sin(theta / 2);
  return matrix([
    [c, [-cos(lambda) * s, -sin(lambda) * s]],
    [
      [cos(phi) * s, sin(phi) * s],
      // Not of φ + λ: the sum's rounding would leave large angles with a matrix that is not unitary.
      [
        (cos(phi) * cos(lambda) - sin(phi) * sin(lambda)) * c,
        (sin(phi) * cos(lambda) + cos(phi) * sin(lambda)) * c,
      ],
    ],
  ]);
}

/** cos(θ/2)·I − i·sin(θ/2)·P for the Pauli string whose matrix has `entries[r]` at (r, r ^ flip). */
function rotation(theta: number, flip: number, entries: readonly Scalar[]): ComplexMatrix {
  const c = cos(theta / 2);
  const s = sin(theta / 2);
  const rows = entries.map((entry, r) =>
    entries.map((_, column): Scalar => {
      const [re, im] = typeof entry === 'number' ? [entry, 0] : entry;
      const on = column === r ? c : 0;
      return column === (r ^ flip) ? [on + s * im, -s * re] : on;
    }),
  );
  return matrix(rows);
}

/** Gates without controls. */
export type BaseName =
  | 'id'
  | 'x'
  | 'y'
  | 'z'
  | 'h'
  | 's'
  | 'sdg'
  | 't'
  | 'tdg'
  | 'sx'
  | 'sxdg'
  | 'p'
  | 'rx'
  | 'ry'
  | 'rz'
  | 'u'
  | 'swap'
  | 'iswap'
  | 'rxx'
  | 'ryy'
  | 'rzz'
  | 'rzx';

/** Gates that are a base under controls. */
export type ControlledName =
  | 'cx'
  | 'cy'
  | 'cz'
  | 'ch'
  | 'cs'
  | 'csdg'
  | 'csx'
  | 'cp'
  | 'crx'
  | 'cry'
  | 'crz'
  | 'cswap'
  | 'ccx'
  | 'ccz'
  | 'c3x'
  | 'c4x';

export type GateName = BaseName | ControlledName;

const BASES: Readonly<Record<BaseName, BaseGate>> = {
  id: { qubits: 1, params: 0, matrix: () => identity(2) },
  x: fixed([
    [0, 1],
    [1, 0],
  ]),
  y: fixed([
    [0, [0, -1]],
    [[0, 1], 0],
  ]),
  z: fixedDiagonal([1, -1]),
  h: fixed([
    [SQRT1_2, SQRT1_2],
    [SQRT1_2, -SQRT1_2],
  ]),
  s: fixedDiagonal([1, [0, 1]]),
  sdg: fixedDiagonal([1, [0, -1]]),
  t: fixedDiagonal([1, [SQRT1_2, SQRT1_2]]),
  tdg: fixedDiagonal([1, [SQRT1_2, -SQRT1_2]]),
  sx: fixed([
    [
      [0.5, 0.5],
      [0.5, -0.5],
    ],
    [
      [0.5, -0.5],
      [0.5, 0.5],
    ],
  ]),
  sxdg: fixed([
    [
      [0.5, -0.5],
      [0.5, 0.5],
    ],
    [
      [0.5, 0.5],
      [0.5, -0.5],
    ],
  ]),
  /** diag(1, e^{iλ}) */
  p: { qubits: 1, params: 1, matrix: ([lambda]) => diagonal([1, phase(lambda)]) },
  rx: { qubits: 1, params: 1, matrix: ([theta]) => rotation(theta, 1, [1, 1]) },
  ry: {
    qubits: 1,
    params: 1,
    matrix: ([theta]) =>
      rotation(theta, 1, [
        [0, -1],
        [0, 1],
      ]),
  },
  rz: {
    qubits: 1,
    params: 1,
    matrix: ([theta]) => diagonal([phase(-theta / 2), phase(theta / 2)]),
  },
  /** [[cos θ/2, −e^{iλ} sin θ/2], [e^{iφ} sin θ/2, e^{i(φ+λ)} cos θ/2]] */
  u: { qubits: 1, params: 3, matrix: ([theta, phi, lambda]) => u(theta, phi, lambda) },
  swap: fixed([
    [1, 0, 0, 0],
    [0, 0, 1, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 1],
  ]),
  iswap: fixed([
    [1, 0, 0, 0],
    [0, 0, [0, 1], 0],
    [0, [0, 1], 0, 0],
    [0, 0, 0, 1],
  ]),
  rxx: { qubits: 2, params: 1, matrix: ([theta]) => rotation(theta, 3, [1, 1, 1, 1]) },
  ryy: { qubits: 2, params: 1, matrix: ([theta]) => rotation(theta, 3, [-1, 1, 1, -1]) },
  rzz: { qubits: 2, params: 1, matrix: ([theta]) => rotation(theta, 0, [1, -1, -1, 1]) },
  /** exp(−iθ/2 Z⊗X): Z on the first qubit, X on the second. */
  rzx: { qubits: 2, params: 1, matrix: ([theta]) => rotation(theta, 2, [1, -1, 1, -1]) },
};

/** Names that stand for a base with controls: how many, all of them on 1. */
const CONTROLLED: Readonly<Record<ControlledName, readonly [BaseName, number]>> = {
  cx: ['x', 1],
  cy: ['y', 1],
  cz: ['z', 1],
  ch: ['h', 1],
  cs: ['s', 1],
  csdg: ['sdg', 1],
  csx: ['sx', 1],
  cp: ['p', 1],
  crx: ['rx', 1],
  cry: ['ry', 1],
  crz: ['rz', 1],
  cswap: ['swap', 1],
  ccx: ['x', 2],
  ccz: ['z', 2],
  c3x: ['x', 3],
  c4x: ['x', 4],
};

/** A gate's name taken apart. */
export interface GateSpec {
  readonly name: GateName;
  readonly base: BaseName;
  /** Leading qubits that are controls. */
  readonly controls: number;
  /** All qubits, controls among them. */
  readonly qubits: number;
  readonly params: number;
}

function specs(): ReadonlyMap<string, GateSpec> {
  const all = new Map<string, GateSpec>();
  const bases = Object.entries(BASES) as [BaseName, BaseGate][];
  for (const [name, { qubits, params }] of bases) {
    all.set(name, { name, base: name, controls: 0, qubits, params });
  }
  const controlled = Object.entries(CONTROLLED) as [ControlledName, readonly [BaseName, number]][];
  for (const [name, [base, controls]] of controlled) {
    const { qubits, params }: BaseGate = BASES[base];
    all.set(name, { name, base, controls, qubits: qubits + controls, params });
  }
  return all;
}

const SPECS = specs();

/** Names of all gates. */
export const GATE_NAMES: readonly GateName[] = [...SPECS.values()].map(({ name }) => name);

/** The gate of that name, or null when there is none. */
export function findGate(name: string): GateSpec | null {
  return SPECS.get(name) ?? null;
}

/** The gate of a name that is known to exist. */
export function gateSpec(name: GateName): GateSpec {
  return SPECS.get(name) as GateSpec;
}

/** The unitary of a base gate, 2 or 4 rows. `params` as many as its spec says. */
export function baseMatrix(name: BaseName, params: readonly number[]): ComplexMatrix {
  const base: BaseGate = BASES[name];
  return base.matrix(params);
}

/** The name of `base` under that many controls on 1, or null when it has none. */
export function controlledName(base: BaseName, controls: number): GateName | null {
  if (controls === 0) return base;
  const found = Object.entries(CONTROLLED).find(([, [b, n]]) => b === base && n === controls);
  return found === undefined ? null : (found[0] as ControlledName);
}
