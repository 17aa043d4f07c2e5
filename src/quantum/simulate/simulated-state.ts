import type { Rng } from '../../base/rng.ts';
import type { UnitaryPart } from '../circuit/operation.ts';
import type { Watch } from '../watch.ts';

/** How often each outcome was seen: bit k of an outcome is the k-th qubit asked for. */
export type Outcomes = ReadonlyMap<bigint, number>;

/**
 * A state that gates act on, in whatever representation; |0…0⟩ when it is made. Mutable.
 *
 * Everything that takes a watch may throw QUANTUM_CANCELED; what was to be changed is undefined then.
 */
export interface SimulatedState {
  readonly qubits: number;
  /**
   * Applies operations in order; a representation may fuse and reorder them as long as the outcome is
   * the same to rounding.
   *
   * @throws OrchestratorError for what the representation cannot hold
   */
  readonly applyAll: (operations: readonly UnitaryPart[], watch: Watch) => void;
  /** Probability of reading 1, in [0, 1]. */
  readonly probabilityOfOne: (qubit: number, watch: Watch) => number;
  /** Projects on `outcome`, which has a probability above zero, and normalises. */
  readonly collapse: (qubit: number, outcome: 0 | 1, watch: Watch) => void;
  /** Draws from the Born distribution of these qubits without changing the state. */
  readonly sample: (qubits: readonly number[], shots: number, rng: Rng, watch: Watch) => Outcomes;
  readonly copy: (watch: Watch) => SimulatedState;
}
