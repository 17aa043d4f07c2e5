import type { Variable } from './classical.ts';
import type { Operation } from './operation.ts';

/** A named run of qubits or bits. */
export interface Register {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/**
 * A circuit: what happens to qubits 0 … qubits−1 and classical bits 0 … bits−1, all of them 0 at first.
 *
 * Qubit 0 is the least significant bit of a basis state's number, and the rightmost of a bitstring.
 * Immutable: the builder, the readers and the optimizer make new ones. Whoever makes one has checked
 * every operation against it: qubits and bits within bounds, distinct, parameters finite.
 */
export interface Circuit {
  readonly qubits: number;
  readonly bits: number;
  readonly operations: readonly Operation[];
  /** Names for qubits and bits; together they cover each of them once. */
  readonly quantumRegisters: readonly Register[];
  readonly classicalRegisters: readonly Register[];
  readonly variables: readonly Variable[];
}
