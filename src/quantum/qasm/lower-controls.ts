/** Gates under controls that no name takes in, as gates that have names. */
import { invariant } from '../../base/invariant.ts';
import { gateSpec, type BaseName } from '../circuit/gate-table.ts';
import type {
  Control,
  GateOperation,
  UnitaryOperation,
  UnitaryPart,
} from '../circuit/operation.ts';
import { controlledBase, gateOf, type ControlledBase } from '../circuit/unitary-part.ts';
import { gatesOfUnitary, MATRIX_QUBITS_MAX } from '../synthesis/gates-of-unitary.ts';
import { eulerAngles } from './euler-angles.ts';

const { PI } = Math;

/** Controls past which the gates would be too many: they grow threefold with each. */
const CONTROLS_MAX = 10;

function gate(
  base: BaseName,
  targets: readonly number[],
  params: readonly number[] = [],
  controls: readonly number[] = [],
): ControlledBase {
  const on = controls.map((qubit): Control => ({ qubit, value: 1 }));
  return { base, params, targets, controls: on };
}

/**
 * The same operation as gates whose names say all their controls, but for `u` under one control.
 *
 * @returns null for more than ten controls, and for matrices on more than six qubits or, controls
 *   included, ten
 */
export function withoutExtraControls(operation: UnitaryPart): GateOperation[] | null {
  if (operation.kind === 'global-phase') return [];
  if (operation.kind === 'gate' && operation.controls.length === 0) return [operation];
  const controls =
    operation.kind === 'gate' ? controlledBase(operation).controls : operation.controls;
  if (controls.length > CONTROLS_MAX) return null;
  if (operation.kind === 'unitary' && operation.qubits.length > 1) return ofMatrix(operation);
  const on = controls.map(({ qubit }) => qubit);
  const flips = controls.filter(({ value }) => value === 0).map(({ qubit }) => gate('x', [qubit]));
  const inner = operation.kind === 'gate' ? ofGate(operation, on) : ofOneQubitMatrix(operation, on);
  return [...flips, ...inner, ...flips].map(gateOf);
}

function ofMatrix(operation: UnitaryOperation): GateOperation[] | null {
  const { qubits, controls } = operation;
  if (qubits.length > MATRIX_QUBITS_MAX) return null;
  if (controls.length > 0 && qubits.length + controls.length > CONTROLS_MAX) return null;
  return gatesOfUnitary(operation).flatMap((part) => {
    const gates = withoutExtraControls(part);
    invariant(gates !== null, "a matrix's gates have no more controls than it");
    return gates;
  });
}

function ofOneQubitMatrix(
  { matrix, qubits }: UnitaryOperation,
  controls: readonly number[],
): ControlledBase[] {
  const { theta, phi, lambda, phase } = eulerAngles(matrix);
  return [
    ...controlledPhase(phase, controls),
    ...controlledU([theta, phi, lambda], qubits[0], controls),
  ];
}

/** e^{i·angle} where all controls are 1. */
function controlledPhase(angle: number, controls: readonly number[]): ControlledBase[] {
  const target = controls.at(-1);
  if (target === undefined || angle === 0) return [];
  return controlledTurn(angle, target, controls.slice(0, -1));
}

function ofGate(operation: GateOperation, controls: readonly number[]): ControlledBase[] {
  const { base, params, targets } = controlledBase(operation);
  const [a, b] = targets;
  if (gateSpec(base).qubits === 1) return ofOneQubit(base, params, a, controls);
  const cx = gate('x', [b], [], [a]);
  const [theta] = params;
  const rz = ofOneQubit('rz', params, b, controls);
  switch (base) {
    case 'swap':
      return [gate('x', [a], [], [b]), ...flip(b, [a, ...controls]), gate('x', [a], [], [b])];
    case 'iswap':
      // Two quarter turns about XX and YY, with the sign that makes them +i.
      return [
        ...ofGate(rotation('rxx', -PI / 2, targets), controls),
        ...ofGate(rotation('ryy', -PI / 2, targets), controls),
      ];
    case 'rzz':
      return [cx, ...rz, cx];
    case 'rzx':
      return [gate('h', [b]), cx, ...rz, cx, gate('h', [b])];
    case 'rxx': {
      const turns = [gate('h', [a]), gate('h', [b])];
      return [...turns, cx, ...rz, cx, ...turns];
    }
    default: {
      const turns = (angle: number): ControlledBase[] => [
        gate('rx', [a], [angle]),
        gate('rx', [b], [angle]),
      ];
      return [
        ...turns(PI / 2),
        cx,
        ...ofOneQubit('rz', [theta], b, controls),
        cx,
        ...turns(-PI / 2),
      ];
    }
  }
}

function rotation(name: 'rxx' | 'ryy', angle: number, qubits: readonly number[]): GateOperation {
  return { kind: 'gate', name, params: [angle], qubits, controls: [] };
}

/** Angles of phase gates that are the fixed diagonal gates. */
const PHASES: Readonly<Partial<Record<BaseName, number>>> = {
  z: PI,
  s: PI / 2,
  sdg: -PI / 2,
  t: PI / 4,
  tdg: -PI / 4,
};

function ofOneQubit(
  base: BaseName,
  params: readonly number[],
  target: number,
  controls: readonly number[],
): ControlledBase[] {
  const h = gate('h', [target]);
  const [theta] = params;
  switch (base) {
    case 'id':
      return [];
    case 'x':
      return flip(target, controls);
    case 'y':
      return [gate('sdg', [target]), ...flip(target, controls), gate('s', [target])];
    case 'h':
      // A quarter turn about Y between X's axis and H's.
      return [
        gate('ry', [target], [-PI / 4]),
        ...ofOneQubit('z', [], target, controls),
        gate('ry', [target], [PI / 4]),
      ];
    case 'sx':
      return [h, ...controlledTurn(PI / 2, target, controls), h];
    case 'sxdg':
      return [h, ...controlledTurn(-PI / 2, target, controls), h];
    case 'p':
      return controlledTurn(theta, target, controls);
    case 'rx':
      return [h, ...controlledRotation(theta, target, controls), h];
    case 'ry':
      return [
        gate('sx', [target]),
        ...controlledRotation(theta, target, controls),
        gate('sxdg', [target]),
      ];
    case 'rz':
      return controlledRotation(theta, target, controls);
    case 'u':
      return controlledU(params as [number, number, number], target, controls);
    default:
      return controlledTurn(PHASES[base] ?? 0, target, controls);
  }
}

/** X under controls. */
function flip(target: number, controls: readonly number[]): ControlledBase[] {
  if (controls.length <= 4) return [gate('x', [target], [], controls)];
  const h = gate('h', [target]);
  return [h, ...controlledTurn(PI, target, controls), h];
}

/** p(angle) under controls: halves of the angle on parities of the last control and the target. */
function controlledTurn(
  angle: number,
  target: number,
  controls: readonly number[],
): ControlledBase[] {
  if (controls.length <= 1) return [gate('p', [target], [angle], controls)];
  const last = controls[controls.length - 1];
  const rest = controls.slice(0, -1);
  return [
    gate('p', [target], [angle / 2], [last]),
    ...flip(last, rest),
    gate('p', [target], [-angle / 2], [last]),
    ...flip(last, rest),
    ...controlledTurn(angle / 2, target, rest),
  ];
}

/** rz(angle) under controls: two halves that cancel unless the target is flipped between them. */
function controlledRotation(
  angle: number,
  target: number,
  controls: readonly number[],
): ControlledBase[] {
  if (controls.length <= 1) return [gate('rz', [target], [angle], controls)];
  return [
    gate('rz', [target], [angle / 2]),
    ...flip(target, controls),
    gate('rz', [target], [-angle / 2]),
    ...flip(target, controls),
  ];
}

/** u under controls: e^{i(φ+λ)/2} · rz(φ) · ry(θ) · rz(λ), each part controlled where it must be. */
function controlledU(
  [theta, phi, lambda]: readonly [number, number, number],
  target: number,
  controls: readonly number[],
): ControlledBase[] {
  if (controls.length <= 1) return [gate('u', [target], [theta, phi, lambda], controls)];
  return [
    ...controlledRotation(lambda, target, controls),
    ...ofOneQubit('ry', [theta], target, controls),
    ...controlledRotation(phi, target, controls),
    ...controlledPhase((phi + lambda) / 2, controls),
  ];
}
