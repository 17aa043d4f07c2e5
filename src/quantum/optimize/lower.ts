/** Named gates as rotations and controlled Paulis, at the fewest controlled Paulis known for each. */
import { gateSpec, type GateSpec } from '../circuit/gate-table.ts';
import type { GateOperation, Operation, UnitaryOperation } from '../circuit/operation.ts';
import { H, PAULI_X, PAULI_Y, PAULI_Z, S, SDG, SX, SXDG, X, Y, Z } from '../synthesis/axis.ts';
import { boundedAngle } from './angle.ts';
import { lowerMultiControlled, phaseOnAll } from './multi-control.ts';
import type { GateSink } from '../synthesis/gate-sink.ts';
import { euler, fromMatrix } from '../synthesis/quaternion.ts';
import { pushTwoQubitUnitary } from '../synthesis/two-qubit.ts';

const CLIFFORDS: ReadonlyMap<string, number> = new Map([
  ['id', 0],
  ['h', H],
  ['s', S],
  ['sdg', SDG],
  ['x', PAULI_X],
  ['y', PAULI_Y],
  ['z', PAULI_Z],
  ['sx', SX],
  ['sxdg', SXDG],
]);

/** Axis and angle of the gates that are one rotation up to a phase. */
export function rotationOf(
  name: string,
  params: readonly number[],
): readonly [axis: number, angle: number] | null {
  switch (name) {
    case 't':
      return [Z, Math.PI / 4];
    case 'tdg':
      return [Z, -Math.PI / 4];
    case 'p':
    case 'rz':
      return [Z, params[0]];
    case 'rx':
      return [X, params[0]];
    case 'ry':
      return [Y, params[0]];
    default:
      return null;
  }
}

/** e^{−i·angle/2·P⊗Q}, for two qubits. */
export function rotatePair(
  sink: GateSink,
  [a, p]: readonly [qubit: number, axis: number],
  [b, q]: readonly [qubit: number, axis: number],
  angle: number,
): void {
  // A controlled Pauli whose axis on b is not Q turns Q into P⊗Q.
  const across = q === X ? Z : X;
  sink.controlledPauli(a, p, b, across);
  sink.rotate(b, q, angle);
  sink.controlledPauli(a, p, b, across);
}

const PAIR_AXES: ReadonlyMap<string, readonly [p: number, q: number]> = new Map([
  ['rxx', [X, X]],
  ['ryy', [Y, Y]],
  ['rzz', [Z, Z]],
  ['rzx', [Z, X]],
]);

function lowerIswap(sink: GateSink, [a, b]: readonly number[]): void {
  sink.local(a, S);
  sink.local(b, S);
  sink.local(a, H);
  sink.controlledPauli(a, Z, b, X);
  sink.controlledPauli(b, Z, a, X);
  sink.local(b, H);
}

function lowerPlain(sink: GateSink, operation: GateOperation): void {
  const { name, params, qubits } = operation;
  const clifford = CLIFFORDS.get(name);
  const turn = rotationOf(name, params);
  const pair = PAIR_AXES.get(name);
  if (clifford !== undefined) sink.local(qubits[0], clifford);
  else if (turn !== null) sink.rotate(qubits[0], turn[0], turn[1]);
  else if (pair !== undefined) {
    rotatePair(sink, [qubits[0], pair[0]], [qubits[1], pair[1]], params[0]);
  } else if (name === 'u') {
    sink.rotate(qubits[0], Z, params[2]);
    sink.rotate(qubits[0], Y, params[0]);
    sink.rotate(qubits[0], Z, params[1]);
  } else if (name === 'swap') sink.swap(qubits[0], qubits[1]);
  else lowerIswap(sink, qubits);
}

/** Gates with one control that need fewer controlled Paulis than the general rule would take. */
function lowerOneControl(sink: GateSink, spec: GateSpec, operation: GateOperation): boolean {
  const [c, t] = operation.qubits;
  switch (spec.base) {
    case 'x':
      sink.controlledPauli(c, Z, t, X);
      return true;
    case 'y':
      sink.controlledPauli(c, Z, t, Y);
      return true;
    case 'z':
      sink.controlledPauli(c, Z, t, Z);
      return true;
    case 'h':
      // H is Z turned by a quarter about Y.
      sink.rotate(t, Y, -Math.PI / 4);
      sink.controlledPauli(c, Z, t, Z);
      sink.rotate(t, Y, Math.PI / 4);
      return true;
    default:
      return false;
  }
}

function lowerGate(sink: GateSink, operation: GateOperation): void {
  const spec = gateSpec(operation.name);
  const { qubits, controls, params } = operation;
  if (spec.controls + controls.length === 0) {
    lowerPlain(sink, operation);
    return;
  }
  if (controls.length === 0 && spec.controls === 1 && lowerOneControl(sink, spec, operation)) {
    return;
  }
  if (controls.length === 0 && spec.name === 'ccz') {
    phaseOnAll(sink, qubits, Math.PI);
    return;
  }
  const all = [
    ...qubits.slice(0, spec.controls).map((qubit) => ({ qubit, value: 1 as const })),
    ...controls,
  ];
  lowerMultiControlled(sink, {
    base: spec.base,
    params,
    targets: qubits.slice(spec.controls),
    controls: all,
  });
}

function lowerUnitary(sink: GateSink, { matrix, qubits }: UnitaryOperation): void {
  if (qubits.length === 2) {
    pushTwoQubitUnitary(sink, matrix, qubits[0], qubits[1]);
    return;
  }
  const [first, second, third] = euler(fromMatrix(matrix), Z, X);
  sink.rotate(qubits[0], Z, first);
  sink.rotate(qubits[0], X, second);
  sink.rotate(qubits[0], Z, third);
}

/** Whether an operation can be lowered: gates of the table, and bare unitaries of one or two qubits. */
export function isLowerable(
  operation: Operation,
): operation is GateOperation | UnitaryOperation | Extract<Operation, { kind: 'global-phase' }> {
  switch (operation.kind) {
    case 'gate':
    case 'global-phase':
      return true;
    case 'unitary':
      return operation.controls.length === 0 && operation.qubits.length <= 2;
    default:
      return false;
  }
}

/** Appends what an operation does to a network, without its global phase. */
export function lower(sink: GateSink, operation: Operation): void {
  if (operation.kind === 'gate') {
    lowerGate(sink, { ...operation, params: operation.params.map(boundedAngle) });
  } else if (operation.kind === 'unitary') lowerUnitary(sink, operation);
}
