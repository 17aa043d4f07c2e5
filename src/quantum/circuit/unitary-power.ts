import { identity, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { functionOfEigen } from '../linear/matrix-function.ts';
import { eigenUnitary } from '../linear/unitary-eigen.ts';
import { controlledBase, gateOf, inverseOfAll, targetMatrix } from './unitary-part.ts';
import type { BaseName } from './gate-table.ts';
import type { GateOperation, UnitaryOperation, UnitaryPart } from './operation.ts';

/** Qubits up to which a sequence is made one matrix for a power that is not an integer. */
const QUBITS_MAX = 4;
/** Operations past which a power is rather one matrix, where that is possible. */
const REPEATED_MAX = 64;

/** Fixed gates as angles of a phase gate: diag(1, e^{iλ})^k = diag(1, e^{ikλ}) for λ in (−π, π]. */
const PHASES: Readonly<Partial<Record<BaseName, number>>> = {
  id: 0,
  z: Math.PI,
  s: Math.PI / 2,
  sdg: -Math.PI / 2,
  t: Math.PI / 4,
  tdg: -Math.PI / 4,
};

/**
 * Operations whose product is the k-th power of a sequence's product: the principal one, whose
 * eigenvalues' angles are k times those in (−π, π].
 *
 * An integer power of more than one operation repeats them: at most `operationsMax` operations.
 *
 * @returns null when it would take more operations, or a matrix of more than four qubits
 */
export function powerOf(
  operations: readonly UnitaryPart[],
  exponent: number,
  operationsMax: number,
): UnitaryPart[] | null {
  if (exponent === 1) return [...operations];
  if (operations.length === 1) return powerOfOne(operations[0], exponent, operationsMax);
  const isLong = Math.abs(exponent) * operations.length > REPEATED_MAX;
  if (Number.isInteger(exponent) && !isLong) return repeated(operations, exponent, operationsMax);
  const single = asOneUnitary(operations);
  if (single !== null) return [unitaryPower(single, exponent)];
  return Number.isInteger(exponent) ? repeated(operations, exponent, operationsMax) : null;
}

function repeated(
  operations: readonly UnitaryPart[],
  exponent: number,
  operationsMax: number,
): UnitaryPart[] | null {
  if (Math.abs(exponent) * operations.length > operationsMax) return null;
  const once = exponent < 0 ? inverseOfAll(operations) : operations;
  return Array.from({ length: Math.abs(exponent) }, () => once).flat();
}

function powerOfOne(
  operation: UnitaryPart,
  exponent: number,
  operationsMax: number,
): UnitaryPart[] | null {
  if (operation.kind === 'global-phase') {
    const angle = Number.isInteger(exponent) ? operation.angle : principal(operation.angle);
    return [{ kind: 'global-phase', angle: angle * exponent }];
  }
  if (operation.kind === 'gate') {
    const parts = controlledBase(operation);
    const phase = parts.base === 'p' ? parts.params[0] : PHASES[parts.base];
    if (phase !== undefined) {
      const angle = Number.isInteger(exponent) ? phase : principal(phase);
      return [gateOf({ ...parts, base: 'p', params: [angle * exponent] })];
    }
    const root = parts.base === 'x' ? { 0.5: 'sx', '-0.5': 'sxdg' }[exponent] : undefined;
    if (root !== undefined) return [gateOf({ ...parts, base: root as BaseName })];
    const [angle] = parts.params;
    // Half the angle is in the exponent of e: principal within ±2π.
    const isRotation = /^r(?:[xyz]|xx|yy|zz|zx)$/.test(parts.base);
    if (isRotation && (Number.isInteger(exponent) || Math.abs(angle) <= 2 * Math.PI - 1e-9)) {
      return [{ ...operation, params: [angle * exponent] }];
    }
  }
  if (exponent === -1 || exponent === 0 || exponent === 2) {
    return repeated([operation], exponent, operationsMax);
  }
  return [unitaryPower(operation, exponent)];
}

/** The same angle in (−π, π]. */
function principal(angle: number): number {
  const turns = Math.ceil(angle / (2 * Math.PI) - 0.5);
  return angle - turns * 2 * Math.PI;
}

function unitaryPower(
  operation: GateOperation | UnitaryOperation,
  exponent: number,
): UnitaryOperation {
  const { matrix, targets } = targetMatrix(operation);
  const controls =
    operation.kind === 'gate' ? controlledBase(operation).controls : operation.controls;
  const name = operation.kind === 'gate' ? controlledBase(operation).base : operation.label;
  const label = `${name}^${Number(exponent.toPrecision(4))}`;
  return {
    kind: 'unitary',
    matrix: matrixPower(matrix, exponent),
    qubits: targets,
    controls,
    label,
  };
}

/** The product of a sequence as one matrix on its qubits, or null when they are too many. */
function asOneUnitary(operations: readonly UnitaryPart[]): UnitaryOperation | null {
  const used = new Set<number>();
  for (const operation of operations) {
    if (operation.kind === 'global-phase') continue;
    for (const qubit of operation.qubits) used.add(qubit);
    for (const { qubit } of operation.controls) used.add(qubit);
  }
  if (used.size > QUBITS_MAX || used.size === 0) return null;
  const qubits = [...used].sort((a, b) => a - b);
  const matrix = productMatrix(operations, qubits);
  return { kind: 'unitary', matrix, qubits, controls: [], label: 'U' };
}

/** The product of a sequence as a matrix on these few qubits. */
export function productMatrix(
  operations: readonly UnitaryPart[],
  qubits: readonly number[],
): ComplexMatrix {
  const matrix = identity(1 << qubits.length);
  for (const operation of operations) applyTo(matrix, operation, qubits);
  return matrix;
}

/**
 * Multiplies a matrix from the left by one operation; bit k of a row's number is `qubits[k]`'s state.
 *
 * Takes O(4ⁿ · 2ᵐ) for n qubits and an operation on m: for small matrices alone.
 */
export function applyTo(
  matrix: ComplexMatrix,
  operation: UnitaryPart,
  qubits: readonly number[],
): void {
  const { rows, columns } = matrix;
  if (operation.kind === 'global-phase') {
    const c = Math.cos(operation.angle);
    const s = Math.sin(operation.angle);
    for (let i = 0; i < matrix.re.length; i++) {
      const re = matrix.re[i];
      matrix.re[i] = re * c - matrix.im[i] * s;
      matrix.im[i] = re * s + matrix.im[i] * c;
    }
    return;
  }
  const { matrix: gate, targets } = targetMatrix(operation);
  const controls =
    operation.kind === 'gate' ? controlledBase(operation).controls : operation.controls;
  const places = targets.map((qubit) => qubits.indexOf(qubit));
  const mask = places.reduce((sum, place) => sum | (1 << place), 0);
  const isOn = (row: number): boolean =>
    controls.every(({ qubit, value }) => ((row >> qubits.indexOf(qubit)) & 1) === value);
  for (let base = 0; base < rows; base++) {
    if ((base & mask) !== 0 || !isOn(base)) continue;
    const group = Array.from({ length: gate.rows }, (_, k) =>
      places.reduce((row, place, bit) => row | (((k >> bit) & 1) << place), base),
    );
    for (let column = 0; column < columns; column++) multiplyGroup(matrix, gate, group, column);
  }
}

function multiplyGroup(
  matrix: ComplexMatrix,
  gate: ComplexMatrix,
  group: readonly number[],
  column: number,
): void {
  const at = group.map((row) => row * matrix.columns + column);
  const re = at.map((i) => matrix.re[i]);
  const im = at.map((i) => matrix.im[i]);
  for (const [r, i] of at.entries()) {
    let sumRe = 0;
    let sumIm = 0;
    for (let c = 0; c < at.length; c++) {
      const gRe = gate.re[r * gate.columns + c];
      const gIm = gate.im[r * gate.columns + c];
      sumRe += gRe * re[c] - gIm * im[c];
      sumIm += gRe * im[c] + gIm * re[c];
    }
    matrix.re[i] = sumRe;
    matrix.im[i] = sumIm;
  }
}

/** The principal power of a unitary matrix: its eigenvalues' angles, in (−π, π], times the exponent. */
export function matrixPower(unitary: ComplexMatrix, exponent: number): ComplexMatrix {
  const { angles, vectors } = eigenUnitary(unitary);
  return functionOfEigen({ values: angles, vectors }, (angle) => [
    Math.cos(angle * exponent),
    Math.sin(angle * exponent),
  ]);
}
