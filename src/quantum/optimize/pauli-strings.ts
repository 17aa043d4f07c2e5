import { ANTICOMMUTE, HANDEDNESS } from '../synthesis/axis.ts';

/** Qubits that a string may have here: one 32-bit word each for X and Z bits. */
export const STRING_QUBITS_MAX = 30;

/** Strings of Paulis with signs, on few qubits; bit k of `x[i]` and `z[i]` is the axis on qubit k. */
export interface PauliStrings {
  readonly x: Int32Array;
  readonly z: Int32Array;
  /** 1 for minus. */
  readonly sign: Uint8Array;
}

/** A controlled Pauli: axis `p` on qubit `a`, axis `q` on qubit `b`. */
export interface PairGate {
  readonly a: number;
  readonly p: number;
  readonly b: number;
  readonly q: number;
}

/** At 64·p + 16·q … for axes 1 … 3: what a controlled Pauli makes of the axes (l, m), 4l + m. */
const CONJUGATED = new Uint8Array(256);
/** 1 where the sign flips on the way. */
const FLIPS = new Uint8Array(256);
/** Change of the number of qubits that a string acts on. */
const WEIGHT_CHANGE = new Int8Array(256);

for (let at = 0; at < 256; at++) {
  const [p, q, l, m] = [at >> 6, (at >> 4) & 3, (at >> 2) & 3, at & 3];
  const byA = ANTICOMMUTE[4 * l + p];
  const byB = ANTICOMMUTE[4 * m + q];
  const newL = byB ? l ^ p : l;
  const newM = byA ? m ^ q : m;
  CONJUGATED[at] = 4 * newL + newM;
  FLIPS[at] = byA && byB && HANDEDNESS[4 * l + p] !== HANDEDNESS[4 * m + q] ? 1 : 0;
  WEIGHT_CHANGE[at] = Number(newL > 0) + Number(newM > 0) - Number(l > 0) - Number(m > 0);
}

/** Change of weight that a gate brings to a string with axes (l, m) on its qubits. */
export function weightChange(p: number, q: number, l: number, m: number): number {
  return WEIGHT_CHANGE[(p << 6) | (q << 4) | (l << 2) | m];
}

/** What a gate makes of the axes (l, m) on its qubits, as 4l + m. */
export function conjugatedAxes(p: number, q: number, l: number, m: number): number {
  return CONJUGATED[(p << 6) | (q << 4) | (l << 2) | m];
}

/** Axis of a string on a qubit. */
export function axisAt({ x, z }: PauliStrings, i: number, qubit: number): number {
  return ((x[i] >> qubit) & 1) | (((z[i] >> qubit) & 1) << 1);
}

/** Replaces string i by what the gate, its own inverse, makes of it. */
export function conjugate({ x, z, sign }: PauliStrings, i: number, { a, p, b, q }: PairGate): void {
  const xi = x[i];
  const zi = z[i];
  const l = ((xi >> a) & 1) | (((zi >> a) & 1) << 1);
  const m = ((xi >> b) & 1) | (((zi >> b) & 1) << 1);
  const at = (p << 6) | (q << 4) | (l << 2) | m;
  const change = CONJUGATED[at] ^ ((l << 2) | m);
  if (change === 0) return;
  sign[i] ^= FLIPS[at];
  x[i] = xi ^ (((change >> 2) & 1) << a) ^ ((change & 1) << b);
  z[i] = zi ^ ((change >> 3) << a) ^ (((change >> 1) & 1) << b);
}

/** Ones in a word. */
export function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Number of qubits that string i acts on. */
export function weightOf({ x, z }: PauliStrings, i: number): number {
  return popcount(x[i] | z[i]);
}

/** Whether two strings do not commute. */
export function doAnticommute({ x, z }: PauliStrings, i: number, j: number): boolean {
  return (popcount((x[i] & z[j]) ^ (z[i] & x[j])) & 1) === 1;
}
