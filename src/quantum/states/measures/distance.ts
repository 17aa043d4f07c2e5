/** How alike two states are. */
import { multiply, multiplyVector, subtract } from '../../linear/arithmetic.ts';
import type { ComplexMatrix } from '../../linear/complex-matrix.ts';
import { eigenHermitian, eigenvaluesHermitian } from '../../linear/hermitian-eigen.ts';
import { squareRoot, zeroThreshold } from '../../linear/matrix-function.ts';
import { traceNorm } from '../../linear/singular-values.ts';
import { UNWATCHED, type Watch } from '../../watch.ts';
import { asDensity, isDensity, type DensityMatrix, type QuantumState } from '../density-matrix.ts';
import { checkSameQubits, innerProduct, type StateVector } from '../state-vector.ts';
import { vonNeumannEntropy } from './entropy.ts';

/** Weight outside a support that is taken for rounding. */
const SUPPORT_TOLERANCE = 1e-10;

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** ⟨ψ|ρ|ψ⟩. */
function overlap(psi: StateVector, rho: DensityMatrix): number {
  const image = multiplyVector(rho.matrix, psi);
  let sum = 0;
  for (let k = 0; k < psi.re.length; k++) sum += psi.re[k] * image.re[k] + psi.im[k] * image.im[k];
  return sum;
}

/**
 * Uhlmann's fidelity F = (Tr √(√ρ·σ·√ρ))², squared: |⟨a|b⟩|² for pure states; from 0 to 1.
 *
 * O(2^qubits) for two pure states, O(4^qubits) for one, O(8^qubits) for none; to about 1e-8 where
 * eigenvalues are near rounding of 0, else to 1e-13.
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID, QUANTUM_CANCELED
 */
export function fidelity(a: QuantumState, b: QuantumState, watch: Watch = UNWATCHED): number {
  checkSameQubits(a, b);
  if (!isDensity(a)) {
    if (isDensity(b)) return clamp(overlap(a, b));
    const [re, im] = innerProduct(a, b);
    return clamp(re * re + im * im);
  }
  if (!isDensity(b)) return clamp(overlap(b, a));
  const roots = multiply(squareRoot(a.matrix, watch), squareRoot(b.matrix, watch));
  return clamp(traceNorm(roots, watch) ** 2);
}

/** √(1 − |⟨a|b⟩|²), without cancellation for states that are nearly one. */
function pureDistance(a: StateVector, b: StateVector): number {
  const [re, im] = innerProduct(a, b);
  const size = Math.hypot(re, im);
  if (size < 0.5) return Math.sqrt(1 - size * size);
  // ‖b − ⟨a|b⟩·a‖² = 1 − |⟨a|b⟩|².
  let sum = 0;
  for (let k = 0; k < a.re.length; k++) {
    const restRe = b.re[k] - (re * a.re[k] - im * a.im[k]);
    const restIm = b.im[k] - (re * a.im[k] + im * a.re[k]);
    sum += restRe * restRe + restIm * restIm;
  }
  return Math.sqrt(sum);
}

/**
 * Trace distance ½·‖a − b‖₁, from 0 to 1: the bias with which one measurement tells two states apart.
 *
 * O(2^qubits) for pure states, else O(8^qubits).
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID, QUANTUM_TOO_LARGE, QUANTUM_CANCELED
 */
export function traceDistance(a: QuantumState, b: QuantumState, watch: Watch = UNWATCHED): number {
  checkSameQubits(a, b);
  if (!isDensity(a) && !isDensity(b)) return clamp(pureDistance(a, b));
  const difference = subtract(asDensity(a).matrix, asDensity(b).matrix);
  const values = eigenvaluesHermitian(difference, watch);
  return clamp(values.reduce((sum, value) => sum + Math.abs(value), 0) / 2);
}

/** ⟨v|ρ|v⟩ for every column v. */
function weights(vectors: ComplexMatrix, rho: ComplexMatrix): Float64Array {
  const n = vectors.rows;
  const images = multiply(rho, vectors);
  const result = new Float64Array(n);
  for (let i = 0; i < n * n; i++) {
    result[i % n] += vectors.re[i] * images.re[i] + vectors.im[i] * images.im[i];
  }
  return result;
}

/**
 * Relative entropy S(a‖b) = Tr a·(log₂ a − log₂ b) in bits; Infinity unless b's support contains a's.
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID, QUANTUM_TOO_LARGE, QUANTUM_CANCELED
 */
export function relativeEntropy(
  a: QuantumState,
  b: QuantumState,
  watch: Watch = UNWATCHED,
): number {
  checkSameQubits(a, b);
  const { values, vectors } = eigenHermitian(asDensity(b).matrix, watch);
  const zero = zeroThreshold(values);
  const shares = weights(vectors, asDensity(a).matrix);
  let outside = 0;
  let cross = 0;
  for (const [k, share] of shares.entries()) {
    if (values[k] > zero) cross -= share * Math.log2(values[k]);
    else outside += share;
  }
  if (outside > SUPPORT_TOLERANCE) return Number.POSITIVE_INFINITY;
  return Math.max(0, cross - vonNeumannEntropy(a, watch));
}
