/**
 * An inverse stabilizer tableau: the state is U|0…0⟩, and for each qubit it keeps U†X_qU and U†Z_qU.
 *
 * A gate after U multiplies and swaps few rows; a measurement whose outcome is certain reads one row.
 * Only an uncertain one costs a pass over all rows. Source: Gidney, "Stim: a fast stabilizer circuit
 * simulator", Quantum 5 (2021), 497, §2.
 *
 * Row q is X_q's, row qubits + q is Z_q's.
 */
import { invariant } from '../../../base/invariant.ts';
import type { GateName } from '../../circuit/gate-table.ts';
import { wordsFor } from '../packed-table.ts';
import { ones } from './bit-words.ts';
import type { CliffordAction, SmallPauli } from './clifford-action.ts';
import { PauliRows } from './pauli-rows.ts';
import type { PauliString } from './pauli-string.ts';

export class Tableau {
  readonly qubits: number;
  readonly rows: PauliRows;

  constructor(qubits: number) {
    this.qubits = qubits;
    const words = wordsFor(qubits);
    this.rows = new PauliRows(2 * qubits, words);
    for (let q = 0; q < qubits; q++) {
      const bit = 1 << (q & 31);
      this.rows.bits[q * 2 * words + (q >>> 5)] = bit;
      this.rows.bits[(qubits + q) * 2 * words + words + (q >>> 5)] = bit;
    }
  }

  /** Bytes of a tableau. */
  static bytes(qubits: number): number {
    return 2 * qubits * (8 * wordsFor(qubits) + 1);
  }

  copy(): Tableau {
    const twin = new Tableau(this.qubits);
    twin.rows.bits.set(this.rows.bits);
    twin.rows.signs.set(this.rows.signs);
    return twin;
  }

  /** Applies a gate of a name that it knows by heart; false for any other. */
  applyNamed(name: GateName, a: number, b: number): boolean {
    const { rows, qubits } = this;
    const [xa, za] = [a, qubits + a];
    switch (name) {
      case 'id':
        return true;
      case 'x':
        rows.signs[za] ^= 1;
        return true;
      case 'y':
        rows.signs[xa] ^= 1;
        rows.signs[za] ^= 1;
        return true;
      case 'z':
        rows.signs[xa] ^= 1;
        return true;
      case 'h':
        rows.swap(xa, za);
        return true;
      case 's':
        // S†XS = −Y = −iXZ
        rows.multiply(xa, rows, za, 3);
        return true;
      case 'sdg':
        rows.multiply(xa, rows, za, 1);
        return true;
      case 'cx':
        rows.multiply(xa, rows, b, 0);
        rows.multiply(qubits + b, rows, za, 0);
        return true;
      case 'cz':
        rows.multiply(xa, rows, qubits + b, 0);
        rows.multiply(b, rows, za, 0);
        return true;
      case 'swap':
        rows.swap(xa, b);
        rows.swap(za, qubits + b);
        return true;
      default:
        return false;
    }
  }

  /** Applies any Clifford gate on `targets`, in the order of the action's qubits. */
  apply({ backward, qubits: count }: CliffordAction, targets: readonly number[]): void {
    const before = new PauliRows(2 * count, this.rows.words);
    for (let k = 0; k < count; k++) {
      before.take(k, this.rows, targets[k]);
      before.take(count + k, this.rows, this.qubits + targets[k]);
    }
    for (let k = 0; k < count; k++) {
      this.#setProduct(targets[k], before, backward[k]);
      this.#setProduct(this.qubits + targets[k], before, backward[count + k]);
    }
  }

  /** Sets a row to the product of factors that a small Pauli string names among the rows before. */
  #setProduct(row: number, before: PauliRows, { x, z, isNegative }: SmallPauli): void {
    const count = before.signs.length / 2;
    const { rows } = this;
    rows.clear(row);
    if (isNegative) rows.signs[row] = 1;
    for (let k = 0; k < count; k++) {
      const isX = ((x >>> k) & 1) === 1;
      const isZ = ((z >>> k) & 1) === 1;
      if (isX && isZ) {
        // Y = iXZ: made Hermitian first, as factors on different qubits commute.
        before.multiply(k, before, count + k, 1);
        rows.multiply(row, before, k, 0);
        // Taken back for the next product: YZ = iX.
        before.multiply(k, before, count + k, 3);
      } else if (isX || isZ) {
        rows.multiply(row, before, isX ? k : count + k, 0);
      }
    }
  }

  /** The outcome of measuring a qubit where it is certain, or −1. */
  certainOutcome(qubit: number): -1 | 0 | 1 {
    const row = this.qubits + qubit;
    return this.rows.firstX(row) >= 0 ? -1 : (this.rows.signs[row] as 0 | 1);
  }

  /** U†PU, as a row of its own. */
  pulledBack({ x, z, isNegative }: PauliString): PauliRows {
    const product = new PauliRows(1, this.rows.words);
    const factor = new PauliRows(1, this.rows.words);
    if (isNegative) product.signs[0] = 1;
    for (let q = 0; q < this.qubits; q++) {
      const isX = ((x[q >>> 5] >>> (q & 31)) & 1) === 1;
      const isZ = ((z[q >>> 5] >>> (q & 31)) & 1) === 1;
      if (isX && isZ) {
        factor.take(0, this.rows, q);
        factor.multiply(0, this.rows, this.qubits + q, 1);
        product.multiply(0, factor, 0, 0);
      } else if (isX || isZ) {
        product.multiply(0, this.rows, isX ? q : this.qubits + q, 0);
      }
    }
    return product;
  }

  /**
   * Projects a qubit whose outcome is uncertain. O(n²/16) word operations.
   *
   * Before U it places gates that leave |0…0⟩ alone: controlled X from one column on all others where
   * the row has X, so that one X is left; there, a Hadamard (or its twin for Y) makes the outcome
   * certain, and an X makes it the one asked for.
   */
  project(qubit: number, outcome: 0 | 1): void {
    const { rows } = this;
    const { words } = rows;
    const measured = this.qubits + qubit;
    const pivot = rows.firstX(measured);
    invariant(pivot >= 0, 'only an uncertain outcome is projected on');
    const start = measured * 2 * words;
    const targets = rows.bits.slice(start, start + words);
    targets[pivot >>> 5] &= ~(1 << (pivot & 31));
    const isY = columnZ(rows, measured, pivot, targets) === 1;
    for (let row = 0; row < 2 * this.qubits; row++) spread(rows, row, pivot, { targets, isY });
    if (rows.signs[measured] === outcome) return;
    for (let row = 0; row < 2 * this.qubits; row++) rows.signs[row] ^= rows.zBit(row, pivot);
  }
}

/** The z bit of the pivot's column once controlled X from it have been placed. */
function columnZ(rows: PauliRows, row: number, pivot: number, targets: Uint32Array): number {
  const zs = row * 2 * rows.words + rows.words;
  let odd = 0;
  for (let w = 0; w < rows.words; w++) odd ^= rows.bits[zs + w] & targets[w];
  return rows.zBit(row, pivot) ^ (ones(odd) & 1);
}

/**
 * Conjugates a row with controlled X from the pivot on all targets, then swaps X with Z (or Z with Y,
 * where `isY`) on the pivot.
 *
 * The i-th controlled X flips the sign where x_c ∧ z_t ∧ (x_t = z_c), z_c having taken up the targets
 * before: in all, parities and the number of pairs of targets with Z.
 */
function spread(
  rows: PauliRows,
  row: number,
  pivot: number,
  { targets, isY }: { targets: Uint32Array; isY: boolean },
): void {
  const { bits, words, signs } = rows;
  const xs = row * 2 * words;
  const zs = xs + words;
  const word = pivot >>> 5;
  const shift = pivot & 31;
  const x = (bits[xs + word] >>> shift) & 1;
  const z = (bits[zs + word] >>> shift) & 1;
  let low = 0;
  let high = 0;
  let both = 0;
  if (x === 1) {
    for (let w = 0; w < words; w++) {
      const target = targets[w];
      const hit = bits[zs + w] & target;
      high ^= low & hit;
      low ^= hit;
      both ^= bits[xs + w] & hit;
      bits[xs + w] ^= target;
    }
  } else {
    for (let w = 0; w < words; w++) low ^= bits[zs + w] & targets[w];
  }
  const odd = ones(low) & 1;
  const after = z ^ odd;
  let flips = 0;
  if (x === 1) {
    const pairs = ((ones(low) + 2 * ones(high)) >>> 1) & 1;
    flips = (odd & (1 ^ z)) ^ (ones(both) & 1) ^ pairs;
  }
  flips ^= isY ? x & (1 ^ after) : x & after;
  signs[row] ^= flips;
  const newX = isY ? x ^ after : after;
  const newZ = isY ? after : x;
  bits[xs + word] = (bits[xs + word] & ~(1 << shift)) | (newX << shift);
  bits[zs + word] = (bits[zs + word] & ~(1 << shift)) | (newZ << shift);
}
