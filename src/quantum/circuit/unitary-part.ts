/** Inverses and controls of unitary operations: the gate's name is kept where it has one. */
import { invariant, unreachable } from '../../base/invariant.ts';
import { adjoint } from '../linear/arithmetic.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { baseMatrix, controlledName, gateSpec, type BaseName } from './gate-table.ts';
import type { Control, GateOperation, UnitaryOperation, UnitaryPart } from './operation.ts';

/** Bases that are their own inverses. */
const SELF_INVERSE: ReadonlySet<BaseName> = new Set(['id', 'x', 'y', 'z', 'h', 'swap']);

const INVERSES: Readonly<Partial<Record<BaseName, BaseName>>> = {
  s: 'sdg',
  sdg: 's',
  t: 'tdg',
  tdg: 't',
  sx: 'sxdg',
  sxdg: 'sx',
};

/** A gate taken apart: what acts, on which qubits, under which controls. */
export interface ControlledBase {
  readonly base: BaseName;
  readonly params: readonly number[];
  readonly targets: readonly number[];
  readonly controls: readonly Control[];
}

/** The base of a gate and all its controls, those of its name first. */
export function controlledBase(operation: GateOperation): ControlledBase {
  const { base, controls: count } = gateSpec(operation.name);
  const named = operation.qubits.slice(0, count).map((qubit): Control => ({ qubit, value: 1 }));
  return {
    base,
    params: operation.params,
    targets: operation.qubits.slice(count),
    controls: [...named, ...operation.controls],
  };
}

/** The gate of a base under controls, by the name that takes most of them in. */
export function gateOf({ base, params, targets, controls }: ControlledBase): GateOperation {
  const on = controls.filter(({ value }) => value === 1);
  let count = on.length;
  while (controlledName(base, count) === null) count -= 1;
  const name = controlledName(base, count);
  invariant(name !== null, 'a base without controls has a name');
  const inName = on.slice(0, count);
  return {
    kind: 'gate',
    name,
    params,
    qubits: [...inName.map(({ qubit }) => qubit), ...targets],
    controls: controls.filter((control) => !inName.includes(control)),
  };
}

/** The unitary of a gate's base or of a unitary operation, without controls, and where it acts. */
export function targetMatrix(operation: GateOperation | UnitaryOperation): {
  readonly matrix: ComplexMatrix;
  readonly targets: readonly number[];
} {
  if (operation.kind === 'unitary') return { matrix: operation.matrix, targets: operation.qubits };
  const { base, params, targets } = controlledBase(operation);
  return { matrix: baseMatrix(base, params), targets };
}

function inverseGate(operation: GateOperation): GateOperation | UnitaryOperation {
  const parts = controlledBase(operation);
  const { base, params } = parts;
  if (SELF_INVERSE.has(base)) return operation;
  const other = INVERSES[base];
  if (other !== undefined) return gateOf({ ...parts, base: other });
  if (base === 'u') {
    const [theta, phi, lambda] = params;
    return { ...operation, params: [negated(theta), negated(lambda), negated(phi)] };
  }
  if (base === 'iswap') {
    const { targets, controls } = parts;
    const matrix = adjoint(baseMatrix(base, params));
    return { kind: 'unitary', matrix, qubits: targets, controls, label: 'iswap†' };
  }
  // What is left are rotations and phases of one angle.
  return { ...operation, params: params.map(negated) };
}

/** Without a negative zero. */
function negated(value: number): number {
  return value === 0 ? 0 : -value;
}

function inverseLabel(label: string): string {
  return label.endsWith('†') ? label.slice(0, -1) : `${label}†`;
}

/** What undoes one operation. */
export function inverseOf(operation: UnitaryPart): UnitaryPart {
  switch (operation.kind) {
    case 'gate':
      return inverseGate(operation);
    case 'unitary':
      return {
        ...operation,
        matrix: adjoint(operation.matrix),
        label: inverseLabel(operation.label),
      };
    case 'global-phase':
      return { kind: 'global-phase', angle: negated(operation.angle) };
    default:
      return unreachable(operation);
  }
}

/** What undoes a sequence of operations. */
export function inverseOfAll(operations: readonly UnitaryPart[]): UnitaryPart[] {
  return operations.map(inverseOf).toReversed();
}

/**
 * The same operation under further controls, which come first; a phase becomes a gate on them.
 *
 * @returns one operation, or three where a phase is under controls on 0 alone
 */
export function controlledBy(operation: UnitaryPart, controls: readonly Control[]): UnitaryPart[] {
  if (controls.length === 0) return [operation];
  if (operation.kind === 'global-phase') return controlledPhase(operation.angle, controls);
  if (operation.kind === 'unitary') {
    return [{ ...operation, controls: [...controls, ...operation.controls] }];
  }
  const parts = controlledBase(operation);
  return [gateOf({ ...parts, controls: [...controls, ...parts.controls] })];
}

function controlledPhase(angle: number, controls: readonly Control[]): UnitaryPart[] {
  const last = controls.findLast(({ value }) => value === 1);
  if (last !== undefined) {
    const rest = controls.filter((control) => control !== last);
    return [gateOf({ base: 'p', params: [angle], targets: [last.qubit], controls: rest })];
  }
  // A phase on 0 is a phase on 1 between two flips.
  const { qubit } = controls.at(-1) as Control;
  const flip = gateOf({ base: 'x', params: [], targets: [qubit], controls: [] });
  const rest = controls.slice(0, -1);
  return [flip, gateOf({ base: 'p', params: [angle], targets: [qubit], controls: rest }), flip];
}
