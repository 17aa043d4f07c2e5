/** Operators on complex numbers and durations: known values alone, circuits have no such types. */
import type { BinarySign } from './ast.ts';
import { complexOf, numberOf } from './convert.ts';
import type { Outcome } from './outcome.ts';
import {
  BOOL,
  COMPLEX,
  DURATION,
  FLOAT,
  known,
  typeName,
  type Complex,
  type Duration,
  type Value,
} from './value.ts';

function refused(sign: string, left: Value, right: Value): string {
  return `'${sign}' takes no ${typeName(left.type)} and ${typeName(right.type)}`;
}

export function complexOperation(sign: BinarySign, left: Value, right: Value): Outcome {
  if (left.known === null || right.known === null) {
    return 'a complex number must not depend on measurements';
  }
  const a = complexOf(left.known, left.type);
  const b = complexOf(right.known, right.type);
  if (a === null || b === null) return refused(sign, left, right);
  switch (sign) {
    case '+':
      return known(COMPLEX, { re: a.re + b.re, im: a.im + b.im });
    case '-':
      return known(COMPLEX, { re: a.re - b.re, im: a.im - b.im });
    case '*':
      return known(COMPLEX, product(a, b));
    case '/':
      return known(COMPLEX, quotient(a, b));
    case '**':
      return known(COMPLEX, complexPower(a, b));
    case '==':
      return known(BOOL, a.re === b.re && a.im === b.im);
    case '!=':
      return known(BOOL, a.re !== b.re || a.im !== b.im);
    default:
      return refused(sign, left, right);
  }
}

function product(a: Complex, b: Complex): Complex {
  return { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
}

function quotient(a: Complex, b: Complex): Complex {
  const size = b.re * b.re + b.im * b.im;
  const { re, im } = product(a, { re: b.re, im: -b.im });
  return { re: re / size, im: im / size };
}

/** The principal value of a^b. */
export function complexPower(a: Complex, b: Complex): Complex {
  const size = Math.hypot(a.re, a.im);
  if (size === 0) return b.re === 0 && b.im === 0 ? { re: 1, im: 0 } : { re: 0, im: 0 };
  const angle = Math.atan2(a.im, a.re);
  const log = Math.log(size);
  const length = Math.exp(b.re * log - b.im * angle);
  const turn = b.im * log + b.re * angle;
  return { re: length * Math.cos(turn), im: length * Math.sin(turn) };
}

export function durationOperation(sign: BinarySign, left: Value, right: Value): Outcome {
  if (left.known === null || right.known === null) {
    return 'a duration must not depend on measurements';
  }
  const a = durationOf(left);
  const b = durationOf(right);
  if (a !== null && b !== null) return onDurations(sign, a, b) ?? refused(sign, left, right);
  const factor = a === null ? numberOf(left.known, left.type) : numberOf(right.known, right.type);
  const duration = a ?? b;
  if (factor === null || duration === null) return refused(sign, left, right);
  if (sign === '*') return known(DURATION, scaled(duration, factor));
  if (sign === '/' && a !== null) return known(DURATION, scaled(duration, 1 / factor));
  return refused(sign, left, right);
}

function durationOf({ type, known: value }: Value): Duration | null {
  return type.kind === 'duration' ? (value as Duration) : null;
}

function scaled({ seconds, units, isOpen }: Duration, factor: number): Duration {
  return { seconds: seconds * factor, units: units * factor, isOpen };
}

function onDurations(sign: BinarySign, a: Duration, b: Duration): Value | null {
  const isOpen = a.isOpen || b.isOpen;
  if (sign === '+' || sign === '-') {
    const direction = sign === '+' ? 1 : -1;
    const seconds = a.seconds + direction * b.seconds;
    const units = a.units + direction * b.units;
    return known(DURATION, { seconds, units, isOpen });
  }
  // Backend units have no length here, and stretches none yet.
  if (isOpen || (a.units !== 0 && a.seconds !== 0) || (b.units !== 0 && b.seconds !== 0))
    return null;
  if ((a.units !== 0) !== (b.units !== 0)) return null;
  const [x, y] = a.units === 0 ? [a.seconds, b.seconds] : [a.units, b.units];
  switch (sign) {
    case '/':
      return known(FLOAT, x / y);
    case '==':
      return known(BOOL, x === y);
    case '!=':
      return known(BOOL, x !== y);
    case '<':
      return known(BOOL, x < y);
    case '<=':
      return known(BOOL, x <= y);
    case '>':
      return known(BOOL, x > y);
    case '>=':
      return known(BOOL, x >= y);
    default:
      return null;
  }
}
