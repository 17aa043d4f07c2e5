import type { Operation } from '../circuit/operation.ts';

export type Branching = Extract<Operation, { kind: 'if' }>;
export type Loop = Extract<Operation, { kind: 'while' }>;
type Plain = Exclude<Operation, Branching | Loop>;

/** What routing does next: an operation of the circuit given, or a swap of two of the machine's qubits. */
export type RoutingStep =
  | { readonly kind: 'swap'; readonly qubits: readonly [number, number] }
  | { readonly kind: 'plain'; readonly source: Plain }
  | {
      readonly kind: 'branching';
      readonly source: Branching;
      readonly then: readonly RoutingStep[];
      readonly otherwise: readonly RoutingStep[];
    }
  | { readonly kind: 'loop'; readonly source: Loop; readonly body: readonly RoutingStep[] };
