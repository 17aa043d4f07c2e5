/** `+ - * / % **` on integers, floats and angles. */
import type { BinarySign } from './ast.ts';
import { convert } from './convert.ts';
import { BITS_MAX, bounded, castTo, joined, refused, wrapTo, type Outcome } from './outcome.ts';
import {
  computed,
  expressionOf,
  FLOAT,
  known,
  MACHINE_WIDTH,
  uintType,
  wrap,
  type QasmType,
  type Value,
} from './value.ts';

export function isFloat({ type }: Value): boolean {
  return type.kind === 'float';
}

/** The angle type that both sides meet in, where one of them is an angle and the other is real. */
export function commonAngle(left: Value, right: Value): QasmType | null {
  const [a, b] = [left.type, right.type];
  if (a.kind === 'angle' && b.kind === 'angle') return a.width >= b.width ? a : b;
  if (a.kind === 'angle' && b.kind === 'float') return a;
  if (b.kind === 'angle' && a.kind === 'float') return b;
  return null;
}

/** The wider of two integer types; unsigned where they are as wide and one is unsigned. */
export function integerType(
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

export function arithmetic(sign: BinarySign, left: Value, right: Value): Outcome {
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
