/**
 * Eigen-decomposition of a Hermitian matrix by cyclic complex Jacobi rotations: the twin of the fast way.
 *
 * Source: Forsythe and Henrici, Trans. AMS 94 (1960) 1; Golub and Van Loan (4th ed., 2013) §8.5.
 */
import { invariant } from '../../../base/invariant.ts';
import type { ComplexMatrix } from '../complex-matrix.ts';

/** Quadratic convergence needs about log₂ log₂ 2⁵³ + 4 sweeps; far more is a bug. */
const SWEEPS_MAX = 60;

/** A ← R·A·R† with R = [[c, −s], [conj(s), c]] on rows and columns p and q. */
interface Rotation {
  readonly p: number;
  readonly q: number;
  readonly c: number;
  readonly sRe: number;
  readonly sIm: number;
  /** What goes from the diagonal entry of p to that of q. */
  readonly shift: number;
}

/** Rows p and q of the matrix, combined: p ← c·p − s·q, q ← conj(s)·p + c·q. */
function rotateRows({ columns: n, re, im }: ComplexMatrix, { p, q, c, sRe, sIm }: Rotation): void {
  for (let k = 0, i = p * n, j = q * n; k < n; k++, i++, j++) {
    const pr = re[i];
    const pi = im[i];
    const qr = re[j];
    const qi = im[j];
    re[i] = c * pr - (sRe * qr - sIm * qi);
    im[i] = c * pi - (sRe * qi + sIm * qr);
    re[j] = sRe * pr + sIm * pi + c * qr;
    im[j] = sRe * pi - sIm * pr + c * qi;
  }
}

/** The rotation that makes entry (p, q) zero, or null where it is negligible already. */
function rotationFor(a: ComplexMatrix, p: number, q: number, negligible: number): Rotation | null {
  const n = a.rows;
  const re = a.re[p * n + q];
  const im = a.im[p * n + q];
  const size = Math.hypot(re, im);
  if (size <= negligible) return null;
  const theta = (a.re[q * n + q] - a.re[p * n + p]) / (2 * size);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  return { p, q, c, sRe: (t * c * re) / size, sIm: (t * c * im) / size, shift: t * size };
}

/** A ← R·A·R†; the columns follow from the rows by symmetry. */
function rotate(a: ComplexMatrix, rotation: Rotation): void {
  const { p, q } = rotation;
  const n = a.rows;
  const low = a.re[p * n + p] - rotation.shift;
  const high = a.re[q * n + q] + rotation.shift;
  rotateRows(a, rotation);
  for (let k = 0; k < n; k++) {
    a.re[k * n + p] = a.re[p * n + k];
    a.im[k * n + p] = -a.im[p * n + k];
    a.re[k * n + q] = a.re[q * n + k];
    a.im[k * n + q] = -a.im[q * n + k];
  }
  a.re[p * n + p] = low;
  a.re[q * n + q] = high;
  for (const at of [p * n + p, q * n + q]) a.im[at] = 0;
  for (const at of [p * n + q, q * n + p]) {
    a.re[at] = 0;
    a.im[at] = 0;
  }
}

/** Rotates every entry above the diagonal away once; true if none was left to rotate. */
function sweepRows(a: ComplexMatrix, negligible: number): boolean {
  let isDone = true;
  for (let p = 0; p < a.rows - 1; p++) {
    for (let q = p + 1; q < a.rows; q++) {
      const rotation = rotationFor(a, p, q, negligible);
      if (rotation === null) continue;
      isDone = false;
      rotate(a, rotation);
    }
  }
  return isDone;
}

/**
 * Diagonalises `a` in place, in O(n³) per sweep; `a` is exactly Hermitian.
 *
 * @returns eigenvalues, unordered
 */
export function diagonaliseByJacobi(a: ComplexMatrix): Float64Array {
  const n = a.rows;
  let square = 0;
  for (let i = 0; i < a.re.length; i++) square += a.re[i] * a.re[i] + a.im[i] * a.im[i];
  const negligible = (Math.sqrt(square) * Number.EPSILON) / (4 * n);
  for (let sweep = 0; !sweepRows(a, negligible); sweep++) {
    invariant(sweep < SWEEPS_MAX, 'Jacobi rotations converge within 60 sweeps');
  }
  return Float64Array.from({ length: n }, (_, i) => a.re[i * n + i]);
}
