/**
 * Two-qubit unitaries at the fewest controlled Paulis: Cartan's (KAK) decomposition.
 *
 * U = K₁ · e^{i(x·XX + y·YY + z·ZZ)} · K₂ with one-qubit gates K; none to three controlled Paulis do,
 * by how many of x, y and z vanish (Vidal and Dawson 2004; Vatan and Williams 2004).
 */
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { PAULI_X, PAULI_Y, PAULI_Z, quarterTurns, S, SDG, X, Y, Z } from './axis.ts';
import { diagonalizeTogether, type Matrix4 } from './matrix4.ts';
import type { GateSink } from './gate-sink.ts';
import { ANGLE_EPSILON, euler, fromMatrix, type Quaternion } from './quaternion.ts';

/** Columns are the Bell states with phases in which one-qubit gates are real. */
const MAGIC: Matrix4 = (() => {
  const re = new Float64Array(16);
  const im = new Float64Array(16);
  const h = Math.SQRT1_2;
  re[0] = h;
  re[12] = h;
  im[1] = h;
  im[13] = -h;
  im[6] = h;
  im[10] = h;
  re[7] = h;
  re[11] = -h;
  return { re, im };
})();

function times(a: Matrix4, b: Matrix4): Matrix4 {
  const re = new Float64Array(16);
  const im = new Float64Array(16);
  for (let r = 0; r < 4; r++) {
    for (let c = 0; c < 4; c++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let k = 0; k < 4; k++) {
        const i = 4 * r + k;
        const j = 4 * k + c;
        sumRe += a.re[i] * b.re[j] - a.im[i] * b.im[j];
        sumIm += a.re[i] * b.im[j] + a.im[i] * b.re[j];
      }
      re[4 * r + c] = sumRe;
      im[4 * r + c] = sumIm;
    }
  }
  return { re, im };
}

function adjoint(a: Matrix4): Matrix4 {
  const re = new Float64Array(16);
  const im = new Float64Array(16);
  for (let r = 0; r < 4; r++) {
    for (let c = 0; c < 4; c++) {
      re[4 * r + c] = a.re[4 * c + r];
      im[4 * r + c] = -a.im[4 * c + r];
    }
  }
  return { re, im };
}

const MAGIC_ADJOINT = adjoint(MAGIC);

/** Angle of the determinant, by elimination with pivots. */
function determinantAngle(matrix: Matrix4): number {
  const re = matrix.re.slice();
  const im = matrix.im.slice();
  let angle = 0;
  for (let k = 0; k < 4; k++) {
    let pivot = k;
    for (let r = k + 1; r < 4; r++) {
      if (
        Math.hypot(re[4 * r + k], im[4 * r + k]) > Math.hypot(re[4 * pivot + k], im[4 * pivot + k])
      )
        pivot = r;
    }
    if (pivot !== k) angle += Math.PI;
    for (let c = 0; c < 4; c++) {
      [re[4 * k + c], re[4 * pivot + c]] = [re[4 * pivot + c], re[4 * k + c]];
      [im[4 * k + c], im[4 * pivot + c]] = [im[4 * pivot + c], im[4 * k + c]];
    }
    const [pr, pi] = [re[5 * k], im[5 * k]];
    angle += Math.atan2(pi, pr);
    const norm = pr * pr + pi * pi;
    for (let r = k + 1; r < 4; r++) {
      const [vr, vi] = [re[4 * r + k], im[4 * r + k]];
      const fr = (vr * pr + vi * pi) / norm;
      const fi = (vi * pr - vr * pi) / norm;
      for (let c = k; c < 4; c++) {
        const [kr, ki] = [re[4 * k + c], im[4 * k + c]];
        re[4 * r + c] -= fr * kr - fi * ki;
        im[4 * r + c] -= fr * ki + fi * kr;
      }
    }
  }
  return angle;
}

function scaled({ re, im }: Matrix4, angle: number): Matrix4 {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return { re: re.map((x, k) => x * c - im[k] * s), im: re.map((x, k) => x * s + im[k] * c) };
}

/** A Kronecker product taken apart; the first factor acts on bit 0. */
function factors({ re, im }: Matrix4): [first: Quaternion, second: Quaternion] {
  let best = 0;
  for (let k = 1; k < 16; k++) {
    if (re[k] ** 2 + im[k] ** 2 > re[best] ** 2 + im[best] ** 2) best = k;
  }
  const row = best >> 2;
  const column = best & 3;
  const pick = (rows: readonly number[], columns: readonly number[]): ComplexMatrix => ({
    rows: 2,
    columns: 2,
    re: Float64Array.from(rows.flatMap((r) => columns.map((c) => re[4 * r + c]))),
    im: Float64Array.from(rows.flatMap((r) => columns.map((c) => im[4 * r + c]))),
  });
  const first = pick([row & 2, row | 1], [column & 2, column | 1]);
  const second = pick([row & 1, row | 2], [column & 1, column | 2]);
  return [fromMatrix(first), fromMatrix(second)];
}

/** U = (after₀ ⊗ after₁) · e^{i(x·XX + y·YY + z·ZZ)} · (before₀ ⊗ before₁), up to a phase. */
export interface Cartan {
  readonly before: readonly [Quaternion, Quaternion];
  readonly after: readonly [Quaternion, Quaternion];
  /** Each in [−π/4, π/4]. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Paulis that stand before the canonical part, on both qubits alike; from bringing x, y, z in range. */
  readonly paulis: readonly number[];
}

/** Takes a two-qubit unitary apart. Bit 0 of a row's number is the first qubit. */
export function cartan(unitary: Matrix4): Cartan {
  const special = scaled(unitary, -determinantAngle(unitary) / 4);
  const inMagic = times(times(MAGIC_ADJOINT, special), MAGIC);
  const { re, im } = inMagic;
  const symmetric = times({ re: transposed(re), im: transposed(im) }, inMagic);
  const vectors = diagonalizeTogether(symmetric.re, symmetric.im);
  const angles = [0, 1, 2, 3].map((k) => {
    let [real, imaginary] = [0, 0];
    for (let r = 0; r < 4; r++) {
      for (let c = 0; c < 4; c++) {
        const weight = vectors[4 * r + k] * vectors[4 * c + k];
        real += weight * symmetric.re[4 * r + c];
        imaginary += weight * symmetric.im[4 * r + c];
      }
    }
    return Math.atan2(imaginary, real) / 2;
  });
  // The angles' sum is a multiple of π; an odd one would leave a reflection behind.
  if (Math.round(angles.reduce((sum, angle) => sum + angle, 0) / Math.PI) % 2 !== 0) {
    angles[0] += Math.PI;
  }
  const real: Matrix4 = { re: vectors, im: new Float64Array(16) };
  const left = times(inMagic, real);
  for (let r = 0; r < 4; r++) {
    for (let k = 0; k < 4; k++) {
      const [c, s] = [Math.cos(angles[k]), Math.sin(angles[k])];
      left.re[4 * r + k] = left.re[4 * r + k] * c + left.im[4 * r + k] * s;
      left.im[4 * r + k] = 0;
    }
  }
  const after = factors(times(times(MAGIC, left), MAGIC_ADJOINT));
  const right: Matrix4 = { re: transposed(vectors), im: new Float64Array(16) };
  const before = factors(times(times(MAGIC, right), MAGIC_ADJOINT));
  const paulis: number[] = [];
  const reduced = (value: number, pauli: number): number => {
    const turns = Math.round(value / (Math.PI / 2));
    if (turns % 2 !== 0) paulis.push(pauli);
    return value - (turns * Math.PI) / 2;
  };
  return {
    before,
    after,
    x: reduced((angles[0] + angles[2]) / 2, PAULI_X),
    y: reduced((angles[1] + angles[2]) / 2, PAULI_Y),
    z: reduced((angles[0] + angles[1]) / 2, PAULI_Z),
    paulis,
  };
}

function transposed(a: Float64Array): Float64Array {
  return a.map((_, k) => a[4 * (k & 3) + (k >> 2)]);
}

/** Controlled Paulis that a unitary of these coordinates needs, 0 … 3. */
export function entanglersNeeded({ x, y, z }: Cartan): number {
  const [small, middle, large] = [Math.abs(x), Math.abs(y), Math.abs(z)].sort((a, b) => a - b);
  if (large < ANGLE_EPSILON) return 0;
  if (middle < ANGLE_EPSILON && Math.abs(large - Math.PI / 4) < ANGLE_EPSILON) return 1;
  return small < ANGLE_EPSILON ? 2 : 3;
}

/** Appends a one-qubit unitary as three turns. */
export function pushQuaternion(sink: GateSink, qubit: number, q: Quaternion): void {
  const [first, second, third] = euler(q, Z, X);
  sink.rotate(qubit, Z, first);
  sink.rotate(qubit, X, second);
  sink.rotate(qubit, Z, third);
}

/** e^{i(α·BB + β·AA)}: two controlled Paulis. */
function pushTwo(
  sink: GateSink,
  [a, b]: readonly [number, number],
  [[alpha, axisB], [beta, axisA]]: readonly (readonly [number, number])[],
): void {
  sink.controlledPauli(a, axisA, b, axisB);
  sink.rotate(a, axisB, -2 * alpha);
  sink.rotate(b, axisA, -2 * beta);
  sink.controlledPauli(a, axisA, b, axisB);
}

function pushCanonical(sink: GateSink, [a, b]: readonly [number, number], canonical: Cartan): void {
  const { x, y, z } = canonical;
  const terms = (
    [
      [x, X],
      [y, Y],
      [z, Z],
    ] as const
  ).toSorted(([s], [t]) => Math.abs(t) - Math.abs(s));
  const needed = entanglersNeeded(canonical);
  if (needed === 1) {
    const [angle, axis] = terms[0];
    // A controlled P is e^{iπ/4·PP} and quarter turns of both qubits.
    sink.controlledPauli(a, axis, b, axis);
    for (const qubit of [a, b]) sink.local(qubit, quarterTurns(axis, angle > 0 ? 3 : 1));
  } else if (needed === 2) {
    pushTwo(sink, [a, b], terms);
  } else if (needed === 3) {
    sink.local(b, SDG);
    sink.controlledPauli(a, X, b, Z);
    sink.rotate(a, Z, Math.PI / 2 - 2 * z);
    sink.rotate(b, Y, 2 * x - Math.PI / 2);
    sink.controlledPauli(a, Z, b, X);
    sink.rotate(b, Y, Math.PI / 2 - 2 * y);
    sink.controlledPauli(a, X, b, Z);
    sink.local(a, S);
  }
}

/** Appends what a decomposition stands for. */
export function pushCartan(sink: GateSink, [a, b]: readonly [number, number], parts: Cartan): void {
  pushQuaternion(sink, a, parts.before[0]);
  pushQuaternion(sink, b, parts.before[1]);
  for (const pauli of parts.paulis) {
    sink.local(a, pauli);
    sink.local(b, pauli);
  }
  pushCanonical(sink, [a, b], parts);
  pushQuaternion(sink, a, parts.after[0]);
  pushQuaternion(sink, b, parts.after[1]);
}

/** Appends any unitary of two qubits, at most three controlled Paulis. Bit 0 of a row is qubit `a`. */
export function pushTwoQubitUnitary(
  sink: GateSink,
  unitary: ComplexMatrix,
  a: number,
  b: number,
): void {
  pushCartan(sink, [a, b], cartan(unitary));
}
