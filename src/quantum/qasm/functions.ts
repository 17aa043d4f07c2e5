/** Functions that OpenQASM has built in. */
import { convert, complexOf } from './convert.ts';
import { binary, realOf } from './operate.ts';
import type { Outcome } from './outcome.ts';
import { complexPower } from './operate-special.ts';
import {
  COMPLEX,
  computed,
  FLOAT,
  INTEGER,
  known,
  movedDown,
  movedUp,
  typeName,
  uintType,
  wrap,
  type Value,
} from './value.ts';

type BuiltIn = (args: readonly Value[], name: string) => Outcome;

function real(compute: (x: number) => number): BuiltIn {
  return ([x], name) => {
    const value = realOf(x);
    if (value !== null) return known(FLOAT, compute(value));
    if (x.known === null) return `'${name}' must not depend on measurements`;
    return `'${name}' takes no ${typeName(x.type)}`;
  };
}

function complexOrReal(compute: (x: number) => number, power: (x: Value) => Outcome): BuiltIn {
  const ofReal = real(compute);
  return (args, name) => (args[0].type.kind === 'complex' ? power(args[0]) : ofReal(args, name));
}

function complexRoot(x: Value): Outcome {
  const value = x.known === null ? null : complexOf(x.known, x.type);
  if (value === null) return "'sqrt' takes no such value";
  return known(COMPLEX, complexPower(value, { re: 0.5, im: 0 }));
}

function complexExponential(x: Value): Outcome {
  const value = x.known === null ? null : complexOf(x.known, x.type);
  if (value === null) return "'exp' takes no such value";
  return known(COMPLEX, complexPower({ re: Math.E, im: 0 }, value));
}

/** The real part or the imaginary part. */
function part(key: 're' | 'im'): BuiltIn {
  return ([x], name) => {
    const value = x.known === null ? null : complexOf(x.known, x.type);
    return value === null ? `'${name}' takes no ${typeName(x.type)}` : known(FLOAT, value[key]);
  };
}

const popcount: BuiltIn = ([x]) => {
  const width = bitWidth(x);
  if (width === null) return `'popcount' takes bits or a uint, got ${typeName(x.type)}`;
  const type = uintType(64);
  if (x.known === null) {
    return computed(type, { kind: 'unary', operator: 'popcount', operand: x.expression });
  }
  const digits = wrap(x.known as bigint, width, false).toString(2);
  return known(type, BigInt(digits.replaceAll('0', '').length));
};

/** Bits of a value that has bits, else null. */
function bitWidth({ type }: Value): number | null {
  if (type.kind === 'bit') return type.size ?? 1;
  if (type.kind === 'angle') return type.width;
  return type.kind === 'int' ? (type.width ?? 64) : null;
}

/** Circular shift: what leaves at one end comes back at the other. */
function rotate(direction: 1n | -1n): BuiltIn {
  return ([x, by], name) => {
    const width = bitWidth(x);
    const count = convert(by, INTEGER);
    if (width === null || count === null) return `'${name}' takes bits and an integer`;
    if (count.known === null) return `the distance of '${name}' must not depend on measurements`;
    const size = BigInt(width);
    const left = ((((count.known as bigint) * direction) % size) + size) % size;
    if (x.known !== null) {
      const value = wrap(x.known as bigint, width, false);
      return known(x.type, wrap((value << left) | (value >> (size - left)), width, false));
    }
    const up = movedUp(x.expression, Number(left), width);
    const down = movedDown(x.expression, width - Number(left));
    return computed(x.type, { kind: 'binary', operator: '|', left: up, right: down });
  };
}

const BUILT_INS: Readonly<Record<string, readonly [argumentCount: number, compute: BuiltIn]>> = {
  sin: [1, real(Math.sin)],
  cos: [1, real(Math.cos)],
  tan: [1, real(Math.tan)],
  arcsin: [1, real(Math.asin)],
  arccos: [1, real(Math.acos)],
  arctan: [1, real(Math.atan)],
  exp: [1, complexOrReal(Math.exp, complexExponential)],
  ln: [1, real(Math.log)],
  log: [1, real(Math.log)],
  sqrt: [1, complexOrReal(Math.sqrt, complexRoot)],
  floor: [1, real(Math.floor)],
  ceiling: [1, real(Math.ceil)],
  abs: [1, real(Math.abs)],
  real: [1, part('re')],
  imag: [1, part('im')],
  popcount: [1, popcount],
  rotl: [2, rotate(1n)],
  rotr: [2, rotate(-1n)],
  mod: [2, ([a, b]) => binary('%', a, b)],
  pow: [2, ([a, b]) => binary('**', a, b)],
};

/** Functions of OpenQASM 2 have other names for the inverse ones in some writers. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  asin: 'arcsin',
  acos: 'arccos',
  atan: 'arctan',
};

/** Names of all functions that are built in. */
export const FUNCTION_NAMES: readonly string[] = [...Object.keys(BUILT_INS), 'sizeof'];

/** The value of a built-in function, why it has none, or null when there is no such function. */
export function callBuiltIn(name: string, args: readonly Value[]): Outcome | null {
  const key = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : name;
  if (!Object.hasOwn(BUILT_INS, key)) return null;
  const [count, compute] = BUILT_INS[key];
  if (args.length !== count) {
    return `'${name}' takes ${count} argument${count === 1 ? '' : 's'}, got ${args.length}`;
  }
  return compute(args, name);
}
