import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import type { Kraus } from '../states/kraus.ts';
import type { SimulatedState } from './simulated-state.ts';
import type { Watch } from '../watch.ts';
import type { Rng } from '../../base/rng.ts';
import type { OutcomeCounts } from './outcome-counts.ts';

/** Outcomes and their probabilities, which sum to 1. Outcomes are packed as in a PackedTable. */
export interface Distribution {
  readonly words: number;
  /** Outcome i is at words i × words …; each at most once. */
  readonly keys: Uint32Array;
  readonly probabilities: Float64Array;
}

/** A simulated state that also tells its exact distributions, and perhaps takes channels as a whole. */
export interface ExactState extends SimulatedState {
  readonly copy: (watch: Watch) => ExactState;
  /**
   * The Born distribution of these qubits, outcomes below 1e-16 left out; null where more than
   * `countMax` outcomes would have to be listed.
   */
  readonly distribution: (
    qubits: readonly number[],
    countMax: number,
    watch: Watch,
  ) => Distribution | null;
  /** Like `sample`, straight into counts of as many bits as there are qubits. */
  readonly sampleInto?: (
    qubits: readonly number[],
    shots: number,
    into: { readonly rng: Rng; readonly counts: OutcomeCounts; readonly watch: Watch },
  ) => void;
  /** Applies a channel without drawing: density matrices can. */
  readonly applyChannel?: (channel: Kraus, qubits: readonly number[], watch: Watch) => void;
  /** Sets a qubit to |0⟩ without drawing: density matrices can. */
  readonly reset?: (qubit: number) => void;
  /** The density matrix of few qubits, bit k of a row's number for the k-th. */
  readonly reduced?: (qubits: readonly number[], watch: Watch) => ComplexMatrix;
  /** An upper bound on 1 − fidelity lost to truncation so far. */
  readonly truncationError?: () => number;
}
