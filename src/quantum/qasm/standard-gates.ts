import { GATE_NAMES, gateSpec, type GateName } from '../circuit/gate-table.ts';
import type { GateOperation, UnitaryPart } from '../circuit/operation.ts';
import type { QasmVersion } from './token.ts';

/** A gate that programs can use without defining it. */
export interface StandardGate {
  readonly params: number;
  readonly qubits: number;
  /** What it does, in order; at least one operation. */
  readonly operations: (params: readonly number[], qubits: readonly number[]) => UnitaryPart[];
}

function gate(
  name: GateName,
  qubits: readonly number[],
  params: readonly number[] = [],
  controls: readonly number[] = [],
): GateOperation {
  const on = controls.map((qubit) => ({ qubit, value: 1 as const }));
  return { kind: 'gate', name, params, qubits, controls: on };
}

function globalPhase(angle: number): UnitaryPart {
  return { kind: 'global-phase', angle };
}

function named(name: GateName): StandardGate {
  const { params, qubits } = gateSpec(name);
  return { params, qubits, operations: (values, on) => [gate(name, on, values)] };
}

/** Toffoli up to signs: four T gates and three CX (Margolus). */
const RCCX: StandardGate = {
  params: 0,
  qubits: 3,
  operations: (_, [a, b, c]) => [
    gate('h', [c]),
    gate('t', [c]),
    gate('cx', [b, c]),
    gate('tdg', [c]),
    gate('cx', [a, c]),
    gate('t', [c]),
    gate('cx', [b, c]),
    gate('tdg', [c]),
    gate('h', [c]),
  ],
};

/** Three controls on X up to signs. */
const RC3X: StandardGate = {
  params: 0,
  qubits: 4,
  operations: (_, [a, b, c, d]) => {
    const outer = [
      gate('h', [d]),
      gate('t', [d]),
      gate('cx', [c, d]),
      gate('tdg', [d]),
      gate('h', [d]),
    ];
    const pair = [gate('cx', [a, d]), gate('t', [d]), gate('cx', [b, d]), gate('tdg', [d])];
    return [...outer, ...pair, ...pair, ...outer];
  },
};

/** Gates of qelib1.inc and stdgates.inc whose names the table does not have, phases left out. */
const FURTHER: Readonly<Record<string, StandardGate>> = {
  CX: named('cx'),
  u1: named('p'),
  phase: named('p'),
  cu1: named('cp'),
  cphase: named('cp'),
  u3: named('u'),
  u2: {
    params: 2,
    qubits: 1,
    operations: ([phi, lambda], on) => [gate('u', on, [Math.PI / 2, phi, lambda])],
  },
  u0: { params: 1, qubits: 1, operations: (_, on) => [gate('id', on)] },
  cu3: {
    params: 3,
    qubits: 2,
    operations: (params, [control, target]) => [gate('u', [target], params, [control])],
  },
  cu: {
    params: 4,
    qubits: 2,
    operations: ([theta, phi, lambda, gamma], [control, target]) => [
      gate('p', [control], [gamma]),
      gate('u', [target], [theta, phi, lambda], [control]),
    ],
  },
  c3sqrtx: {
    params: 0,
    qubits: 4,
    operations: (_, [a, b, c, target]) => [gate('sx', [target], [], [a, b, c])],
  },
  rccx: RCCX,
  rc3x: RC3X,
};

/** Where OpenQASM 3 states a phase that OpenQASM 2 leaves open: it counts under `ctrl @`. */
const PHASED: Readonly<Record<string, StandardGate>> = {
  U: {
    params: 3,
    qubits: 1,
    operations: (params, on) => [globalPhase(params[0] / 2), gate('u', on, params)],
  },
  u2: {
    params: 2,
    qubits: 1,
    operations: ([phi, lambda], on) => [
      globalPhase(-(phi + lambda) / 2),
      gate('u', on, [Math.PI / 2, phi, lambda]),
    ],
  },
  u3: {
    params: 3,
    qubits: 1,
    operations: (params, on) => [globalPhase(-(params[1] + params[2]) / 2), gate('u', on, params)],
  },
};

function gatesOf(version: QasmVersion): ReadonlyMap<string, StandardGate> {
  const gates = new Map(GATE_NAMES.map((name) => [name as string, named(name)]));
  for (const [name, standard] of Object.entries(FURTHER)) gates.set(name, standard);
  if (version === 2) return gates.set('U', named('u'));
  for (const [name, standard] of Object.entries(PHASED)) gates.set(name, standard);
  return gates;
}

const GATES_2 = gatesOf(2);
const GATES_3 = gatesOf(3);

/** All gates that a program may use, included or not: many programs use gates their include lacks. */
export function standardGates(version: QasmVersion): ReadonlyMap<string, StandardGate> {
  return version === 2 ? GATES_2 : GATES_3;
}

/** Files that a program can include; their gates are known anyway. */
export const INCLUDES: ReadonlySet<string> = new Set(['qelib1.inc', 'stdgates.inc']);
