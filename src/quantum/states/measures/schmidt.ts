/** Schmidt decomposition of pure states across any cut. */
import { adjoint } from '../../linear/arithmetic.ts';
import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { singularValues } from '../../linear/singular-values.ts';
import { UNWATCHED, type Watch } from '../../watch.ts';
import { bitOffsets, checkQubits, otherQubits } from '../bits.ts';
import type { StateVector } from '../state-vector.ts';

/** ψ = Σ coefficientₖ · |leftₖ⟩ ⊗ |rightₖ⟩. */
export interface SchmidtDecomposition {
  /** Descending, ≥ 0, squares adding up to 1; as many as the smaller side has dimensions. */
  readonly coefficients: Float64Array;
  /** How many coefficients are above rounding: 1 for a product. */
  readonly rank: number;
  readonly leftQubits: readonly number[];
  readonly rightQubits: readonly number[];
  /** Orthonormal columns; bit j of a row's number is `leftQubits[j]`. */
  readonly left: ComplexMatrix;
  /** Orthonormal columns; bit j of a row's number is `rightQubits[j]`. */
  readonly right: ComplexMatrix;
}

/** Coefficients below this share of the largest come from rounding of amplitudes. */
const RANK_TOLERANCE = 1e-12;

/** Amplitudes with the bits of `qubits` for rows and those of `others` for columns. */
function reshape(
  state: StateVector,
  qubits: readonly number[],
  others: readonly number[],
): ComplexMatrix {
  const rows = bitOffsets(qubits);
  const columns = bitOffsets(others);
  const result = zeros(rows.length, columns.length);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      result.re[at] = state.re[row + column];
      result.im[at] = state.im[row + column];
      at++;
    }
  }
  return result;
}

/**
 * The Schmidt decomposition between `qubits` and the others, which follow ascending.
 *
 * O(2^qubits · 2^smaller side) and O(sweeps · 8^smaller side); eight qubits on the smaller side take
 * half a second, each more eight times as long.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_CANCELED
 */
export function schmidtDecomposition(
  state: StateVector,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): SchmidtDecomposition {
  checkQubits(qubits, state.qubits);
  const others = otherQubits(qubits, state.qubits);
  const { left, values, right } = singularValues(reshape(state, qubits, others), watch);
  const rank = values.filter((value) => value > RANK_TOLERANCE * values[0]).length;
  // A = L·Σ·R† reads ψ = Σ σ·l ⊗ conj(r).
  const conjugated = { ...right, im: right.im.map((value) => 0 - value) };
  return {
    coefficients: values,
    rank,
    leftQubits: qubits,
    rightQubits: others,
    left,
    right: conjugated,
  };
}

/** Schmidt coefficients alone, descending. */
export function schmidtCoefficients(
  state: StateVector,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): Float64Array {
  checkQubits(qubits, state.qubits);
  const reshaped = reshape(state, qubits, otherQubits(qubits, state.qubits));
  const wide = reshaped.rows <= reshaped.columns ? reshaped : adjoint(reshaped);
  return singularValues(wide, watch).values;
}
