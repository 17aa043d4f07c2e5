import { ANTICOMMUTE, IMAGE, NEGATIVE, X, Y, Z } from '../synthesis/axis.ts';
import type { Network } from './network.ts';

function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Rows of Paulis: `words` words of X bits and as many of Z bits each, and a sign, 1 for minus. */
export interface PauliRows {
  readonly words: number;
  readonly x: Int32Array;
  readonly z: Int32Array;
  readonly sign: Uint8Array;
}

/** Multiplies a row by another from the right and by i^extra; the product must have no i left. */
export function multiplyRows(
  rows: PauliRows,
  target: number,
  { x: ox, z: oz, sign: osign, row: source }: PauliRows & { readonly row: number },
  extra = 0,
): void {
  const { words, x, z, sign } = rows;
  let phase = extra + 2 * (sign[target] + osign[source]);
  for (let w = 0; w < words; w++) {
    const t = target * words + w;
    const s = source * words + w;
    const [tx, tz, sx, sz] = [x[t], z[t], ox[s], oz[s]];
    // i for XY, YZ and ZX at a place, −i for the other orders.
    const plus = (tx & ~tz & sx & sz) | (tx & tz & ~sx & sz) | (~tx & tz & sx & ~sz);
    const minus = (tx & tz & sx & ~sz) | (~tx & tz & sx & sz) | (tx & ~tz & ~sx & sz);
    phase += ones(plus) - ones(minus);
    x[t] = tx ^ sx;
    z[t] = tz ^ sz;
  }
  sign[target] = (phase >> 1) & 1;
}

/** Whether two rows do not commute. */
export function rowsAnticommute(
  { words, x, z }: PauliRows,
  row: number,
  { x: ox, z: oz, row: other }: PauliRows & { readonly row: number },
): boolean {
  let mixed = 0;
  for (let w = 0; w < words; w++) {
    const i = row * words + w;
    const j = other * words + w;
    mixed ^= (x[i] & oz[j]) ^ (z[i] & ox[j]);
  }
  return (ones(mixed) & 1) === 1;
}

/** Turns row Q into c†·Q·c for c = e^{−i·turns·π/4·P}, P the string of the other row without its sign. */
export function conjugateRow(
  rows: PauliRows,
  row: number,
  turn: PauliRows & { readonly row: number },
  turns: number,
): void {
  if (turns === 0 || !rowsAnticommute(rows, row, turn)) return;
  // c†·Q·c = i·P·Q = −i·Q·P for one turn.
  if (turns === 2) rows.sign[row] ^= 1;
  else multiplyRows(rows, row, turn, turns === 1 ? 3 : 1);
}

/**
 * What a Clifford C makes of each qubit's X and Z, seen from its beginning: C†·P·C, as strings of Paulis.
 *
 * Row 2k is the image of X of qubit k, row 2k + 1 that of Z; a row is `words` words of X bits, as many
 * of Z bits, and a sign (Y counts as one letter, without an i). Appending a gate to C takes time for
 * the words of up to four rows.
 */
export class PauliFrame implements PauliRows {
  readonly qubits: number;
  readonly words: number;
  readonly x: Int32Array;
  readonly z: Int32Array;
  /** 1 for minus. */
  readonly sign: Uint8Array;
  /** Two rows beyond the frame's, to work with. */
  readonly #scratch: number;
  /** The frame's own rows, as a factor. */
  readonly #source: PauliRows & { row: number };

  constructor(qubits: number) {
    this.qubits = qubits;
    this.words = Math.max(1, (qubits + 31) >>> 5);
    const rows = 2 * qubits + 2;
    this.#scratch = 2 * qubits;
    this.x = new Int32Array(rows * this.words);
    this.z = new Int32Array(rows * this.words);
    this.sign = new Uint8Array(rows);
    this.#source = { words: this.words, x: this.x, z: this.z, sign: this.sign, row: 0 };
    for (let k = 0; k < qubits; k++) {
      this.x[2 * k * this.words + (k >>> 5)] = 1 << (k & 31);
      this.z[(2 * k + 1) * this.words + (k >>> 5)] = 1 << (k & 31);
    }
  }

  /** A frame that goes on by itself. */
  copy(): PauliFrame {
    const result = new PauliFrame(this.qubits);
    result.x.set(this.x);
    result.z.set(this.z);
    result.sign.set(this.sign);
    return result;
  }

  /** Appends a controlled Pauli. */
  controlledPauli(a: number, p: number, b: number, q: number): void {
    const onA = this.#scratch;
    const onB = onA + 1;
    this.#copyImage(onA, a, p);
    this.#copyImage(onB, b, q);
    if (ANTICOMMUTE[4 * X + p]) this.#multiply(2 * a, onB);
    if (ANTICOMMUTE[4 * Z + p]) this.#multiply(2 * a + 1, onB);
    if (ANTICOMMUTE[4 * X + q]) this.#multiply(2 * b, onA);
    if (ANTICOMMUTE[4 * Z + q]) this.#multiply(2 * b + 1, onA);
  }

  /** Appends a one-qubit Clifford. */
  local(k: number, clifford: number): void {
    const onX = IMAGE[4 * clifford + X];
    const onZ = IMAGE[4 * clifford + Z];
    this.#copyImage(this.#scratch, k, onX & 3);
    this.#copyImage(this.#scratch + 1, k, onZ & 3);
    this.#copyRow(2 * k, this.#scratch, onX & NEGATIVE);
    this.#copyRow(2 * k + 1, this.#scratch + 1, onZ & NEGATIVE);
  }

  /** Puts e^{−i·turns·π/4·P}, for a string P, before all that the frame stands for. */
  conjugateByTurn(turn: PauliRows & { readonly row: number }, turns: number): void {
    for (let row = 0; row < 2 * this.qubits; row++) conjugateRow(this, row, turn, turns);
  }

  /** Qubit k goes on as qubit `wires[k]`. */
  permute(wires: ArrayLike<number>): void {
    const { words } = this;
    const x = this.x.slice();
    const z = this.z.slice();
    const sign = this.sign.slice();
    for (let row = 0; row < 2 * this.qubits; row++) {
      const target = 2 * wires[row >> 1] + (row & 1);
      this.sign[target] = sign[row];
      for (let w = 0; w < words; w++) {
        this.x[target * words + w] = x[row * words + w];
        this.z[target * words + w] = z[row * words + w];
      }
    }
  }

  /** Writes C†·P·C for an axis of qubit k into `x` and `z` from `at` on; answers its sign, 1 for minus. */
  read(k: number, axis: number, into: { x: Int32Array; z: Int32Array; at: number }): number {
    this.#copyImage(this.#scratch, k, axis);
    const start = this.#scratch * this.words;
    for (let w = 0; w < this.words; w++) {
      into.x[into.at + w] = this.x[start + w];
      into.z[into.at + w] = this.z[start + w];
    }
    return this.sign[this.#scratch];
  }

  /** Whether two frames are of one Clifford. */
  equals(other: PauliFrame): boolean {
    const size = 2 * this.qubits * this.words;
    if (this.qubits !== other.qubits) return false;
    for (let i = 0; i < size; i++) {
      if (this.x[i] !== other.x[i] || this.z[i] !== other.z[i]) return false;
    }
    for (let row = 0; row < 2 * this.qubits; row++) {
      if (this.sign[row] !== other.sign[row]) return false;
    }
    return true;
  }

  #copyRow(target: number, source: number, flip: number): void {
    const { words } = this;
    for (let w = 0; w < words; w++) {
      this.x[target * words + w] = this.x[source * words + w];
      this.z[target * words + w] = this.z[source * words + w];
    }
    this.sign[target] = this.sign[source] ^ (flip === 0 ? 0 : 1);
  }

  #copyImage(target: number, k: number, axis: number): void {
    this.#copyRow(target, axis === Z ? 2 * k + 1 : 2 * k, 0);
    // Y = i·X·Z.
    if (axis === Y) this.#multiply(target, 2 * k + 1, 1);
  }

  #multiply(target: number, source: number, extra = 0): void {
    this.#source.row = source;
    multiplyRows(this, target, this.#source, extra);
  }
}

/** Appends what a network ends with. */
export function finishFrame(frame: PauliFrame, { frames, wires, qubits }: Network): void {
  for (let k = 0; k < qubits; k++) frame.local(k, frames[k]);
  frame.permute(wires);
}
