/** Norms of matrices, and how far one is from another, from unitary and from Hermitian. */
import { adjoint, isFiniteVector, multiply, shapeMismatch, subtract } from './arithmetic.ts';
import { identity, type ComplexMatrix } from './complex-matrix.ts';

/** The larger of `max` and |re + i·im|; NaN once it is met. */
function largerModulus(max: number, re: number, im: number): number {
  // The sum bounds the modulus: the root, which is dear, is rarely taken. Negated for NaN.
  if (!(Math.abs(re) + Math.abs(im) > max) && !Number.isNaN(re) && !Number.isNaN(im)) return max;
  const size = Math.hypot(re, im);
  return size <= max ? max : size;
}

/** The largest modulus of an entry; NaN if there is one, 0 for an empty matrix. */
export function maxNorm({ re, im }: ComplexMatrix): number {
  let max = 0;
  for (let i = 0; i < re.length && !Number.isNaN(max); i++) max = largerModulus(max, re[i], im[i]);
  return max;
}

/** √Σ|aᵢⱼ|², without overflow for huge or underflow for tiny entries. */
export function frobeniusNorm(a: ComplexMatrix): number {
  const max = maxNorm(a);
  if (max === 0 || !Number.isFinite(max)) return max;
  let sum = 0;
  for (let i = 0; i < a.re.length; i++) {
    const re = a.re[i] / max;
    const im = a.im[i] / max;
    sum += re * re + im * im;
  }
  return max * Math.sqrt(sum);
}

/** The Frobenius norm of a − b. */
export function frobeniusDistance(a: ComplexMatrix, b: ComplexMatrix): number {
  return frobeniusNorm(subtract(a, b));
}

/** The largest modulus of an entry of a − b. */
export function maxDistance(a: ComplexMatrix, b: ComplexMatrix): number {
  return maxNorm(subtract(a, b));
}

/**
 * The largest modulus of an entry of U†U − I: 0 for a unitary; NaN and infinite entries give Infinity.
 *
 * O(n³) for n rows.
 *
 * @throws OrchestratorError QUANTUM_SHAPE_MISMATCH unless square
 */
export function unitaryDeviation(a: ComplexMatrix): number {
  if (a.rows !== a.columns) throw shapeMismatch('a unitary must be square', a);
  if (!isFiniteVector(a)) return Number.POSITIVE_INFINITY;
  const deviation = maxDistance(multiply(adjoint(a), a), identity(a.rows));
  return Number.isNaN(deviation) ? Number.POSITIVE_INFINITY : deviation;
}

/**
 * The largest modulus of an entry of A − A†: 0 for a Hermitian; NaN and infinite entries give Infinity.
 *
 * @throws OrchestratorError QUANTUM_SHAPE_MISMATCH unless square
 */
export function hermitianDeviation(a: ComplexMatrix): number {
  if (a.rows !== a.columns) throw shapeMismatch('a Hermitian matrix must be square', a);
  if (!isFiniteVector(a)) return Number.POSITIVE_INFINITY;
  const n = a.rows;
  let max = 0;
  for (let r = 0; r < n; r++) {
    for (let c = 0; c <= r; c++) {
      const re = a.re[r * n + c] - a.re[c * n + r];
      const im = a.im[r * n + c] + a.im[c * n + r];
      max = largerModulus(max, re, im);
    }
  }
  return max;
}
