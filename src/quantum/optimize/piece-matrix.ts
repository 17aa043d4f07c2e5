import { X, Y, Z } from '../synthesis/axis.ts';
import type { Matrix4 } from '../synthesis/matrix4.ts';
import type { Network } from './network.ts';
import { CLIFFORD_QUATERNIONS, rotation, type Quaternion } from '../synthesis/quaternion.ts';

/** Multiplies a matrix by a one-qubit unitary from the left; `bit` is 1 for the first qubit, 2 for the second. */
function applyLocal({ re, im }: Matrix4, bit: number, [w, x, y, z]: Quaternion): void {
  for (let r = 0; r < 4; r++) {
    if ((r & bit) !== 0) continue;
    for (let c = 0; c < 4; c++) {
      const i = 4 * r + c;
      const j = 4 * (r | bit) + c;
      const [a, ai, b, bi] = [re[i], im[i], re[j], im[j]];
      // [[w − iz, −y − ix], [y − ix, w + iz]]
      re[i] = w * a + z * ai - y * b + x * bi;
      im[i] = w * ai - z * a - y * bi - x * b;
      re[j] = y * a + x * ai + w * b - z * bi;
      im[j] = y * ai - x * a + w * bi + z * b;
    }
  }
}

/** Multiplies by a Pauli on one of the qubits: −i of it, as a rotation by a half turn, times i. */
function pauliTimes(matrix: Matrix4, bit: number, axis: number): Matrix4 {
  const re = matrix.re.slice();
  const im = matrix.im.slice();
  const half: Quaternion = [0, Number(axis === X), Number(axis === Y), Number(axis === Z)];
  applyLocal({ re, im }, bit, half);
  return { re: im.map((value) => -value), im: re };
}

function applyPair(matrix: Matrix4, p: number, q: number): void {
  const withP = pauliTimes(matrix, 1, p);
  const withQ = pauliTimes(matrix, 2, q);
  const withBoth = pauliTimes(withQ, 1, p);
  for (let i = 0; i < 16; i++) {
    matrix.re[i] = (matrix.re[i] + withP.re[i] + withQ.re[i] - withBoth.re[i]) / 2;
    matrix.im[i] = (matrix.im[i] + withP.im[i] + withQ.im[i] - withBoth.im[i]) / 2;
  }
}

/** The unitary of a network of two qubits that are not permuted; its first qubit is bit 0. */
export function matrixOf(network: Network): Matrix4 {
  const { a, b, p, q, angle, length, frames } = network;
  const matrix: Matrix4 = { re: new Float64Array(16), im: new Float64Array(16) };
  for (let k = 0; k < 4; k++) matrix.re[5 * k] = 1;
  for (let i = 0; i < length; i++) {
    if (b[i] < 0) applyLocal(matrix, 1 << a[i], rotation(p[i], angle[i]));
    else if (a[i] === 0) applyPair(matrix, p[i], q[i]);
    else applyPair(matrix, q[i], p[i]);
  }
  for (let k = 0; k < 2; k++) applyLocal(matrix, 1 << k, CLIFFORD_QUATERNIONS[frames[k]]);
  return matrix;
}
