/**
 * A plain state vector to check results with: every gate goes through its own matrix.
 *
 * Slow and simple on purpose; it shares nothing with the rules that it checks.
 */
import type { Rng } from '../../base/rng.ts';
import { baseMatrix, gateSpec } from '../circuit/gate-table.ts';
import type { Control, GateOperation, Operation, UnitaryOperation } from '../circuit/operation.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';

/** Amplitudes of basis states; qubit 0 is the least significant bit of a state's number. */
export interface Statevector {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** |0…0⟩ */
export function zeroState(qubits: number): Statevector {
  const re = new Float64Array(2 ** qubits);
  re[0] = 1;
  return { re, im: new Float64Array(2 ** qubits) };
}

/** A state whose direction is uniform among all. */
export function randomState(qubits: number, rng: Rng): Statevector {
  const size = 2 ** qubits;
  const state = { re: new Float64Array(size), im: new Float64Array(size) };
  let norm = 0;
  for (let i = 0; i < size; i++) {
    // Box and Muller: both parts normally distributed.
    const radius = Math.sqrt(-2 * Math.log(1 - rng.unit()));
    const angle = 2 * Math.PI * rng.unit();
    state.re[i] = radius * Math.cos(angle);
    state.im[i] = radius * Math.sin(angle);
    norm += radius * radius;
  }
  const scale = 1 / Math.sqrt(norm);
  for (let i = 0; i < size; i++) {
    state.re[i] *= scale;
    state.im[i] *= scale;
  }
  return state;
}

export function copyOf({ re, im }: Statevector): Statevector {
  return { re: re.slice(), im: im.slice() };
}

/** |⟨a|b⟩| */
export function overlap(a: Statevector, b: Statevector): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.re.length; i++) {
    re += a.re[i] * b.re[i] + a.im[i] * b.im[i];
    im += a.re[i] * b.im[i] - a.im[i] * b.re[i];
  }
  return Math.hypot(re, im);
}

interface Masks {
  /** Bits of the targets, in order. */
  readonly targets: readonly number[];
  /** Bits that have a fixed value, and that value. */
  readonly fixed: number;
  readonly value: number;
}

function masksOf(targets: readonly number[], controls: readonly Control[]): Masks {
  let fixed = 0;
  let value = 0;
  for (const control of controls) {
    fixed |= 1 << control.qubit;
    if (control.value === 1) value |= 1 << control.qubit;
  }
  return { targets: targets.map((qubit) => 1 << qubit), fixed, value };
}

function applyOne(
  state: Statevector,
  matrix: ComplexMatrix,
  { targets, fixed, value }: Masks,
): void {
  const { re, im } = state;
  const [a, b, c, d] = matrix.re;
  const [ai, bi, ci, di] = matrix.im;
  const bit = targets[0];
  const isDiagonal = b === 0 && c === 0 && bi === 0 && ci === 0;
  for (let i = 0; i < re.length; i++) {
    if ((i & bit) !== 0 || (i & fixed) !== value) continue;
    const j = i | bit;
    const [x, xi, y, yi] = [re[i], im[i], re[j], im[j]];
    if (isDiagonal) {
      re[i] = a * x - ai * xi;
      im[i] = a * xi + ai * x;
      re[j] = d * y - di * yi;
      im[j] = d * yi + di * y;
      continue;
    }
    re[i] = a * x - ai * xi + b * y - bi * yi;
    im[i] = a * xi + ai * x + b * yi + bi * y;
    re[j] = c * x - ci * xi + d * y - di * yi;
    im[j] = c * xi + ci * x + d * yi + di * y;
  }
}

function applyMany(state: Statevector, matrix: ComplexMatrix, masks: Masks): void {
  const { re, im } = state;
  const { targets, fixed, value } = masks;
  const size = matrix.rows;
  const all = targets.reduce((sum, bit) => sum | bit, 0);
  const offsets = Array.from({ length: size }, (_, r) =>
    targets.reduce((sum, bit, k) => sum | ((r >> k) & 1 ? bit : 0), 0),
  );
  const inRe = new Float64Array(size);
  const inIm = new Float64Array(size);
  for (let i = 0; i < re.length; i++) {
    if ((i & all) !== 0 || (i & fixed) !== value) continue;
    for (let r = 0; r < size; r++) {
      inRe[r] = re[i | offsets[r]];
      inIm[r] = im[i | offsets[r]];
    }
    for (let r = 0; r < size; r++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let c = 0; c < size; c++) {
        const at = r * size + c;
        sumRe += matrix.re[at] * inRe[c] - matrix.im[at] * inIm[c];
        sumIm += matrix.re[at] * inIm[c] + matrix.im[at] * inRe[c];
      }
      re[i | offsets[r]] = sumRe;
      im[i | offsets[r]] = sumIm;
    }
  }
}

/** Applies a unitary operation; others, and global phases, do nothing. At most 30 qubits. */
export function applyOperation(state: Statevector, operation: Operation): void {
  if (operation.kind !== 'gate' && operation.kind !== 'unitary') return;
  const [matrix, masks] = actionOf(operation);
  if (masks.targets.length === 1) applyOne(state, matrix, masks);
  else applyMany(state, matrix, masks);
}

function actionOf(operation: GateOperation | UnitaryOperation): [ComplexMatrix, Masks] {
  const { qubits, controls } = operation;
  if (operation.kind === 'unitary') return [operation.matrix, masksOf(qubits, controls)];
  const spec = gateSpec(operation.name);
  const named = qubits.slice(0, spec.controls).map((qubit): Control => ({ qubit, value: 1 }));
  return [
    baseMatrix(spec.base, operation.params),
    masksOf(qubits.slice(spec.controls), [...named, ...controls]),
  ];
}
