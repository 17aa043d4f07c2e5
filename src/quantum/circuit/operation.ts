import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import type { Kraus } from '../states/kraus.ts';
import type { Expression } from './classical.ts';
import type { GateName } from './gate-table.ts';

/** A further control of a gate, beside those that its name has. */
export interface Control {
  readonly qubit: number;
  /** State in which the gate acts: 0 for OpenQASM's `negctrl`. */
  readonly value: 0 | 1;
}

/** A gate of the table on qubits, in the order its name gives them: controls first. */
export interface GateOperation {
  readonly kind: 'gate';
  readonly name: GateName;
  /** Radians where they are angles; as many as the table says. */
  readonly params: readonly number[];
  readonly qubits: readonly number[];
  /** Empty for most; `ctrl @` beyond what names exist for ends here. */
  readonly controls: readonly Control[];
}

/** Any unitary; bit k of a row's number is the state of `qubits[k]`. */
export interface UnitaryOperation {
  readonly kind: 'unitary';
  readonly matrix: ComplexMatrix;
  readonly qubits: readonly number[];
  readonly controls: readonly Control[];
  /** For drawings and messages. */
  readonly label: string;
}

/** Everything that happens in a circuit, in order. */
export type Operation =
  | GateOperation
  | UnitaryOperation
  /** Multiplies the whole state by e^{i·angle}, in radians. */
  | { readonly kind: 'global-phase'; readonly angle: number }
  /** In the computational basis, into a classical bit of the circuit. */
  | { readonly kind: 'measure'; readonly qubit: number; readonly bit: number }
  | { readonly kind: 'reset'; readonly qubit: number }
  | { readonly kind: 'barrier'; readonly qubits: readonly number[] }
  | { readonly kind: 'channel'; readonly channel: Kraus; readonly qubits: readonly number[] }
  | {
      readonly kind: 'if';
      readonly condition: Expression;
      readonly then: readonly Operation[];
      readonly otherwise: readonly Operation[];
    }
  /** Bounded at run time: `QUANTUM_STEPS_EXCEEDED`. */
  | { readonly kind: 'while'; readonly condition: Expression; readonly body: readonly Operation[] }
  | { readonly kind: 'assign'; readonly variable: number; readonly value: Expression }
  /** Writes an integer's low bits into bits of the circuit; the first is the least significant. */
  | { readonly kind: 'store'; readonly bits: readonly number[]; readonly value: Expression }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'end' };

/** The operations that are unitary. */
export type UnitaryPart = Extract<Operation, { kind: 'gate' | 'unitary' | 'global-phase' }>;
