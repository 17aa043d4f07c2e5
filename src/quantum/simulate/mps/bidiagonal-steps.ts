/**
 * Singular values of a real upper bidiagonal matrix by QR steps with implicit shifts.
 *
 * Source: Golub and Reinsch, Numer. Math. 14 (1970) 403; Golub and Van Loan (4th ed., 2013) §8.6.
 */
import { invariant } from '../../../base/invariant.ts';
import { throwIfCanceled, type Watch } from '../../watch.ts';

/** On average about two are needed for a value. */
const STEPS_MAX_PER_VALUE = 60;

/** From there on, more and more is taken for negligible: a block of rounding alone may only change its sign. */
const STEPS_PATIENT = 12;

/** The matrix, and what is rotated along with its rows. */
export interface Bidiagonal {
  readonly diagonal: Float64Array;
  /** Entry k is right of entry k of the diagonal; the last one is unused. */
  readonly beside: Float64Array;
  /** An n × n identity whose rows become the left singular vectors. */
  readonly basis: Float64Array;
}

/** Rows k and k + 1 of the basis: the plane rotation by (c, s) of both. */
function rotateRows(basis: Float64Array, n: number, k: number, [c, s]: [number, number]): void {
  for (let i = k * n, j = i + n, end = j; i < end; i++, j++) {
    const x = basis[i];
    const y = basis[j];
    basis[i] = c * x + s * y;
    basis[j] = c * y - s * x;
  }
}

/** The eigenvalue of the last two rows of BᵀB, of the block first … last, that is closer to its last entry. */
function shiftOf({ beside, diagonal }: Bidiagonal, first: number, last: number): number {
  const above = last - 1 > first ? beside[last - 2] : 0;
  const a = diagonal[last - 1] ** 2 + above ** 2;
  const b = diagonal[last] ** 2 + beside[last - 1] ** 2;
  const off = diagonal[last - 1] * beside[last - 1];
  const half = (a - b) / 2;
  const root = Math.hypot(half, off);
  const denominator = half + (half < 0 ? -root : root);
  return denominator === 0 ? b : b - (off * off) / denominator;
}

/** One step on the block first … last, from its beginning down. */
function step(matrix: Bidiagonal, first: number, last: number): void {
  const { basis, beside: e, diagonal: d } = matrix;
  const n = d.length;
  let y = d[first] ** 2 - shiftOf(matrix, first, last);
  let z = d[first] * e[first];
  for (let k = first; k < last; k++) {
    let r = Math.hypot(y, z);
    let [c, s] = r === 0 ? [1, 0] : [y / r, z / r];
    if (k > first) e[k - 1] = r;
    y = c * d[k] + s * e[k];
    e[k] = c * e[k] - s * d[k];
    z = s * d[k + 1];
    d[k + 1] *= c;
    r = Math.hypot(y, z);
    [c, s] = r === 0 ? [1, 0] : [y / r, z / r];
    d[k] = r;
    y = c * e[k] + s * d[k + 1];
    d[k + 1] = c * d[k + 1] - s * e[k];
    rotateRows(basis, n, k, [c, s]);
    if (k + 1 < last) {
      z = s * e[k + 1];
      e[k + 1] *= c;
    }
  }
  e[last - 1] = y;
}

/**
 * Makes the diagonal the singular values but for their signs, unordered, and uses up what is beside it.
 *
 * Errors are rounding of the largest entry. O(3·n³).
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function diagonaliseByQr(matrix: Bidiagonal, watch: Watch): void {
  const { beside, diagonal } = matrix;
  const n = diagonal.length;
  let size = 0;
  for (let k = 0; k < n; k++) size = Math.max(size, Math.abs(diagonal[k]) + Math.abs(beside[k]));
  // Steps bring rounding of the largest entries in wherever they pass: with half an epsilon some never end.
  const negligible = 4 * Number.EPSILON * size;
  // A zero would need steps of its own; so small a number is one as good.
  for (let k = 0; k < n; k++) if (Math.abs(diagonal[k]) < negligible) diagonal[k] = negligible;
  for (let last = n - 1, steps = 0; last > 0;) {
    const limit = negligible * Math.max(1, steps - STEPS_PATIENT);
    if (Math.abs(beside[last - 1]) <= limit) {
      last--;
      steps = 0;
      continue;
    }
    let first = last - 1;
    while (first > 0 && Math.abs(beside[first - 1]) > limit) first--;
    invariant(steps++ < STEPS_MAX_PER_VALUE, 'QR steps converge within 60 per singular value');
    throwIfCanceled(watch);
    step(matrix, first, last);
  }
}
