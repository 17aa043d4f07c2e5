/** Unitaries, checked, on some qubits of a pure or mixed state. */
import { OrchestratorError } from '../../base/errors.ts';
import { conjugate } from '../linear/arithmetic.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { unitaryDeviation } from '../linear/deviation.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { checkQubits } from './bits.ts';
import { isDensity, normaliseTrace, type QuantumState } from './density-matrix.ts';
import { normalise, VALIDITY_TOLERANCE } from './state-vector.ts';
import { transform } from './transform.ts';

/**
 * Refuses a matrix that is not a unitary of so many qubits.
 *
 * @throws OrchestratorError QUANTUM_NOT_UNITARY (details.deviation: largest entry of |U†U − I|),
 *   QUANTUM_DIMENSION_INVALID
 */
export function checkUnitary(matrix: ComplexMatrix, qubits: number): void {
  checkOperatorSize(matrix, qubits);
  const deviation = unitaryDeviation(matrix);
  if (deviation <= VALIDITY_TOLERANCE) return;
  throw new OrchestratorError(
    'QUANTUM_NOT_UNITARY',
    `U†U must be the identity to ${VALIDITY_TOLERANCE}, got a deviation of ${deviation}`,
    { deviation },
  );
}

/** Refuses a matrix that does not have 2^qubits rows and columns. */
export function checkOperatorSize(matrix: ComplexMatrix, qubits: number): void {
  const size = 2 ** qubits;
  if (matrix.rows === size && matrix.columns === size) return;
  throw new OrchestratorError(
    'QUANTUM_DIMENSION_INVALID',
    `a matrix on ${qubits} qubits must be ${size}×${size}, got ${matrix.rows}×${matrix.columns}`,
    { rows: matrix.rows, columns: matrix.columns, qubits },
  );
}

/** M·ψ or M·ρ·M† as it comes, not normalised: any square matrix on distinct qubits. */
export function applyOperator<S extends QuantumState>(
  state: S,
  matrix: ComplexMatrix,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): S {
  if (!isDensity(state)) {
    const vector = { re: state.re.slice(), im: state.im.slice() };
    transform(vector, matrix, qubits, watch);
    return { ...state, ...vector };
  }
  const result = { ...state.matrix, re: state.matrix.re.slice(), im: state.matrix.im.slice() };
  const rows = qubits.map((qubit) => qubit + state.qubits);
  transform(result, matrix, rows, watch);
  transform(result, conjugate(matrix), qubits, watch);
  return { ...state, matrix: result };
}

/**
 * U·ψ or U·ρ·U†, with bit k of U's rows being `qubits[k]`; normalised anew.
 *
 * @throws OrchestratorError QUANTUM_NOT_UNITARY, QUANTUM_DIMENSION_INVALID, QUANTUM_QUBITS_INVALID
 */
export function applyUnitary<S extends QuantumState>(
  state: S,
  unitary: ComplexMatrix,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): S {
  checkQubits(qubits, state.qubits);
  checkUnitary(unitary, qubits.length);
  const result = applyOperator(state, unitary, qubits, watch);
  if (isDensity(result)) normaliseTrace(result.matrix);
  else normalise(result);
  return result;
}
