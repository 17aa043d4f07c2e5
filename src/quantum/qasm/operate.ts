/** Operators of OpenQASM on values: computed now where both sides are known, else by the circuit. */
import type { BinaryOperator, Expression } from '../circuit/classical.ts';
import type { BinarySign, UnarySign } from './ast.ts';
import { convert, numberOf } from './convert.ts';
import { complexOperation, durationOperation } from './operate-special.ts';
import {
  asType,
  BOOL,
  classicalType,
  computed,
  expressionOf,
  FLOAT,
  INTEGER,
  known,
  MACHINE_WIDTH,
  typeName,
  uintType,
  wrap,
  type Known,
  type QasmType,
  type Value,
} from './value.ts';

/** Bits that a constant without a width may have. */
const BITS_MAX = 4096;

/** A result, or why there is none, in words. */
export type Outcome = Value | string;

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const BITWISE: ReadonlySet<string> = new Set(['&', '|', '^']);

function refused(sign: string, ...types: readonly QasmType[]): string {
  return `'${sign}' takes no ${types.map(typeName).join(' and ')}`;
}

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

function wrapTo(type: QasmType, value: bigint): bigint {
  if (type.kind === 'bit') return wrap(value, type.size ?? 1, false);
  if (type.kind === 'angle') return wrap(value, type.width, false);
  return type.kind === 'int' && type.width !== null
    ? wrap(value, type.width, type.isSigned)
    : value;
}

/** An expression as a type of limited width holds it. */
function castTo(type: QasmType, operand: Expression): Expression {
  const classical = classicalType(type);
  return classical?.kind === 'int' ? asType(classical, operand) : operand;
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

function joined(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  return { kind: 'binary', operator, left, right };
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

function isFloat({ type }: Value): boolean {
  return type.kind === 'float';
}

/** The angle type that both sides meet in, where one of them is an angle and the other is real. */
function commonAngle(left: Value, right: Value): QasmType | null {
  const [a, b] = [left.type, right.type];
  if (a.kind === 'angle' && b.kind === 'angle') return a.width >= b.width ? a : b;
  if (a.kind === 'angle' && b.kind === 'float') return a;
  if (b.kind === 'angle' && a.kind === 'float') return b;
  return null;
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

/** The wider of two integer types; unsigned where they are as wide and one is unsigned. */
function integerType(
  a: QasmType & { kind: 'int' },
  b: QasmType & { kind: 'int' },
): QasmType & { kind: 'int' } {
  if (a.width === null) return b;
  if (b.width === null) return a;
  if (a.width !== b.width) return a.width > b.width ? a : b;
  return a.isSigned ? b : a;
}

/** Bits and conditions count as unsigned integers. */
function asInteger(value: Value): Value | null {
  const { type } = value;
  if (type.kind === 'int') return value;
  if (type.kind === 'bit') return convert(value, uintType(type.size ?? 1));
  return type.kind === 'bool' ? convert(value, uintType(1)) : null;
}

function arithmetic(sign: BinarySign, left: Value, right: Value): Outcome {
  if (left.type.kind === 'angle' || right.type.kind === 'angle') {
    return angleArithmetic(sign, left, right);
  }
  if (isFloat(left) || isFloat(right)) return floatArithmetic(sign, left, right);
  const [a, b] = [asInteger(left), asInteger(right)];
  if (a === null || b === null || a.type.kind !== 'int' || b.type.kind !== 'int') {
    return refused(sign, left.type, right.type);
  }
  return integerArithmetic(sign, a, b, integerType(a.type, b.type));
}

function integerArithmetic(
  sign: BinarySign,
  left: Value,
  right: Value,
  type: QasmType & { kind: 'int' },
): Outcome {
  if (left.known !== null && right.known !== null) {
    const [a, b] = [left.known as bigint, right.known as bigint];
    if (sign === '**') return integerPower(a, b, type);
    if ((sign === '/' || sign === '%') && b === 0n) return 'a divisor must not be zero';
    // Constants without a width are numbers as in mathematics: 3 / 5 is not 0.
    if (sign === '/' && type.width === null && a % b !== 0n) {
      return known(FLOAT, Number(a) / Number(b));
    }
    return bounded(type, wrapTo(type, integerResult(sign, a, b)));
  }
  const [a, b] = [expressionOf(left), expressionOf(right)];
  if (a === null || b === null) return refused(sign, left.type, right.type);
  return computed(type, castTo(type, joined(sign, a, b)));
}

function integerResult(sign: BinarySign, a: bigint, b: bigint): bigint {
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return a % b;
  }
}

function integerPower(a: bigint, b: bigint, type: QasmType & { kind: 'int' }): Outcome {
  if (b < 0n) return known(FLOAT, Number(a) ** Number(b));
  const bits = BigInt(a.toString(2).length) * b;
  if (type.width === null) {
    return bits > BITS_MAX ? `an integer has at most ${BITS_MAX} bits` : known(type, a ** b);
  }
  // By squaring modulo 2^width: the exponent may be large.
  let result = 1n;
  let factor = wrap(a, type.width, false);
  for (let rest = b; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = wrap(result * factor, type.width, false);
    factor = wrap(factor * factor, type.width, false);
  }
  return known(type, wrapTo(type, result));
}

/** Refuses constants without a width that grow without end. */
function bounded(type: QasmType, value: bigint): Outcome {
  if (type.kind !== 'int' || type.width !== null) return known(type, value);
  const limit = 1n << BigInt(BITS_MAX);
  if (value >= limit || value <= -limit) return `an integer has at most ${BITS_MAX} bits`;
  return known(type, value);
}

function floatArithmetic(sign: BinarySign, left: Value, right: Value): Outcome {
  const [a, b] = [convert(left, FLOAT), convert(right, FLOAT)];
  if (a === null || b === null) return refused(sign, left.type, right.type);
  if (a.known !== null && b.known !== null) {
    return known(FLOAT, floatResult(sign, a.known as number, b.known as number));
  }
  const [x, y] = [expressionOf(a), expressionOf(b)];
  if (x === null || y === null) return refused(sign, left.type, right.type);
  return computed(FLOAT, joined(sign, x, y));
}

function floatResult(sign: BinarySign, a: number, b: number): number {
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    default:
      return a ** b;
  }
}

/** On angles as unsigned integers of their width; a factor that is no integer leaves radians. */
function angleArithmetic(sign: BinarySign, left: Value, right: Value): Outcome {
  const type = commonAngle(left, right);
  const isScaled = sign === '*' || sign === '/';
  if (type !== null && (isFloat(left) || isFloat(right)) && isScaled) {
    return floatArithmetic(sign, left, right);
  }
  if (type !== null && sign === '/') {
    return angleIntegers(sign, left, right, { type, result: uintType(widthOf(type)) });
  }
  if (type !== null && (sign === '+' || sign === '-')) {
    return angleIntegers(sign, left, right, { type, result: type });
  }
  const isLeft = left.type.kind === 'angle';
  const other = asInteger(isLeft ? right : left);
  if (other === null || (sign !== '*' && !(sign === '/' && isLeft))) {
    return floatArithmetic(sign, left, right);
  }
  const own = isLeft ? left.type : right.type;
  const raw = { ...uintType(widthOf(own)), kind: 'int' } as QasmType & { kind: 'int' };
  const [a, b] = isLeft ? [left, other] : [other, right];
  const outcome = integerArithmetic(sign, { ...a, type: raw }, { ...b, type: raw }, raw);
  return typeof outcome === 'string' ? outcome : { ...outcome, type: own };
}

function widthOf(type: QasmType): number {
  return type.kind === 'angle' ? type.width : MACHINE_WIDTH;
}

function angleIntegers(
  sign: BinarySign,
  left: Value,
  right: Value,
  { type, result }: { readonly type: QasmType; readonly result: QasmType },
): Outcome {
  const [a, b] = [convert(left, type), convert(right, type)];
  if (a === null || b === null) return refused(sign, left.type, right.type);
  const raw = uintType(widthOf(type)) as QasmType & { kind: 'int' };
  const outcome = integerArithmetic(sign, { ...a, type: raw }, { ...b, type: raw }, raw);
  return typeof outcome === 'string' ? outcome : { ...outcome, type: result };
}

/** A known real number, or null. */
export function realOf(value: Value): number | null {
  return value.known === null ? null : numberOf(value.known, value.type);
}
