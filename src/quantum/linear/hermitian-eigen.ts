/**
 * Eigen-decomposition of complex Hermitian matrices.
 *
 * Through a real tridiagonal matrix and QL steps, which measured faster than Jacobi rotations from
 * four rows on. Libraries for JavaScript decompose real symmetric matrices only; embedding a complex
 * matrix of n rows in a real one of 2n costs four times as much and doubles every eigenvalue, after
 * which vectors must be told apart.
 */
import { OrchestratorError } from '../../base/errors.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { identity, zeros, type ComplexMatrix } from './complex-matrix.ts';
import { hermitianDeviation, maxNorm } from './deviation.ts';
import { diagonaliseByQl } from './implicit-ql.ts';
import { safeScale } from './qr.ts';
import { applyTridiagonalBasis, tridiagonalise } from './tridiagonal.ts';

/** A = V·diag(values)·V†. */
export interface HermitianEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** Unitary V; column k belongs to `values[k]`. */
  readonly vectors: ComplexMatrix;
}

/** Deviation from Hermitian that is taken for rounding, relative to the largest entry. */
const HERMITIAN_TOLERANCE = 1e-8;

function requireHermitian(a: ComplexMatrix): void {
  const deviation = hermitianDeviation(a);
  if (deviation <= HERMITIAN_TOLERANCE * maxNorm(a)) return;
  throw new OrchestratorError(
    'QUANTUM_NOT_HERMITIAN',
    `a matrix must equal its adjoint, got entries that differ by ${deviation}`,
    { deviation },
  );
}

/** (A + A†) / (2·scale), exactly Hermitian. */
function symmetrised(a: ComplexMatrix, scale: number): ComplexMatrix {
  const n = a.rows;
  const result = zeros(n);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c <= r; c++) {
      const re = (a.re[r * n + c] / scale + a.re[c * n + r] / scale) / 2;
      const im = (a.im[r * n + c] / scale - a.im[c * n + r] / scale) / 2;
      result.re[r * n + c] = re;
      result.im[r * n + c] = im;
      result.re[c * n + r] = re;
      result.im[c * n + r] = -im;
    }
  }
  return result;
}

function prepared(a: ComplexMatrix): { work: ComplexMatrix; scale: number } {
  const scale = safeScale(a);
  requireHermitian(a);
  return { work: symmetrised(a, scale), scale };
}

/**
 * Eigenvalues and eigenvectors of a Hermitian matrix, to rounding of its largest entry, in O(n³).
 *
 * Degenerate eigenvalues get orthonormal vectors. Deviations from Hermitian up to 1e-8 of the largest
 * entry are averaged away.
 *
 * @throws OrchestratorError QUANTUM_NOT_HERMITIAN (details.deviation), QUANTUM_SHAPE_MISMATCH,
 *   QUANTUM_NOT_FINITE, QUANTUM_CANCELED
 */
export function eigenHermitian(a: ComplexMatrix, watch: Watch = UNWATCHED): HermitianEigen {
  const { work, scale } = prepared(a);
  const n = a.rows;
  const tridiagonal = tridiagonalise(work, watch);
  const values = tridiagonal.diagonal;
  const rows = identity(n);
  diagonaliseByQl(values, tridiagonal.offDiagonal, rows.re, watch);
  applyTridiagonalBasis(tridiagonal, rows, watch);
  const order = Int32Array.from({ length: n }, (_, k) => k).sort((i, j) => values[i] - values[j]);
  const vectors = zeros(n);
  for (let k = 0; k < n; k++) {
    const row = order[k] * n;
    for (let r = 0; r < n; r++) {
      vectors.re[r * n + k] = rows.re[row + r];
      vectors.im[r * n + k] = rows.im[row + r];
    }
  }
  return { values: Float64Array.from(order, (k) => values[k] * scale), vectors };
}

/**
 * Eigenvalues of a Hermitian matrix, ascending, at about a third of what vectors cost as well.
 *
 * @throws OrchestratorError as {@link eigenHermitian}
 */
export function eigenvaluesHermitian(a: ComplexMatrix, watch: Watch = UNWATCHED): Float64Array {
  const { work, scale } = prepared(a);
  const { diagonal, offDiagonal } = tridiagonalise(work, watch);
  diagonaliseByQl(diagonal, offDiagonal, null, watch);
  return diagonal.sort().map((value) => value * scale);
}
