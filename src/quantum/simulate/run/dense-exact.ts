import type { Rng } from '../../../base/rng.ts';
import type { ComplexMatrix } from '../../linear/complex-matrix.ts';
import type { Watch } from '../../watch.ts';
import { DenseState, type DenseOptions } from '../dense-state.ts';
import { distributionOfWeights } from '../distribution-of-weights.ts';
import type { Distribution, ExactState } from '../exact-state.ts';
import type { UnitaryPart } from '../../circuit/operation.ts';
import type { Outcomes } from '../simulated-state.ts';
import { densityOfExpectations } from './pauli-density.ts';

/** A dense state with its exact distributions. */
export class DenseExact implements ExactState {
  readonly qubits: number;
  readonly #state: DenseState;

  private constructor(state: DenseState) {
    this.qubits = state.qubits;
    this.#state = state;
  }

  /** |0…0⟩. */
  static create(qubits: number, options: DenseOptions): DenseExact {
    return new DenseExact(DenseState.create(qubits, options));
  }

  copy(): DenseExact {
    return new DenseExact(this.#state.copy());
  }

  applyAll(operations: readonly UnitaryPart[], watch: Watch): void {
    this.#state.applyAll(operations, watch);
  }

  probabilityOfOne(qubit: number): number {
    return this.#state.probabilityOfOne(qubit);
  }

  collapse(qubit: number, outcome: 0 | 1): void {
    this.#state.collapse(qubit, outcome);
  }

  sample(qubits: readonly number[], shots: number, rng: Rng): Outcomes {
    return this.#state.sample(qubits, shots, rng);
  }

  distribution(qubits: readonly number[], countMax: number): Distribution | null {
    return distributionOfWeights(this.#state.probabilities(qubits), countMax);
  }

  reduced(qubits: readonly number[]): ComplexMatrix {
    return densityOfExpectations(qubits.length, (letters) =>
      this.#state.expectationPauli(letters, qubits),
    );
  }

  amplitudes(): { readonly re: Float64Array; readonly im: Float64Array } {
    return this.#state.amplitudes();
  }
}
