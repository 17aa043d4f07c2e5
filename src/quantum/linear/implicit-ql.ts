/**
 * Eigen-decomposition of a real symmetric tridiagonal matrix by QL steps with implicit shifts.
 *
 * Source: Dubrulle, Martin and Wilkinson, Numer. Math. 12 (1968) 377; Golub and Van Loan (4th ed.,
 * 2013) §8.3.5.
 */
import { invariant } from '../../base/invariant.ts';
import { throwIfCanceled, type Watch } from '../watch.ts';

/** On average fewer than two are needed for an eigenvalue. */
const STEPS_MAX_PER_VALUE = 60;

/**
 * The last row of the unreduced block that begins at `first`.
 *
 * Entries below `negligible`, rounding of the whole matrix, end a block wherever they are: among
 * diagonal entries of that size, steps make as much noise as they remove and would never end.
 */
function blockEnd(d: Float64Array, e: Float64Array, first: number, negligible: number): number {
  let m = first;
  while (m < d.length - 1 && Math.abs(e[m]) > negligible) m++;
  return m;
}

/** Rows i and i+1 of n entries: the plane rotation by (c, s) of both. */
function rotateRows(rows: Float64Array, n: number, i: number, [c, s]: [number, number]): void {
  for (let k = 0, low = i * n, high = low + n; k < n; k++, low++, high++) {
    const f = rows[high];
    const g = rows[low];
    rows[high] = s * g + c * f;
    rows[low] = c * g - s * f;
  }
}

/** One step on the block first … last, from its end up, with Wilkinson's shift. */
function step(
  d: Float64Array,
  e: Float64Array,
  [first, last]: [number, number],
  basis: Float64Array | null,
): void {
  const n = d.length;
  const half = (d[first + 1] - d[first]) / (2 * e[first]);
  const root = Math.hypot(half, 1);
  let g = d[last] - d[first] + e[first] / (half + (half < 0 ? -root : root));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = last - 1; i >= first; i--) {
    const f = s * e[i];
    const b = c * e[i];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The block falls apart here: the rest of the step would change nothing more.
      d[i + 1] -= p;
      e[last] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const t = (d[i] - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
    if (basis !== null) rotateRows(basis, n, i, [c, s]);
  }
  d[first] -= p;
  e[first] = g;
  e[last] = 0;
}

/**
 * Makes `d` the eigenvalues, unordered, and uses up `e`, the entries below the diagonal.
 *
 * Errors are rounding of the largest entry. O(n²), or O(3·n³) with a basis.
 *
 * @param basis - n × n identity whose rows become the eigenvectors, or null
 */
export function diagonaliseByQl(
  d: Float64Array,
  e: Float64Array,
  basis: Float64Array | null,
  watch: Watch,
): void {
  let size = 0;
  for (let i = 0; i < d.length; i++) size = Math.max(size, Math.abs(d[i]) + Math.abs(e[i]));
  const negligible = (Number.EPSILON / 2) * size;
  for (let first = 0; first < d.length; first++) {
    for (let steps = 0; ; steps++) {
      const last = blockEnd(d, e, first, negligible);
      if (last === first) break;
      invariant(steps < STEPS_MAX_PER_VALUE, 'QL steps converge within 60 per eigenvalue');
      throwIfCanceled(watch);
      step(d, e, [first, last], basis);
    }
  }
}
