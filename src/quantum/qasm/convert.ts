import { unreachable } from '../../base/invariant.ts';
import type { Expression } from '../circuit/classical.ts';
import {
  angleOf,
  asType,
  classicalType,
  computed,
  isSameType,
  known,
  movedDown,
  movedUp,
  radians,
  typeName,
  wrap,
  type Complex,
  type Known,
  type QasmType,
  type Value,
} from './value.ts';

/**
 * A value as another type has it, or null when OpenQASM has no such conversion.
 *
 * Lenient where programs are: a float becomes an integer by truncation, an integer becomes bits
 * modulo 2^size.
 */
export function convert(value: Value, to: QasmType): Value | null {
  if (isSameType(value.type, to)) return value;
  if (value.known === null) {
    const expression = convertExpression(value.expression, value.type, to);
    return expression === null ? null : computed(to, expression);
  }
  const result = convertKnown(value.known, value.type, to);
  return result === null ? null : known(to, result);
}

function convertKnown(value: Known, from: QasmType, to: QasmType): Known | null {
  if (from.kind === 'duration' || to.kind === 'duration') {
    return from.kind === to.kind ? value : null;
  }
  switch (to.kind) {
    case 'int':
      return integerOf(value, to.width, to.isSigned);
    case 'bit':
      if (from.kind === 'bit' && (from.size ?? 1) !== (to.size ?? 1)) return null;
      return from.kind === 'float' || from.kind === 'complex'
        ? null
        : integerOf(value, to.size ?? 1, false);
    case 'bool':
      return typeof value === 'object' ? null : Boolean(value);
    case 'float': {
      const number = numberOf(value, from);
      return number === null || to.width > 32 ? number : Math.fround(number);
    }
    case 'angle':
      return angleFrom(value, from, to.width);
    case 'complex':
      return complexOf(value, from);
    default:
      return unreachable(to);
  }
}

function integerOf(value: Known, width: number | null, isSigned: boolean): bigint | null {
  if (typeof value === 'object') return null;
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  const integer = BigInt(typeof value === 'number' ? Math.trunc(value) : value);
  return width === null ? integer : wrap(integer, width, isSigned);
}

/** A real number, angles in radians; null for what is none. */
export function numberOf(value: Known, from: QasmType): number | null {
  if (typeof value === 'object') return null;
  return from.kind === 'angle' ? radians(value as bigint, from.width) : Number(value);
}

export function complexOf(value: Known, from: QasmType): Complex | null {
  if (typeof value === 'object') return 're' in value ? value : null;
  const re = numberOf(value, from);
  return re === null ? null : { re, im: 0 };
}

function angleFrom(value: Known, from: QasmType, width: number): bigint | null {
  if (from.kind === 'angle') return rescale(value as bigint, from.width, width);
  if (from.kind === 'bit') return (from.size ?? 1) === width ? (value as bigint) : null;
  const number = numberOf(value, from);
  return number === null || !Number.isFinite(number) ? null : angleOf(number, width);
}

/** An angle's integer at another width; what does not fit is cut off. */
function rescale(value: bigint, from: number, to: number): bigint {
  return to >= from ? value << BigInt(to - from) : value >> BigInt(from - to);
}

function convertExpression(operand: Expression, from: QasmType, to: QasmType): Expression | null {
  const type = classicalType(to);
  if (type === null) return null;
  if (to.kind === 'angle') return angleExpression(operand, from, to.width);
  if (from.kind === 'angle') return fromAngle(operand, from.width, to);
  if (to.kind === 'bit') {
    if (from.kind === 'float') return null;
    if (from.kind === 'bit' && (from.size ?? 1) !== (to.size ?? 1)) return null;
    if (from.kind === 'bit') return operand;
  }
  return asType(type, operand);
}

function angleExpression(operand: Expression, from: QasmType, width: number): Expression | null {
  if (from.kind === 'bit') return (from.size ?? 1) === width ? operand : null;
  if (from.kind !== 'angle') return null;
  return width >= from.width
    ? movedUp(operand, width - from.width, width)
    : movedDown(operand, from.width - width);
}

function fromAngle(operand: Expression, width: number, to: QasmType): Expression | null {
  if (to.kind === 'bit') return (to.size ?? 1) === width ? operand : null;
  const type = classicalType(to);
  if (type === null) return null;
  const raw = asType(type, operand);
  if (to.kind !== 'float') return raw;
  const scale: Expression = { kind: 'literal', value: (2 * Math.PI) / 2 ** width };
  return { kind: 'binary', operator: '*', left: raw, right: scale };
}

/** "a bit[3] cannot become int[4]", for messages. */
export function noConversion(from: QasmType, to: QasmType): string {
  return `a value of type ${typeName(from)} cannot become ${typeName(to)}`;
}
