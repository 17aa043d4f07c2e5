import { unreachable } from '../../base/invariant.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';

/** Real or imaginary parts of amplitudes, in either precision. */
export type Floats = Float64Array | Float32Array;

/** Amplitudes of `qubits` physical qubits; both arrays have 2^qubits entries. */
export interface Amplitudes {
  readonly qubits: number;
  readonly re: Floats;
  readonly im: Floats;
}

/** A step acts on the amplitudes whose index has these bits: `(index & mask) === value`. */
export interface Controls {
  readonly controlMask: number;
  /** A subset of the mask. */
  readonly controlValue: number;
}

/** A complex factor for each state of some qubits: bit k of an entry's place is `qubits[k]`. */
export interface PhaseTable {
  readonly qubits: readonly number[];
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** A matrix on some qubits: bit k of a row's number is the state of `targets[k]`. */
export interface DenseStep extends Controls {
  readonly kind: 'dense';
  readonly targets: readonly number[];
  readonly matrix: ComplexMatrix;
}

/** X on one qubit: amplitudes move, none is computed. */
export interface FlipStep extends Controls {
  readonly kind: 'flip';
  readonly target: number;
}

/** Exchanges two qubits: amplitudes move, none is computed. */
export interface SwapStep extends Controls {
  readonly kind: 'swap';
  readonly targets: readonly [number, number];
}

/** Multiplies what the controls select by re + i·im, of any absolute value. */
export interface ScaleStep extends Controls {
  readonly kind: 'scale';
  readonly re: number;
  readonly im: number;
}

/**
 * Multiplies each amplitude by one entry of the row table and one of each outer table.
 *
 * A row is 2^rowBits amplitudes that differ in the lowest qubits only. The row table's qubits are those
 * lowest ones in order, then any others; the outer tables and the controls leave the lowest ones alone.
 */
export interface DiagonalStep extends Controls {
  readonly kind: 'diagonal';
  readonly rowBits: number;
  readonly row: PhaseTable;
  readonly outer: readonly PhaseTable[];
}

/** One pass over the amplitudes, on physical qubits. */
export type KernelStep = DenseStep | FlipStep | SwapStep | ScaleStep | DiagonalStep;

/** Bits that are the same for all amplitudes which one item of a step's work begins from. */
export function fixedMask(step: KernelStep): number {
  switch (step.kind) {
    case 'dense':
    case 'swap':
      return step.targets.reduce((mask, qubit) => mask | (1 << qubit), step.controlMask);
    case 'flip':
      return step.controlMask | (1 << step.target);
    case 'scale':
      return step.controlMask;
    case 'diagonal':
      return step.controlMask | ((1 << step.rowBits) - 1);
    default:
      return unreachable(step);
  }
}

/** How many items a step's work has on that many qubits: bases of small products, or rows. */
export function itemCount(step: KernelStep, qubits: number): number {
  return 2 ** (qubits - bitCount(fixedMask(step)));
}

/** Bits of a non-negative integer below 2³¹ that are 1. */
export function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Puts the bits of `item` into the places where `mask` has 0, lowest first. */
export function spreadBits(item: number, mask: number): number {
  let result = item;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    const below = (rest & -rest) - 1;
    result = (result & below) | ((result & ~below) << 1);
  }
  return result;
}

/** Bits of `index` at `qubits`, the first lowest. */
export function gatherBits(index: number, qubits: readonly number[]): number {
  let result = 0;
  for (let k = 0; k < qubits.length; k++) result |= ((index >>> qubits[k]) & 1) << k;
  return result;
}
