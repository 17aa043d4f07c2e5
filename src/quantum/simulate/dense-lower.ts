/** Takes operations apart into the planner's items. */
import { bitCount, type Controls } from '../kernels/kernel-step.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import type { Item } from './dense-item.ts';
import { gateAction, type GateAction } from './gate-action.ts';
import type { UnitaryPart } from '../circuit/operation.ts';

/** Entries this small are zero: what rounding leaves of products of a few gates. */
const ZERO = 1e-15;
/** Factors whose absolute value is this far from 1 are no phases. */
const UNIT_TOLERANCE = 1e-12;
/** Qubits up to which a diagonal matrix is taken apart into phases. */
const DIAGONAL_QUBITS_MAX = 4;

/** Where items go. */
export interface ItemSink {
  readonly push: (item: Item) => void;
  /** A factor of the whole state, of absolute value 1. */
  readonly factor: (re: number, im: number) => void;
  /** Exchanges what two physical qubits stand for. */
  readonly exchange: (a: number, b: number) => void;
}

/** Lowers one operation; `placeOf` says which physical qubit a logical one is on just now. */
export function lower(operation: UnitaryPart, placeOf: ArrayLike<number>, sink: ItemSink): void {
  if (operation.kind === 'global-phase') {
    sink.factor(Math.cos(operation.angle), Math.sin(operation.angle));
    return;
  }
  const base = gateAction(operation);
  const action: GateAction = {
    matrix: base.matrix,
    targets: base.targets.map((qubit) => placeOf[qubit]),
    controls: base.controls.map(({ qubit, value }) => ({ qubit: placeOf[qubit], value })),
  };
  lowerAction(action, sink);
}

/** Lowers a gate on physical qubits. */
export function lowerAction(action: GateAction, sink: ItemSink): void {
  const { matrix, targets } = action;
  const controls = controlsOf(action);
  if (isDiagonal(matrix)) {
    if (lowerDiagonal(action, controls, sink)) return;
  } else if (targets.length === 1) {
    if (lowerFlip(action, controls, sink)) return;
    if (controls.controlMask === 0) {
      sink.push({ kind: 'one', target: targets[0], matrix });
      return;
    }
  } else if (targets.length === 2 && isSwapWithPhases(matrix)) {
    const [a, b] = targets;
    lowerAction({ ...action, matrix: phasesBeforeSwap(matrix) }, sink);
    if (controls.controlMask === 0) sink.exchange(a, b);
    else sink.push({ kind: 'step', step: { kind: 'swap', targets: [a, b], ...controls } });
    return;
  }
  sink.push({ kind: 'step', step: { kind: 'dense', targets, matrix, ...controls } });
}

function controlsOf({ controls }: GateAction): Controls {
  let controlMask = 0;
  let controlValue = 0;
  for (const { qubit, value } of controls) {
    controlMask |= 1 << qubit;
    controlValue |= value << qubit;
  }
  return { controlMask, controlValue };
}

export function isDiagonal({ rows, re, im }: ComplexMatrix): boolean {
  for (let r = 0, at = 0; r < rows; r++) {
    for (let c = 0; c < rows; c++, at++) {
      if (r !== c && (Math.abs(re[at]) > ZERO || Math.abs(im[at]) > ZERO)) return false;
    }
  }
  return true;
}

function isPhase(re: number, im: number): boolean {
  return Math.abs(re * re + im * im - 1) < UNIT_TOLERANCE;
}

/** A diagonal of phases as factors on products of bits; false where it is none, or on many qubits. */
function lowerDiagonal(action: GateAction, controls: Controls, sink: ItemSink): boolean {
  const { matrix, targets } = action;
  const { rows } = matrix;
  if (targets.length > DIAGONAL_QUBITS_MAX) return false;
  const re = new Float64Array(rows);
  const im = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    re[row] = matrix.re[row * rows + row];
    im[row] = matrix.im[row * rows + row];
    if (!isPhase(re[row], im[row])) return false;
  }
  // Dividing by the entry without a bit leaves what the bit adds, one bit after the other.
  for (let bit = 1; bit < rows; bit <<= 1) {
    for (let row = 0; row < rows; row++) {
      if ((row & bit) === 0) continue;
      const x = re[row];
      re[row] = x * re[row ^ bit] + im[row] * im[row ^ bit];
      im[row] = im[row] * re[row ^ bit] - x * im[row ^ bit];
    }
  }
  for (let row = 0; row < rows; row++) {
    if (re[row] === 1 && im[row] === 0) continue;
    const mask = targets.reduce((sum, qubit, k) => sum | (((row >> k) & 1) << qubit), 0);
    pushPhase(mask, controls, { re: re[row], im: im[row] }, sink);
  }
  return true;
}

function pushPhase(
  mask: number,
  { controlMask, controlValue }: Controls,
  { re, im }: { readonly re: number; readonly im: number },
  sink: ItemSink,
): void {
  const all = mask | controlMask;
  const zeros = controlMask & ~controlValue;
  if (zeros === 0) {
    if (all === 0) sink.factor(re, im);
    else sink.push({ kind: 'phase', mask: all, re, im });
  } else if (bitCount(zeros) === 1) {
    // Where a bit is 0 is everywhere but where it is 1.
    pushPhase(mask, { controlMask: controlMask ^ zeros, controlValue }, { re, im }, sink);
    pushPhase(mask, { controlMask, controlValue: controlMask }, { re, im: -im }, sink);
  } else {
    const controls = { controlMask: all, controlValue: mask | controlValue };
    sink.push({ kind: 'step', step: { kind: 'scale', re, im, ...controls } });
  }
}

/** X times a phase on one qubit: moves, and factors. */
function lowerFlip(action: GateAction, controls: Controls, sink: ItemSink): boolean {
  const { re, im } = action.matrix;
  if (Math.max(Math.abs(re[0]), Math.abs(im[0]), Math.abs(re[3]), Math.abs(im[3])) > ZERO) {
    return false;
  }
  if (!isPhase(re[1], im[1]) || !isPhase(re[2], im[2])) return false;
  const [target] = action.targets;
  sink.push({ kind: 'step', step: { kind: 'flip', target, ...controls } });
  const matrix: ComplexMatrix = {
    rows: 2,
    columns: 2,
    re: Float64Array.of(re[1], 0, 0, re[2]),
    im: Float64Array.of(im[1], 0, 0, im[2]),
  };
  if (isOne(matrix, 0) && isOne(matrix, 3)) return true;
  lowerDiagonal({ ...action, matrix }, controls, sink);
  return true;
}

function isOne({ re, im }: ComplexMatrix, at: number): boolean {
  return re[at] === 1 && im[at] === 0;
}

/** True for a swap before which each state gets some phase, like iSWAP. */
export function isSwapWithPhases({ re, im }: ComplexMatrix): boolean {
  for (let at = 0; at < 16; at++) {
    const isPlace = at === 0 || at === 6 || at === 9 || at === 15;
    if (isPlace ? !isPhase(re[at], im[at]) : Math.abs(re[at]) > ZERO || Math.abs(im[at]) > ZERO) {
      return false;
    }
  }
  return true;
}

/** The diagonal matrix after which a plain swap does what `matrix` does. */
function phasesBeforeSwap({ re, im }: ComplexMatrix): ComplexMatrix {
  const result: ComplexMatrix = {
    rows: 4,
    columns: 4,
    re: new Float64Array(16),
    im: new Float64Array(16),
  };
  for (const [row, from] of [0, 9, 6, 15].entries()) {
    result.re[row * 5] = re[from];
    result.im[row * 5] = im[from];
  }
  return result;
}
