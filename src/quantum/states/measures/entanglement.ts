/** Measures of entanglement: of two qubits, and across any cut. */
import { OrchestratorError } from '../../../base/errors.ts';
import { conjugate, multiply } from '../../linear/arithmetic.ts';
import { matrix, zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { eigenvaluesHermitian } from '../../linear/hermitian-eigen.ts';
import { squareRoot } from '../../linear/matrix-function.ts';
import { singularValues } from '../../linear/singular-values.ts';
import { UNWATCHED, type Watch } from '../../watch.ts';
import { checkQubits, maskOf } from '../bits.ts';
import { isDensity, type DensityMatrix, type QuantumState } from '../density-matrix.ts';
import { schmidtCoefficients } from './schmidt.ts';

/** σ_y ⊗ σ_y. */
const FLIP: ComplexMatrix = matrix([
  [0, 0, 0, -1],
  [0, 0, 1, 0],
  [0, 1, 0, 0],
  [-1, 0, 0, 0],
]);

function requireTwoQubits({ qubits }: QuantumState): void {
  if (qubits === 2) return;
  throw new OrchestratorError(
    'QUANTUM_DIMENSION_INVALID',
    `a concurrence must be asked of 2 qubits (trace out the others), got ${qubits}`,
    { qubits },
  );
}

/**
 * Wootters' concurrence of two qubits: 0 for separable states, 1 for Bell states.
 *
 * Source: Wootters, Phys. Rev. Lett. 80 (1998) 2245; the λ are taken as singular values of
 * √ρ·(σ_y⊗σ_y)·√ρ*, which keeps their digits.
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID unless of two qubits
 */
export function concurrence(state: QuantumState): number {
  requireTwoQubits(state);
  if (!isDensity(state)) {
    const { re, im } = state;
    const real = re[0] * re[3] - im[0] * im[3] - re[1] * re[2] + im[1] * im[2];
    const imaginary = re[0] * im[3] + im[0] * re[3] - re[1] * im[2] - im[1] * re[2];
    return Math.min(1, 2 * Math.hypot(real, imaginary));
  }
  const root = squareRoot(state.matrix);
  const { values } = singularValues(multiply(multiply(root, FLIP), conjugate(root)));
  return Math.min(1, Math.max(0, values[0] - values[1] - values[2] - values[3]));
}

/** −p·log₂ p − (1 − p)·log₂(1 − p). */
function binaryEntropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - ((1 - p) * Math.log1p(-p)) / Math.LN2;
}

/**
 * Entanglement of formation of two qubits in ebits, 0 to 1.
 *
 * Source: Wootters, Phys. Rev. Lett. 80 (1998) 2245.
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID unless of two qubits
 */
export function entanglementOfFormation(state: QuantumState): number {
  const c = concurrence(state);
  // (1 − √(1 − C²))/2 without cancellation; the entropy is symmetric.
  const p = (c * c) / (2 * (1 + Math.sqrt(Math.max(0, 1 - c * c))));
  return binaryEntropy(p);
}

/**
 * The matrix of a mixed state with rows and columns exchanged on these qubits; Hermitian, of trace 1.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID
 */
export function partialTranspose(state: DensityMatrix, qubits: readonly number[]): ComplexMatrix {
  checkQubits(qubits, state.qubits);
  const mask = maskOf(qubits);
  const { rows: n, re, im } = state.matrix;
  const result = zeros(n);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < n; c++) {
      const exchanged = (r ^ c) & mask;
      const from = (r ^ exchanged) * n + (c ^ exchanged);
      result.re[r * n + c] = re[from];
      result.im[r * n + c] = im[from];
    }
  }
  return result;
}

/**
 * Negativity between `qubits` and the others: the sum of what is negative in the spectrum of the
 * partial transpose, without its sign; ½ for Bell states.
 *
 * Source: Vidal and Werner, Phys. Rev. A 65 (2002) 032314.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_CANCELED
 */
export function negativity(
  state: QuantumState,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): number {
  if (!isDensity(state)) {
    const coefficients = schmidtCoefficients(state, qubits, watch);
    const sum = coefficients.reduce((total, value) => total + value, 0);
    return Math.max(0, (sum * sum - 1) / 2);
  }
  const values = eigenvaluesHermitian(partialTranspose(state, qubits), watch);
  return values.reduce((sum, value) => (value < 0 ? sum - value : sum), 0);
}

/**
 * Logarithmic negativity log₂(2·negativity + 1): 1 for Bell states, additive for products.
 *
 * @throws OrchestratorError as {@link negativity}
 */
export function logarithmicNegativity(
  state: QuantumState,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): number {
  return Math.log1p(2 * negativity(state, qubits, watch)) / Math.LN2;
}
