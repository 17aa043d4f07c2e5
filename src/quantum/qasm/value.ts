/** Values of OpenQASM while a program is read: known, or an expression that the circuit computes. */
import { unreachable } from '../../base/invariant.ts';
import type { ClassicalType, Expression } from '../circuit/classical.ts';

/** Width of `int`, `uint` and `angle` without a size. */
export const MACHINE_WIDTH = 64;

export type QasmType =
  /** `size` is null for one bit. */
  | { readonly kind: 'bit'; readonly size: number | null }
  /** `width` is null for a constant that no declaration gave a width: exact, of any size. */
  | { readonly kind: 'int'; readonly width: number | null; readonly isSigned: boolean }
  | { readonly kind: 'float'; readonly width: number }
  /** The value is an integer k < 2^width: 2πk / 2^width radians. */
  | { readonly kind: 'angle'; readonly width: number }
  | { readonly kind: 'bool' }
  | { readonly kind: 'complex' }
  | { readonly kind: 'duration' };

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** A time in seconds plus one in backend units; a stretch or a gate's duration is not known. */
export interface Duration {
  readonly seconds: number;
  readonly units: number;
  readonly isOpen: boolean;
}

/** Integers, bits and angles as bigint; floats as number. */
export type Known = bigint | number | boolean | Complex | Duration;

export type Value =
  | { readonly type: QasmType; readonly known: Known; readonly expression: null }
  /** Depends on measurements. */
  | { readonly type: QasmType; readonly known: null; readonly expression: Expression };

export const INTEGER: QasmType = { kind: 'int', width: null, isSigned: true };
export const FLOAT: QasmType = { kind: 'float', width: 64 };
export const BOOL: QasmType = { kind: 'bool' };
export const COMPLEX: QasmType = { kind: 'complex' };
export const DURATION: QasmType = { kind: 'duration' };
export const BIT: QasmType = { kind: 'bit', size: null };

export function uintType(width: number): QasmType {
  return { kind: 'int', width, isSigned: false };
}

export function known(type: QasmType, value: Known): Value {
  return { type, known: value, expression: null };
}

export function computed(type: QasmType, expression: Expression): Value {
  return { type, known: null, expression };
}

/** What a type is called in messages. */
export function typeName(type: QasmType): string {
  switch (type.kind) {
    case 'bit':
      return type.size === null ? 'bit' : `bit[${type.size}]`;
    case 'int': {
      const name = type.isSigned ? 'int' : 'uint';
      return type.width === null ? name : `${name}[${type.width}]`;
    }
    case 'float':
    case 'angle':
      return `${type.kind}[${type.width}]`;
    case 'bool':
    case 'complex':
    case 'duration':
      return type.kind;
    default:
      return unreachable(type);
  }
}

export function isSameType(a: QasmType, b: QasmType): boolean {
  return typeName(a) === typeName(b);
}

/** An integer as a type of that width holds it: modulo 2^width. */
export function wrap(value: bigint, width: number, isSigned: boolean): bigint {
  return isSigned ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

/** What the circuit calls the type: bits and angles are unsigned integers there. */
export function classicalType(type: QasmType): ClassicalType | null {
  switch (type.kind) {
    case 'bit':
      return { kind: 'int', width: type.size ?? 1, isSigned: false };
    case 'int':
      return { kind: 'int', width: type.width ?? MACHINE_WIDTH, isSigned: type.isSigned };
    case 'angle':
      return { kind: 'int', width: type.width, isSigned: false };
    case 'float':
      return { kind: 'float' };
    case 'bool':
      return { kind: 'bool' };
    case 'complex':
    case 'duration':
      return null;
    default:
      return unreachable(type);
  }
}

/** The value as the circuit computes it, or null for a type that circuits do not have. */
export function expressionOf(value: Value): Expression | null {
  if (value.known === null) return value.expression;
  if (typeof value.known === 'object') return null;
  const literal: Expression = { kind: 'literal', value: value.known };
  const type = classicalType(value.type);
  // A bare literal would take the type of what it meets.
  const isSized = type?.kind === 'int' && !(value.type.kind === 'int' && value.type.width === null);
  return isSized ? asType(type, literal) : literal;
}

/** An expression as a type, without a cast where it has that type already. */
export function asType(type: ClassicalType, operand: Expression): Expression {
  return type.kind !== 'float' && isOfType(type, operand)
    ? operand
    : { kind: 'cast', type, operand };
}

function isOfType(type: Exclude<ClassicalType, { kind: 'float' }>, operand: Expression): boolean {
  if (type.kind === 'bool') return operand.kind === 'cast' && operand.type.kind === 'bool';
  const { width, isSigned } = type;
  if (operand.kind === 'bits') return !isSigned && operand.bits.length === width;
  if (operand.kind === 'bit') return !isSigned && width === 1;
  if (operand.kind !== 'cast' || operand.type.kind !== 'int') return false;
  return operand.type.width === width && operand.type.isSigned === isSigned;
}

/** The zero that a variable has before anything is assigned. */
export function zeroOf(type: QasmType): Known {
  switch (type.kind) {
    case 'bit':
    case 'int':
    case 'angle':
      return 0n;
    case 'float':
      return 0;
    case 'bool':
      return false;
    case 'complex':
      return { re: 0, im: 0 };
    case 'duration':
      return { seconds: 0, units: 0, isOpen: true };
    default:
      return unreachable(type);
  }
}

/** Radians of an angle's integer. */
export function radians(value: bigint, width: number): number {
  return (Number(value) / 2 ** width) * (2 * Math.PI);
}

/** The integer of an angle nearest to some radians, which are finite. */
export function angleOf(value: number, width: number): bigint {
  const turns = value / (2 * Math.PI);
  const part = turns - Math.floor(turns);
  return wrap(BigInt(Math.round(part * 2 ** width)), width, false);
}

/** An expression moved up by some places, as an unsigned integer of that many bits. */
export function movedUp(operand: Expression, places: number, width: number): Expression {
  const left = asType({ kind: 'int', width, isSigned: false }, operand);
  if (places === 0) return left;
  return {
    kind: 'binary',
    operator: '<<',
    left,
    right: { kind: 'literal', value: BigInt(places) },
  };
}

/** An expression moved down by some places. */
export function movedDown(left: Expression, places: number): Expression {
  if (places === 0) return left;
  return {
    kind: 'binary',
    operator: '>>',
    left,
    right: { kind: 'literal', value: BigInt(places) },
  };
}

/** One bit of an expression, as an integer 0 or 1. */
export function bitAt(whole: Expression, place: number): Expression {
  const right: Expression = { kind: 'literal', value: 1n };
  return { kind: 'binary', operator: '&', left: movedDown(whole, place), right };
}
