import { gateSpec } from '../../circuit/gate-table.ts';
import type { GateOperation, UnitaryOperation } from '../../circuit/operation.ts';
import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { actionQubits, gateAction, wholeMatrix } from '../gate-action.ts';

/** A Pauli string on few qubits, bit k for the k-th; X where `x`, Z where `z`, Y where both. */
export interface SmallPauli {
  readonly x: number;
  readonly z: number;
  readonly isNegative: boolean;
}

/**
 * A Clifford gate by what it does to Pauli strings.
 *
 * Generators are X on qubits 0 … k−1, then Z on them.
 */
export interface CliffordAction {
  readonly qubits: number;
  /** G†PG of each generator: what an inverse tableau needs. */
  readonly backward: readonly SmallPauli[];
  /** GPG†: what carries an error through. */
  readonly forward: readonly SmallPauli[];
}

/** Entries of a conjugated Pauli may be off by this: an angle's rounding, to first order. */
const TOLERANCE = 1.5e-9;
/** Beyond this a gate is taken for non-Clifford unseen: its matrix would be large. */
const QUBITS_MAX = 4;

function parity(value: number): number {
  let rest = value;
  let odd = 0;
  for (; rest !== 0; rest &= rest - 1) odd ^= 1;
  return odd;
}

/** Re and im of i^|x∧z| (−1)^parity(z∧c): the entry of a Pauli string at row c ^ x and column c. */
function pauliEntry(x: number, z: number, c: number): readonly [number, number] {
  let turns = 2 * parity(z & c);
  for (let rest = x & z; rest !== 0; rest &= rest - 1) turns++;
  return (
    [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ] as const
  )[turns & 3];
}

/** A†·P·A. */
function conjugated(a: ComplexMatrix, x: number, z: number): ComplexMatrix {
  const size = a.rows;
  const result = zeros(size);
  for (let m = 0; m < size; m++) {
    // Row m ^ x of P·A is the entry of P times row m of A.
    const [pr, pi] = pauliEntry(x, z, m);
    const to = m ^ x;
    for (let r = 0; r < size; r++) {
      const [ar, ai] = [a.re[to * size + r], -a.im[to * size + r]];
      const [fr, fi] = [ar * pr - ai * pi, ar * pi + ai * pr];
      if (fr === 0 && fi === 0) continue;
      for (let c = 0; c < size; c++) {
        const [br, bi] = [a.re[m * size + c], a.im[m * size + c]];
        result.re[r * size + c] += fr * br - fi * bi;
        result.im[r * size + c] += fr * bi + fi * br;
      }
    }
  }
  return result;
}

/** The Pauli string that a matrix is, up to its sign, or null. */
export function asPauli({ rows, re, im }: ComplexMatrix, tolerance: number): SmallPauli | null {
  let x = 0;
  for (let r = 1; r < rows; r++) {
    if (Math.abs(re[r * rows]) + Math.abs(im[r * rows]) > 0.5) x = r;
  }
  const [firstRe, firstIm] = [re[x * rows], im[x * rows]];
  let z = 0;
  for (let bit = 1; bit < rows; bit *= 2) {
    const at = (bit ^ x) * rows + bit;
    if (re[at] * firstRe + im[at] * firstIm < 0) z |= bit;
  }
  const [pr, pi] = pauliEntry(x, z, 0);
  const isNegative = pr * firstRe + pi * firstIm < 0;
  const sign = isNegative ? -1 : 1;
  for (let c = 0; c < rows; c++) {
    const [er, ei] = pauliEntry(x, z, c);
    for (let r = 0; r < rows; r++) {
      const isEntry = r === (c ^ x);
      const at = r * rows + c;
      if (Math.abs(re[at] - (isEntry ? sign * er : 0)) > tolerance) return null;
      if (Math.abs(im[at] - (isEntry ? sign * ei : 0)) > tolerance) return null;
    }
  }
  return { x, z, isNegative };
}

function adjoint({ rows, re, im }: ComplexMatrix): ComplexMatrix {
  const result = zeros(rows);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < rows; c++) {
      result.re[c * rows + r] = re[r * rows + c];
      result.im[c * rows + r] = -im[r * rows + c];
    }
  }
  return result;
}

function images(a: ComplexMatrix, qubits: number): readonly SmallPauli[] | null {
  const found: SmallPauli[] = [];
  for (let generator = 0; generator < 2 * qubits; generator++) {
    const bit = 1 << (generator % qubits);
    const isX = generator < qubits;
    const image = asPauli(conjugated(a, isX ? bit : 0, isX ? 0 : bit), TOLERANCE);
    if (image === null) return null;
    found.push(image);
  }
  return found;
}

/** What a unitary of 2, 4, 8 or 16 rows does to Pauli strings, or null where it is not Clifford. */
export function cliffordOfMatrix(unitary: ComplexMatrix): CliffordAction | null {
  const qubits = Math.log2(unitary.rows);
  const backward = images(unitary, qubits);
  if (backward === null) return null;
  const forward = images(adjoint(unitary), qubits);
  return forward === null ? null : { qubits, backward, forward };
}

const KNOWN_SIZE_MAX = 4096;

/**
 * Recognises Clifford gates; remembers what it saw by name and angles.
 *
 * Angles count as multiples of π/2 when they are within 1e-9. Gates on more than four qubits, controls
 * counted, are taken for non-Clifford.
 */
export class CliffordRecognizer {
  readonly #known = new Map<string, CliffordAction | null>();

  /** The action on the qubits of {@link actionQubits}, or null where the gate is not Clifford. */
  recognize(operation: GateOperation | UnitaryOperation): CliffordAction | null {
    if (operation.kind === 'unitary') return this.#recognize(operation);
    const { name, params, controls } = operation;
    let key: string = name;
    for (const param of params) key += `,${param}`;
    for (const { value } of controls) key += value === 1 ? '+' : '-';
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const action = this.#recognize(operation);
    if (this.#known.size < KNOWN_SIZE_MAX) this.#known.set(key, action);
    return action;
  }

  #recognize(operation: GateOperation | UnitaryOperation): CliffordAction | null {
    const count =
      operation.kind === 'gate' ? gateSpec(operation.name).qubits : operation.qubits.length;
    if (count + operation.controls.length > QUBITS_MAX) return null;
    return cliffordOfMatrix(wholeMatrix(gateAction(operation)));
  }
}

/** The qubits of a gate in the order of its Clifford action. */
export function cliffordQubits(operation: GateOperation | UnitaryOperation): readonly number[] {
  if (operation.kind === 'unitary' && operation.controls.length === 0) return operation.qubits;
  return actionQubits(gateAction(operation));
}
