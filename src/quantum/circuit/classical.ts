/**
 * What a circuit computes beside its qubits while it runs: values that depend on measurements.
 *
 * Whatever is known before (constants, loops over constant ranges, subroutines) is unrolled when a
 * program is read; only the rest is here.
 */

/** Width-bound integers wrap modulo 2^width; at most 64 bits. */
export type ClassicalType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly width: number; readonly isSigned: boolean }
  | { readonly kind: 'float' };

/** A variable of a circuit; `assign` and `variable` name it by its place in the list. */
export interface Variable {
  readonly name: string;
  readonly type: ClassicalType;
  /** Integers as bigint, floats as number. */
  readonly initial: bigint | number | boolean;
}

export type UnaryOperator = '-' | '~' | '!' | 'popcount';
export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '&'
  | '|'
  | '^'
  | '<<'
  | '>>'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '&&'
  | '||';

export type Expression =
  | { readonly kind: 'literal'; readonly value: bigint | number | boolean }
  /** One classical bit of the circuit, as an integer 0 or 1. */
  | { readonly kind: 'bit'; readonly bit: number }
  /** Bits as an unsigned integer; the first is the least significant. */
  | { readonly kind: 'bits'; readonly bits: readonly number[] }
  | { readonly kind: 'variable'; readonly variable: number }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'cast'; readonly type: ClassicalType; readonly operand: Expression };
