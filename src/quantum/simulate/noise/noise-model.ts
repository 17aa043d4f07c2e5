import type { Kraus } from '../../states/kraus.ts';
import type { GateName } from '../../circuit/gate-table.ts';
import type { ReadoutError } from './readout.ts';

/** Noise behind gates. All rules that fit a gate apply, in order. */
export interface GateNoise {
  /** Gates by name, or all of them; `unitary` stands for those without a name. */
  readonly gates: 'all' | ReadonlySet<GateName | 'unitary'>;
  /**
   * Lists of qubits, in the gate's order and controls included, that the gate must be on; null: any.
   */
  readonly qubits: readonly (readonly number[])[] | null;
  /**
   * Of one qubit: applied to each of the gate's qubits. Of more: to gates of just that many.
   */
  readonly channel: Kraus;
}

/** Wrong readings of some qubits; the last rule that fits a qubit counts. */
export interface ReadoutNoise {
  /** Null: all. */
  readonly qubits: ReadonlySet<number> | null;
  readonly error: ReadoutError;
}

/** What goes wrong, and where. */
export interface NoiseModel {
  readonly gates: readonly GateNoise[];
  readonly readout: readonly ReadoutNoise[];
  /**
   * Applied to a qubit for every moment in which others are worked on and it is not, from its first
   * operation to its last; operations are as early as their qubits allow.
   */
  readonly idle: Kraus | null;
}

/** Nothing goes wrong. */
export const NOISELESS: NoiseModel = { gates: [], readout: [], idle: null };
