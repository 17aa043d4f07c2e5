/**
 * Values of classical expressions while a circuit runs.
 *
 * Integers have a width and wrap modulo 2^width; a literal takes the type of the other side, so that
 * `x + 1` stays as wide as `x`. Of two widths the larger holds, and of equal widths the unsigned one
 * (C99 §6.3.1.8). Comparisons are exact whatever the types. Division truncates towards zero.
 */
import { OrchestratorError } from '../../base/errors.ts';
import { invariant, unreachable } from '../../base/invariant.ts';
import type {
  BinaryOperator,
  ClassicalType,
  Expression,
  UnaryOperator,
  Variable,
} from './classical.ts';

/** Integers as bigint, floats as number. */
export type ClassicalValue = bigint | number | boolean;

/** What expressions read. */
export interface ClassicalMemory {
  /** One entry a classical bit of the circuit, 0 or 1. */
  readonly bits: Uint8Array;
  /** Values of the circuit's variables, each within its type. */
  readonly values: readonly ClassicalValue[];
  readonly variables: readonly Variable[];
}

interface IntegerType {
  readonly width: number;
  readonly isSigned: boolean;
}

/** An integer that knows its type (null: a literal, which takes the other side's), or another value. */
interface Typed {
  readonly value: ClassicalValue;
  readonly type: IntegerType | null;
}

const LITERAL_TYPE: IntegerType = { width: 64, isSigned: true };
const POPCOUNT_TYPE: IntegerType = { width: 64, isSigned: false };
const BIT_TYPE: IntegerType = { width: 1, isSigned: false };

function wrap(value: bigint, { width, isSigned }: IntegerType): bigint {
  return isSigned ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

function refuse(message: string): never {
  throw new OrchestratorError('QUANTUM_ARITHMETIC', message);
}

/** A value as an integer; floats lose their fraction. */
function integerOf(value: ClassicalValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (!Number.isFinite(value))
    refuse(`a number that becomes an integer must be finite, got ${value}`);
  return BigInt(Math.trunc(value));
}

/** Whether a condition of that value holds: anything but zero does. */
export function isTrue(value: ClassicalValue): boolean {
  return typeof value === 'boolean'
    ? value
    : typeof value === 'bigint'
      ? value !== 0n
      : value !== 0;
}

/** `value` as a variable of that type keeps it. */
export function convert(value: ClassicalValue, type: ClassicalType): ClassicalValue {
  switch (type.kind) {
    case 'bool':
      return isTrue(value);
    case 'float':
      return Number(value);
    case 'int':
      return wrap(integerOf(value), type);
    default:
      return unreachable(type);
  }
}

function typed(value: ClassicalValue, type: ClassicalType): Typed {
  return { value: convert(value, type), type: type.kind === 'int' ? type : null };
}

function bitsValue(bits: readonly number[], memory: Uint8Array): bigint {
  let value = 0n;
  for (let k = bits.length - 1; k >= 0; k--) value = (value << 1n) | BigInt(memory[bits[k]]);
  return value;
}

function unary(operator: UnaryOperator, { value, type }: Typed): Typed {
  if (operator === '!') return { value: !isTrue(value), type: null };
  if (operator === '-' && typeof value === 'number') return { value: -value, type: null };
  const integer = integerOf(value);
  const own = type ?? LITERAL_TYPE;
  if (operator === '-') return { value: wrap(-integer, own), type };
  if (operator === '~') {
    return typeof value === 'boolean'
      ? { value: !value, type: null }
      : { value: wrap(~integer, own), type };
  }
  let count = 0n;
  for (let rest = BigInt.asUintN(own.width, integer); rest > 0n; rest &= rest - 1n) count++;
  return { value: count, type: POPCOUNT_TYPE };
}

function commonType(left: IntegerType | null, right: IntegerType | null): IntegerType | null {
  if (left === null || right === null) return left ?? right;
  if (left.width !== right.width) return left.width > right.width ? left : right;
  return left.isSigned ? right : left;
}

/** base^exponent modulo 2^width, by squaring: never larger than twice the width. */
function power(base: bigint, exponent: bigint, width: number): bigint {
  if (exponent < 0n) refuse(`an integer's exponent must be at least 0, got ${exponent}`);
  let result = 1n;
  let square = BigInt.asUintN(width, base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = BigInt.asUintN(width, result * square);
    square = BigInt.asUintN(width, square * square);
  }
  return result;
}

function shifted(operator: '<<' | '>>', left: Typed, right: Typed): Typed {
  const type = left.type ?? LITERAL_TYPE;
  const distance = integerOf(right.value);
  if (distance < 0n) refuse(`a shift must be by at least 0 places, got ${distance}`);
  const places = distance > BigInt(type.width) ? BigInt(type.width) : distance;
  const value = integerOf(left.value);
  return {
    value: wrap(operator === '<<' ? value << places : value >> places, type),
    type: left.type,
  };
}

type IntegerOperator = '+' | '-' | '*' | '/' | '%' | '**' | '&' | '|' | '^';

function onIntegers(operator: IntegerOperator, l: bigint, r: bigint, width: number): bigint {
  switch (operator) {
    case '+':
      return l + r;
    case '-':
      return l - r;
    case '*':
      return l * r;
    case '/':
      return r === 0n ? refuse(`a divisor must not be zero, got ${l} / 0`) : l / r;
    case '%':
      return r === 0n ? refuse(`a divisor must not be zero, got ${l} % 0`) : l % r;
    case '**':
      return power(l, r, width);
    case '&':
      return l & r;
    case '|':
      return l | r;
    case '^':
      return l ^ r;
    default:
      return unreachable(operator);
  }
}

function onFloats(operator: IntegerOperator, l: number, r: number): number {
  switch (operator) {
    case '+':
      return l + r;
    case '-':
      return l - r;
    case '*':
      return l * r;
    case '/':
      return l / r;
    case '%':
      return l % r;
    case '**':
      return l ** r;
    case '&':
    case '|':
    case '^':
      return refuse(`operands of ${operator} must be integers, got ${l} and ${r}`);
    default:
      return unreachable(operator);
  }
}

function comparable(value: ClassicalValue): bigint | number {
  return typeof value === 'boolean' ? (value ? 1n : 0n) : value;
}

type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

function compared(operator: Comparison, left: ClassicalValue, right: ClassicalValue): boolean {
  const l = comparable(left);
  const r = comparable(right);
  // JavaScript compares a bigint with a number by their exact values.
  const isEqual = l <= r && l >= r;
  switch (operator) {
    case '==':
      return isEqual;
    case '!=':
      return !isEqual;
    case '<':
      return l < r;
    case '<=':
      return l <= r;
    case '>':
      return l > r;
    case '>=':
      return l >= r;
    default:
      return unreachable(operator);
  }
}

function arithmetic(operator: IntegerOperator, left: Typed, right: Typed): Typed {
  if (typeof left.value === 'number' || typeof right.value === 'number') {
    return { value: onFloats(operator, Number(left.value), Number(right.value)), type: null };
  }
  if (
    typeof left.value === 'boolean' &&
    typeof right.value === 'boolean' &&
    '&|^'.includes(operator)
  ) {
    return {
      value: onIntegers(operator, integerOf(left.value), integerOf(right.value), 1) === 1n,
      type: null,
    };
  }
  // The exponent does not widen the base.
  const type = operator === '**' ? (left.type ?? right.type) : commonType(left.type, right.type);
  const { width, isSigned } = type ?? LITERAL_TYPE;
  const l = wrap(integerOf(left.value), { width, isSigned });
  const r =
    operator === '**' ? integerOf(right.value) : wrap(integerOf(right.value), { width, isSigned });
  return { value: wrap(onIntegers(operator, l, r, width), { width, isSigned }), type };
}

function binary(operator: BinaryOperator, left: Typed, right: Typed): Typed {
  switch (operator) {
    case '<<':
    case '>>':
      return shifted(operator, left, right);
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return { value: compared(operator, left.value, right.value), type: null };
    case '&&':
    case '||':
      return invariant(false, 'logical operators are evaluated lazily') as never;
    default:
      return arithmetic(operator, left, right);
  }
}

function typedValue(expression: Expression, memory: ClassicalMemory): Typed {
  switch (expression.kind) {
    case 'literal':
      return { value: expression.value, type: null };
    case 'bit':
      return { value: BigInt(memory.bits[expression.bit]), type: BIT_TYPE };
    case 'bits':
      return {
        value: bitsValue(expression.bits, memory.bits),
        type: { width: expression.bits.length, isSigned: false },
      };
    case 'variable':
      return typed(memory.values[expression.variable], memory.variables[expression.variable].type);
    case 'unary':
      return unary(expression.operator, typedValue(expression.operand, memory));
    case 'cast':
      return typed(typedValue(expression.operand, memory).value, expression.type);
    case 'binary': {
      const left = typedValue(expression.left, memory);
      const { operator } = expression;
      if (operator === '&&' || operator === '||') {
        const isDecided = isTrue(left.value) === (operator === '||');
        const value = isDecided
          ? operator === '||'
          : isTrue(typedValue(expression.right, memory).value);
        return { value, type: null };
      }
      return binary(operator, left, typedValue(expression.right, memory));
    }
    default:
      return unreachable(expression);
  }
}

/**
 * The value of an expression in `memory`.
 *
 * @throws OrchestratorError QUANTUM_ARITHMETIC for division by zero, a negative shift or integer
 *   exponent, bit operations on floats, and a float without integer value where one is needed
 */
export function evaluate(expression: Expression, memory: ClassicalMemory): ClassicalValue {
  return typedValue(expression, memory).value;
}

/** Writes an integer's low bits into bits of the memory, the first of them its least significant. */
export function storeBits(
  value: ClassicalValue,
  bits: readonly number[],
  memory: Uint8Array,
): void {
  const low = BigInt.asUintN(bits.length, integerOf(value));
  for (const [k, bit] of bits.entries()) memory[bit] = Number((low >> BigInt(k)) & 1n);
}
