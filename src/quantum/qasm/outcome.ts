/** What operators make of values: a result that fits its type, or why there is none. */
import type { BinaryOperator, Expression } from '../circuit/classical.ts';
import {
  asType,
  classicalType,
  known,
  typeName,
  wrap,
  type QasmType,
  type Value,
} from './value.ts';

/** Bits that a constant without a width may have. */
export const BITS_MAX = 4096;

/** A result, or why there is none, in words. */
export type Outcome = Value | string;

/** Why a sign takes no such values. */
export function refused(sign: string, ...types: readonly QasmType[]): string {
  return `'${sign}' takes no ${types.map(typeName).join(' and ')}`;
}

/** An integer as a type of limited width holds it. */
export function wrapTo(type: QasmType, value: bigint): bigint {
  if (type.kind === 'bit') return wrap(value, type.size ?? 1, false);
  if (type.kind === 'angle') return wrap(value, type.width, false);
  return type.kind === 'int' && type.width !== null
    ? wrap(value, type.width, type.isSigned)
    : value;
}

/** An expression as a type of limited width holds it. */
export function castTo(type: QasmType, operand: Expression): Expression {
  const classical = classicalType(type);
  return classical?.kind === 'int' ? asType(classical, operand) : operand;
}

export function joined(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  return { kind: 'binary', operator, left, right };
}

/** Refuses constants without a width that grow without end. */
export function bounded(type: QasmType, value: bigint): Outcome {
  if (type.kind !== 'int' || type.width !== null) return known(type, value);
  const limit = 1n << BigInt(BITS_MAX);
  if (value >= limit || value <= -limit) return `an integer has at most ${BITS_MAX} bits`;
  return known(type, value);
}
