/** Entropies of states and of their parts, in bits. */
import { OrchestratorError } from '../../../base/errors.ts';
import { eigenvaluesHermitian } from '../../linear/hermitian-eigen.ts';
import { zeroThreshold } from '../../linear/matrix-function.ts';
import { UNWATCHED, type Watch } from '../../watch.ts';
import { checkQubits, otherQubits } from '../bits.ts';
import { checkDistribution, isDensity, type QuantumState } from '../density-matrix.ts';
import { basisProbabilities } from '../measurement.ts';
import { partialTrace } from '../partial-trace.ts';

/** −Σ p·log₂ p over what is above 0. */
function entropyOfAll(probabilities: Float64Array): number {
  let sum = 0;
  for (const p of probabilities) if (p > 0) sum -= p * Math.log2(p);
  // A sum that is 0 but for rounding, and never −0.
  return Math.max(0, sum);
}

/**
 * Shannon's entropy of a distribution, in bits.
 *
 * @throws OrchestratorError QUANTUM_PROBABILITY_INVALID
 */
export function shannonEntropy(probabilities: ArrayLike<number>): number {
  checkDistribution(probabilities);
  return entropyOfAll(Float64Array.from(probabilities));
}

/**
 * Eigenvalues of a state, ascending, those within rounding of 0 made 0; they add up to 1. O(8^qubits).
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function spectrum(state: QuantumState, watch: Watch = UNWATCHED): Float64Array {
  if (!isDensity(state)) return Float64Array.of(1);
  const values = eigenvaluesHermitian(state.matrix, watch);
  const zero = zeroThreshold(values);
  const kept = values.map((value) => (value > zero ? value : 0));
  const sum = kept.reduce((total, value) => total + value, 0);
  return kept.map((value) => value / sum);
}

/** Tr ρ², from 2^−qubits to 1. */
export function purity(state: QuantumState): number {
  if (!isDensity(state)) return 1;
  const { re, im } = state.matrix;
  let sum = 0;
  for (let i = 0; i < re.length; i++) sum += re[i] * re[i] + im[i] * im[i];
  return Math.min(1, sum);
}

/** Von Neumann's entropy −Tr ρ·log₂ ρ, from 0 to `qubits` bits. */
export function vonNeumannEntropy(state: QuantumState, watch: Watch = UNWATCHED): number {
  return isDensity(state) ? entropyOfAll(spectrum(state, watch)) : 0;
}

/**
 * Rényi's entropy log₂(Tr ρ^α)/(1 − α) in bits, and its limits.
 *
 * @param alpha - at least 0: 0 gives log₂ of the rank, 1 von Neumann's, Infinity the min-entropy
 * @throws OrchestratorError QUANTUM_PARAMETER_INVALID, QUANTUM_CANCELED
 */
export function renyiEntropy(state: QuantumState, alpha: number, watch: Watch = UNWATCHED): number {
  if (!(alpha >= 0)) {
    throw new OrchestratorError(
      'QUANTUM_PARAMETER_INVALID',
      `the order of a Rényi entropy must be at least 0, got ${alpha}`,
      { parameter: 'alpha' },
    );
  }
  if (!isDensity(state)) return 0;
  if (alpha === 2) return Math.max(0, -Math.log2(purity(state)));
  const values = spectrum(state, watch);
  const largest = values[values.length - 1];
  if (alpha === 1) return entropyOfAll(values);
  if (alpha === Number.POSITIVE_INFINITY) return Math.max(0, -Math.log2(largest));
  const kept = values.filter((value) => value > 0);
  // Divided by the largest first: powers of a large order would underflow.
  const sum = kept.reduce((total, value) => total + (value / largest) ** alpha, 0);
  return Math.max(0, (Math.log2(sum) + alpha * Math.log2(largest)) / (1 - alpha));
}

/**
 * Von Neumann's entropy of some qubits of a state, in bits.
 *
 * Of a pure state both sides have one entropy: the smaller one is looked at.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_TOO_LARGE, QUANTUM_CANCELED
 */
export function entropyOfQubits(
  state: QuantumState,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): number {
  checkQubits(qubits, state.qubits);
  const others = otherQubits(qubits, state.qubits);
  const looked = !isDensity(state) && others.length < qubits.length ? others : qubits;
  if (looked.length === 0) return 0;
  return vonNeumannEntropy(partialTrace(state, looked, watch), watch);
}

/** Two sets of qubits that have none in common. */
export interface Parts {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/**
 * S(A) + S(B) − S(AB) in bits: all correlations of two parts, 0 to 2·min(|A|, |B|).
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_TOO_LARGE, QUANTUM_CANCELED
 */
export function mutualInformation(
  state: QuantumState,
  { a, b }: Parts,
  watch: Watch = UNWATCHED,
): number {
  const joint = entropyOfQubits(state, [...a, ...b], watch);
  const parts = entropyOfQubits(state, a, watch) + entropyOfQubits(state, b, watch);
  return Math.max(0, parts - joint);
}

/**
 * S(A|B) = S(AB) − S(B) in bits: negative only where A and B are entangled.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_TOO_LARGE, QUANTUM_CANCELED
 */
export function conditionalEntropy(
  state: QuantumState,
  { a, b }: Parts,
  watch: Watch = UNWATCHED,
): number {
  return entropyOfQubits(state, [...a, ...b], watch) - entropyOfQubits(state, b, watch);
}

/**
 * Relative entropy of coherence S(diagonal of ρ) − S(ρ) in the computational basis, in bits.
 *
 * Source: Baumgratz, Cramer and Plenio, Phys. Rev. Lett. 113 (2014) 140401.
 */
export function relativeEntropyOfCoherence(state: QuantumState, watch: Watch = UNWATCHED): number {
  return Math.max(0, entropyOfAll(basisProbabilities(state)) - vonNeumannEntropy(state, watch));
}
