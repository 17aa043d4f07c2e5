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

  copy(watch: Watch): DenseExact {
    return new DenseExact(this.#state.copy(watch));
  }

  applyAll(operations: readonly UnitaryPart[], watch: Watch): void {
    this.#state.applyAll(operations, watch);
  }

  probabilityOfOne(qubit: number, watch: Watch): number {
    return this.#state.probabilityOfOne(qubit, watch);
  }

  collapse(qubit: number, outcome: 0 | 1, watch: Watch): void {
    this.#state.collapse(qubit, outcome, watch);
  }

  sample(qubits: readonly number[], shots: number, rng: Rng, watch: Watch): Outcomes {
    return this.#state.sample(qubits, shots, rng, watch);
  }

  distribution(qubits: readonly number[], countMax: number, watch: Watch): Distribution | null {
    return distributionOfWeights(this.#state.probabilities(qubits, watch), countMax, watch);
  }

  reduced(qubits: readonly number[], watch: Watch): ComplexMatrix {
    return densityOfExpectations(qubits.length, (letters) =>
      this.#state.expectationPauli(letters, qubits, watch),
    );
  }

  amplitudes(watch: Watch): { readonly re: Float64Array; readonly im: Float64Array } {
    return this.#state.amplitudes(watch);
  }
}
