import type { ComplexMatrix } from '../linear/complex-matrix.ts';

/**
 * A channel ρ → Σ KᵢρKᵢ† with ΣKᵢ†Kᵢ = I, checked when it is made.
 *
 * Bit k of a row's number is the state of the k-th qubit it is applied to.
 */
export interface Kraus {
  /** For messages and drawings. */
  readonly name: string;
  readonly qubits: number;
  readonly operators: readonly ComplexMatrix[];
}
