/** Operators of OpenQASM on values: computed now where both sides are known, else by the circuit. */
import type { Expression } from '../circuit/classical.ts';
import { arithmetic, commonAngle, integerType, isFloat } from './arithmetic.ts';
import type { BinarySign, UnarySign } from './ast.ts';
import { convert, numberOf } from './convert.ts';
import { complexOperation, durationOperation } from './operate-special.ts';
import { BITS_MAX, bounded, castTo, joined, refused, wrapTo, type Outcome } from './outcome.ts';
import {
  BOOL,
  computed,
  expressionOf,
  FLOAT,
  INTEGER,
  known,
  typeName,
  uintType,
  type Known,
  type QasmType,
  type Value,
} from './value.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const BITWISE: ReadonlySet<string> = new Set(['&', '|', '^']);

export function unary(sign: UnarySign, operand: Value): Outcome {
  const { type } = operand;
  if (sign === '!' || (sign === '~' && type.kind === 'bool')) {
    const condition = convert(operand, BOOL);
    if (condition === null) return refused(sign, type);
    if (condition.known !== null) return known(BOOL, condition.known !== true);
    return computed(BOOL, { kind: 'unary', operator: '!', operand: condition.expression });
  }
  if (sign === '~') return bitwiseNot(operand);
  return negate(operand);
}

function bitwiseNot(operand: Value): Outcome {
  const { type } = operand;
  if (type.kind !== 'bit' && type.kind !== 'int' && type.kind !== 'angle') {
    return refused('~', type);
  }
  if (operand.known !== null) return known(type, wrapTo(type, ~(operand.known as bigint)));
  const flipped: Expression = { kind: 'unary', operator: '~', operand: operand.expression };
  return computed(type, castTo(type, flipped));
}

function negate(operand: Value): Outcome {
  const { type } = operand;
  if (type.kind === 'bit' || type.kind === 'bool') return refused('-', type);
  if (operand.known !== null) {
    const value = operand.known;
    if (typeof value === 'number') return known(type, -value);
    if (typeof value === 'bigint') return known(type, wrapTo(type, -value));
    if (typeof value === 'object' && 're' in value)
      return known(type, { re: -value.re, im: -value.im });
    if (typeof value === 'object') {
      return known(type, { ...value, seconds: -value.seconds, units: -value.units });
    }
    return refused('-', type);
  }
  const negative: Expression = { kind: 'unary', operator: '-', operand: operand.expression };
  return computed(type, castTo(type, negative));
}

export function binary(sign: BinarySign, left: Value, right: Value): Outcome {
  const kinds = [left.type.kind, right.type.kind];
  if (kinds.includes('duration')) return durationOperation(sign, left, right);
  if (kinds.includes('complex')) return complexOperation(sign, left, right);
  if (sign === '&&' || sign === '||') return logical(sign, left, right);
  if (COMPARISONS.has(sign)) return compare(sign, left, right);
  if (sign === '<<' || sign === '>>') return shift(sign, left, right);
  if (BITWISE.has(sign)) return bitwise(sign, left, right);
  return arithmetic(sign, left, right);
}

function logical(sign: '&&' | '||', left: Value, right: Value): Outcome {
  const a = convert(left, BOOL);
  const b = convert(right, BOOL);
  if (a === null || b === null) return refused(sign, left.type, right.type);
  // A known side decides, or leaves the other one.
  const decides = sign === '||';
  if (a.known !== null) return a.known === decides ? a : b;
  if (b.known !== null) return b.known === decides ? b : a;
  return computed(BOOL, joined(sign, a.expression, b.expression));
}

/** Both sides as one type: angles where one is one, floats, or integers. */
function compare(sign: BinarySign, left: Value, right: Value): Outcome {
  const angle = commonAngle(left, right);
  const type = angle ?? (isFloat(left) || isFloat(right) ? FLOAT : null);
  const a = type === null ? left : convert(left, type);
  const b = type === null ? right : convert(right, type);
  if (a === null || b === null) return refused(sign, left.type, right.type);
  if (a.known !== null && b.known !== null) {
    return known(BOOL, compareKnown(sign, plain(a.known), plain(b.known)));
  }
  const [x, y] = [expressionOf(a), expressionOf(b)];
  if (x === null || y === null) return refused(sign, left.type, right.type);
  return computed(BOOL, joined(sign, asNumber(a, x), asNumber(b, y)));
}

/** Booleans among integers are 0 and 1. */
function plain(value: Known): bigint | number {
  return typeof value === 'number' ? value : BigInt(value as bigint | boolean);
}

function asNumber(value: Value, expression: Expression): Expression {
  if (value.type.kind !== 'bool') return expression;
  if (value.known !== null) return { kind: 'literal', value: value.known === true ? 1n : 0n };
  return { kind: 'cast', type: { kind: 'int', width: 1, isSigned: false }, operand: expression };
}

function compareKnown(sign: BinarySign, a: bigint | number, b: bigint | number): boolean {
  switch (sign) {
    case '==':
      // Equality without conversion would tell a bigint from the same number.
      return !(a < b) && !(a > b);
    case '!=':
      return a < b || a > b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

function shift(sign: '<<' | '>>', left: Value, right: Value): Outcome {
  const { type } = left;
  const count = convert(right, INTEGER);
  const isShiftable = type.kind === 'bit' || type.kind === 'int' || type.kind === 'angle';
  if (!isShiftable || right.type.kind === 'float' || count === null) {
    return refused(sign, type, right.type);
  }
  if (left.known !== null && count.known !== null) {
    const by = count.known as bigint;
    if (by < 0n || by > BITS_MAX) return `a shift is by 0 to ${BITS_MAX}, got ${by}`;
    const value = left.known as bigint;
    return bounded(type, wrapTo(type, sign === '<<' ? value << by : value >> by));
  }
  const [a, b] = [expressionOf(left), expressionOf(count)];
  if (a === null || b === null) return refused(sign, type, right.type);
  return computed(type, castTo(type, joined(sign, a, b)));
}

function bitwise(sign: BinarySign, left: Value, right: Value): Outcome {
  const type = bitwiseType(left.type, right.type);
  if (type === null) return refused(sign, left.type, right.type);
  if (type.kind === 'bool') return bitwiseBool(sign, left, right);
  const [a, b] = [integral(left), integral(right)];
  if (a === null || b === null) return refused(sign, left.type, right.type);
  if (a.known !== null && b.known !== null) {
    const [x, y] = [a.known as bigint, b.known as bigint];
    return known(type, wrapTo(type, sign === '&' ? x & y : sign === '|' ? x | y : x ^ y));
  }
  const [x, y] = [expressionOf(a), expressionOf(b)];
  if (x === null || y === null) return refused(sign, left.type, right.type);
  return computed(type, castTo(type, joined(sign, x, y)));
}

/** On conditions, `&`, `|` and `^` are and, or, unequal. */
function bitwiseBool(sign: BinarySign, left: Value, right: Value): Outcome {
  if (sign === '^') return compare('!=', left, right);
  return logical(sign === '&' ? '&&' : '||', left, right);
}

function integral(value: Value): Value | null {
  return value.type.kind === 'bool' ? convert(value, uintType(1)) : value;
}

function bitwiseType(a: QasmType, b: QasmType): QasmType | null {
  if (a.kind === 'bool' && b.kind === 'bool') return BOOL;
  if (a.kind === 'bool') return b.kind === 'bit' || b.kind === 'int' ? b : null;
  if (b.kind === 'bool') return bitwiseType(b, a);
  if (a.kind === 'bit' && b.kind === 'bit') return (a.size ?? 1) === (b.size ?? 1) ? a : null;
  if (a.kind === 'bit' || a.kind === 'angle') return b.kind === 'int' || isAlike(a, b) ? a : null;
  if (b.kind === 'bit' || b.kind === 'angle') return bitwiseType(b, a);
  return a.kind === 'int' && b.kind === 'int' ? integerType(a, b) : null;
}

function isAlike(a: QasmType, b: QasmType): boolean {
  return typeName(a) === typeName(b);
}

/** A known real number, or null. */
export function realOf(value: Value): number | null {
  return value.known === null ? null : numberOf(value.known, value.type);
}
