/** Functions of Hermitian matrices by their eigenvalues: f(A) = V·f(D)·V†. */
import { OrchestratorError } from '../../base/errors.ts';
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { zeros, type ComplexMatrix, type Scalar } from './complex-matrix.ts';
import { eigenHermitian, type HermitianEigen } from './hermitian-eigen.ts';

/**
 * V·f(D)·V† from an eigen-decomposition, for several functions of one matrix.
 *
 * Eigenvectors that `f` sends to 0 cost nothing.
 */
export function functionOfEigen(
  { values, vectors }: HermitianEigen,
  f: (value: number) => Scalar,
  watch: Watch = UNWATCHED,
): ComplexMatrix {
  const n = values.length;
  const images = Array.from(values, (value) => {
    const image = f(value);
    return typeof image === 'number' ? ([image, 0] as const) : image;
  });
  const kept = images.flatMap(([re, im], k) => (re === 0 && im === 0 ? [] : [k]));
  const result = zeros(n);
  // Rows of the kept vectors, contiguous, so that the inner loop is a plain dot product.
  const width = kept.length;
  const re = new Float64Array(n * width);
  const im = new Float64Array(n * width);
  for (let r = 0; r < n; r++) {
    for (const [j, k] of kept.entries()) {
      re[r * width + j] = vectors.re[r * n + k];
      im[r * width + j] = vectors.im[r * n + k];
    }
  }
  const leftRe = new Float64Array(width);
  const leftIm = new Float64Array(width);
  for (let r = 0; r < n; r++) {
    throwIfCanceled(watch);
    for (const [j, k] of kept.entries()) {
      const [fr, fi] = images[k];
      leftRe[j] = re[r * width + j] * fr - im[r * width + j] * fi;
      leftIm[j] = re[r * width + j] * fi + im[r * width + j] * fr;
    }
    for (let c = 0; c < n; c++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let j = 0, at = c * width; j < width; j++, at++) {
        sumRe += leftRe[j] * re[at] + leftIm[j] * im[at];
        sumIm += leftIm[j] * re[at] - leftRe[j] * im[at];
      }
      result.re[r * n + c] = sumRe;
      result.im[r * n + c] = sumIm;
    }
  }
  return result;
}

/**
 * f(A) for Hermitian A; Hermitian as well where `f` is real. O(n³).
 *
 * @throws OrchestratorError as `eigenHermitian`
 */
export function functionOfHermitian(
  a: ComplexMatrix,
  f: (value: number) => Scalar,
  watch: Watch = UNWATCHED,
): ComplexMatrix {
  return functionOfEigen(eigenHermitian(a, watch), f, watch);
}

function requireAtLeast(values: Float64Array, least: number, what: string): void {
  if (values.length === 0 || values[0] >= least) return;
  throw new OrchestratorError(
    'QUANTUM_NOT_POSITIVE',
    `a matrix must have ${what} eigenvalues, got ${values[0]}`,
    { eigenvalue: values[0] },
  );
}

/** Eigenvalues of n rows below this are rounding of zero. */
export function zeroThreshold(values: Float64Array): number {
  const size = Math.max(Math.abs(values.at(0) ?? 0), Math.abs(values.at(-1) ?? 0));
  return 4 * values.length * Number.EPSILON * size;
}

/**
 * The positive semidefinite square root.
 *
 * Eigenvalues within rounding of zero are zero: their roots would be eight digits larger than they are.
 *
 * @throws OrchestratorError QUANTUM_NOT_POSITIVE for an eigenvalue below zero by more than rounding
 */
export function squareRoot(a: ComplexMatrix, watch: Watch = UNWATCHED): ComplexMatrix {
  const eigen = eigenHermitian(a, watch);
  const zero = zeroThreshold(eigen.values);
  requireAtLeast(eigen.values, -1e-8 * Math.max(0, eigen.values.at(-1) ?? 0), 'non-negative');
  return functionOfEigen(eigen, (value) => (value <= zero ? 0 : Math.sqrt(value)), watch);
}

/**
 * The natural logarithm.
 *
 * @throws OrchestratorError QUANTUM_NOT_POSITIVE unless all eigenvalues are above rounding of zero
 */
export function logarithm(a: ComplexMatrix, watch: Watch = UNWATCHED): ComplexMatrix {
  const eigen = eigenHermitian(a, watch);
  const zero = zeroThreshold(eigen.values);
  requireAtLeast(eigen.values, zero + Number.MIN_VALUE, 'positive');
  return functionOfEigen(eigen, Math.log, watch);
}

/** exp(−i·t·H): the unitary of Hamiltonian H after time t, with ħ = 1. */
export function evolution(
  hamiltonian: ComplexMatrix,
  time: number,
  watch: Watch = UNWATCHED,
): ComplexMatrix {
  if (!Number.isFinite(time)) {
    throw new OrchestratorError('QUANTUM_NOT_FINITE', `time must be finite, got ${time}`, {});
  }
  const phase = (energy: number): Scalar => [Math.cos(energy * time), -Math.sin(energy * time)];
  return functionOfHermitian(hamiltonian, phase, watch);
}
