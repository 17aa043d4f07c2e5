/** A test for positive definiteness by Cholesky's decomposition. */
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { zeros, type ComplexMatrix } from './complex-matrix.ts';

/**
 * True if A + shift·I is positive definite, for Hermitian A; O(n³/3), far cheaper than eigenvalues.
 *
 * Source: Golub and Van Loan (4th ed., 2013) §4.2.5.
 */
export function isPositiveDefinite(
  a: ComplexMatrix,
  shift: number,
  watch: Watch = UNWATCHED,
): boolean {
  const n = a.rows;
  const lower = zeros(n);
  for (let r = 0; r < n; r++) {
    throwIfCanceled(watch);
    for (let c = 0; c <= r; c++) {
      let re = a.re[r * n + c] + (c === r ? shift : 0);
      let im = a.im[r * n + c];
      for (let k = 0, i = r * n, j = c * n; k < c; k++, i++, j++) {
        re -= lower.re[i] * lower.re[j] + lower.im[i] * lower.im[j];
        im -= lower.im[i] * lower.re[j] - lower.re[i] * lower.im[j];
      }
      const pivot = c === r ? Math.sqrt(re) : lower.re[c * n + c];
      // Also false for NaN, the root of a negative number.
      if (!(pivot > 0)) return false;
      lower.re[r * n + c] = re / pivot;
      lower.im[r * n + c] = c === r ? 0 : im / pivot;
    }
  }
  return true;
}
