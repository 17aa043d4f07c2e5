/** Mixed states of qubits: positive matrices of trace 1. */
import { OrchestratorError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { kronecker, trace } from '../linear/arithmetic.ts';
import { isPositiveDefinite } from '../linear/cholesky.ts';
import { identity, zeros, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { hermitianDeviation } from '../linear/deviation.ts';
import { eigenvaluesHermitian } from '../linear/hermitian-eigen.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { checkQubitCount } from './bits.ts';
import { randomState, VALIDITY_TOLERANCE, type StateVector } from './state-vector.ts';

/**
 * A mixed state. Treat it as immutable.
 *
 * Row r, column c of the matrix is ⟨r|ρ|c⟩; bit q of r and c is the state of qubit q.
 */
export interface DensityMatrix {
  readonly qubits: number;
  /** 2^qubits rows; Hermitian, positive semidefinite, trace 1. */
  readonly matrix: ComplexMatrix;
}

/** Any state, pure or mixed. */
export type QuantumState = StateVector | DensityMatrix;

/** 1 GiB of entries. */
export const DENSITY_QUBITS_MAX = 13;

/** True for a mixed state's representation, whether or not it happens to be pure. */
export function isDensity(state: QuantumState): state is DensityMatrix {
  return 'matrix' in state;
}

/** Refuses more qubits than a density matrix is made for. */
export function checkDensityQubits(qubits: number): void {
  checkQubitCount(qubits, DENSITY_QUBITS_MAX, (n) => 4 ** n);
}

/** Divides by the trace, in place, which rounding has moved from 1. */
export function normaliseTrace(matrix: ComplexMatrix): void {
  const factor = 1 / trace(matrix)[0];
  if (factor === 1) return;
  for (let i = 0; i < matrix.re.length; i++) {
    matrix.re[i] *= factor;
    matrix.im[i] *= factor;
  }
}

/** sum ← sum + weight·|ψ⟩⟨ψ|. */
function addProjector(sum: ComplexMatrix, weight: number, { re, im }: StateVector): void {
  const size = re.length;
  for (let r = 0, at = 0; r < size; r++) {
    const ar = weight * re[r];
    const ai = weight * im[r];
    if (ar === 0 && ai === 0) {
      at += size;
      continue;
    }
    for (let c = 0; c < size; c++, at++) {
      sum.re[at] += ar * re[c] + ai * im[c];
      sum.im[at] += ai * re[c] - ar * im[c];
    }
  }
}

/** |ψ⟩⟨ψ|. */
export function pureDensity(state: StateVector): DensityMatrix {
  checkDensityQubits(state.qubits);
  const matrix = zeros(state.re.length);
  addProjector(matrix, 1, state);
  return { qubits: state.qubits, matrix };
}

/** The density matrix of any state; itself if it is one. */
export function asDensity(state: QuantumState): DensityMatrix {
  return isDensity(state) ? state : pureDensity(state);
}

/** One of the states of a mixture and its probability. */
export interface MixturePart {
  readonly probability: number;
  readonly state: QuantumState;
}

/**
 * Σ pᵢρᵢ.
 *
 * @throws OrchestratorError QUANTUM_PROBABILITY_INVALID unless probabilities are ≥ 0 and add up to 1,
 *   QUANTUM_DIMENSION_INVALID for states of different numbers of qubits
 */
export function mixture(parts: readonly MixturePart[]): DensityMatrix {
  checkDistribution(parts.map(({ probability }) => probability));
  const qubits = parts[0].state.qubits;
  checkDensityQubits(qubits);
  const matrix = zeros(2 ** qubits);
  for (const { probability, state } of parts) {
    if (state.qubits !== qubits) {
      throw new OrchestratorError(
        'QUANTUM_DIMENSION_INVALID',
        `states of a mixture must have one number of qubits, got ${qubits} and ${state.qubits}`,
        { first: qubits, other: state.qubits },
      );
    }
    if (!isDensity(state)) {
      addProjector(matrix, probability, state);
      continue;
    }
    for (let i = 0; i < matrix.re.length; i++) {
      matrix.re[i] += probability * state.matrix.re[i];
      matrix.im[i] += probability * state.matrix.im[i];
    }
  }
  normaliseTrace(matrix);
  return { qubits, matrix };
}

/**
 * Refuses numbers that are not probabilities of all cases there are.
 *
 * @throws OrchestratorError QUANTUM_PROBABILITY_INVALID with details.sum
 */
export function checkDistribution(probabilities: ArrayLike<number>): void {
  let sum = 0;
  let least = 0;
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i];
    least = Math.min(least, probabilities[i]);
  }
  if (least >= -VALIDITY_TOLERANCE && Math.abs(sum - 1) <= VALIDITY_TOLERANCE) return;
  throw new OrchestratorError(
    'QUANTUM_PROBABILITY_INVALID',
    `probabilities must be at least 0 and add up to 1, got a sum of ${sum} and a least of ${least}`,
    { sum, least },
  );
}

function notADensity(property: string, must: string, deviation: number): Error {
  return new OrchestratorError(
    'QUANTUM_NOT_A_STATE',
    `a density matrix must ${must}, got a deviation of ${deviation}`,
    { property, deviation },
  );
}

/** (A + A†)/2 divided by its trace. */
function cleaned(a: ComplexMatrix): ComplexMatrix {
  const n = a.rows;
  const result = zeros(n);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < n; c++) {
      result.re[r * n + c] = (a.re[r * n + c] + a.re[c * n + r]) / 2;
      result.im[r * n + c] = (a.im[r * n + c] - a.im[c * n + r]) / 2;
    }
  }
  normaliseTrace(result);
  return result;
}

function checkPositive(matrix: ComplexMatrix, watch: Watch): void {
  if (isPositiveDefinite(matrix, VALIDITY_TOLERANCE, watch)) return;
  // Only a refusal costs the eigenvalues, of which the message tells the least.
  const [least] = eigenvaluesHermitian(matrix, watch);
  if (least < -VALIDITY_TOLERANCE) {
    throw notADensity('positive', 'have no negative eigenvalues', -least);
  }
}

/**
 * The mixed state of a matrix, checked to 1e-8: Hermitian, trace 1, positive. It is copied.
 *
 * O(8^qubits) for positivity.
 *
 * @throws OrchestratorError QUANTUM_NOT_A_STATE with details.property ('hermitian' | 'trace' |
 *   'positive') and details.deviation, QUANTUM_DIMENSION_INVALID, QUANTUM_TOO_LARGE
 */
export function densityFromMatrix(matrix: ComplexMatrix, watch: Watch = UNWATCHED): DensityMatrix {
  const qubits = Math.log2(matrix.rows);
  if (matrix.rows !== matrix.columns || !Number.isInteger(qubits)) {
    throw new OrchestratorError(
      'QUANTUM_DIMENSION_INVALID',
      `a density matrix must be square with a power of two of rows, got ${matrix.rows}×${matrix.columns}`,
      { rows: matrix.rows, columns: matrix.columns },
    );
  }
  checkDensityQubits(qubits);
  const asymmetry = hermitianDeviation(matrix);
  if (!(asymmetry <= VALIDITY_TOLERANCE)) {
    throw notADensity('hermitian', 'be finite and equal its adjoint', asymmetry);
  }
  const deviation = Math.abs(trace(matrix)[0] - 1);
  if (!(deviation <= VALIDITY_TOLERANCE)) throw notADensity('trace', 'have trace 1', deviation);
  const result = cleaned(matrix);
  checkPositive(result, watch);
  return { qubits, matrix: result };
}

/** I / 2^qubits. */
export function maximallyMixed(qubits: number): DensityMatrix {
  checkDensityQubits(qubits);
  const matrix = identity(2 ** qubits);
  normaliseTrace(matrix);
  return { qubits, matrix };
}

/**
 * A mixed state of that rank at most, by tracing a Haar-random state of more qubits.
 *
 * With all 2^qubits it is drawn from the Hilbert–Schmidt measure (Życzkowski and Sommers, J. Phys. A 34
 * (2001) 7111).
 *
 * @param environment - qubits traced out; the rank is 2^environment at most
 */
export function randomDensity(qubits: number, environment: number, rng: Rng): DensityMatrix {
  checkDensityQubits(qubits);
  const state = randomState(qubits + environment, rng);
  const size = 2 ** qubits;
  const matrix = zeros(size);
  for (let start = 0; start < state.re.length; start += size) {
    addProjector(matrix, 1, {
      qubits,
      re: state.re.subarray(start, start + size),
      im: state.im.subarray(start, start + size),
    });
  }
  return { qubits, matrix };
}

/** high ⊗ low: the qubits of `low` keep their numbers, those of `high` follow. */
export function tensorDensities(high: QuantumState, low: QuantumState): DensityMatrix {
  const qubits = high.qubits + low.qubits;
  checkDensityQubits(qubits);
  return { qubits, matrix: kronecker(asDensity(high).matrix, asDensity(low).matrix) };
}
