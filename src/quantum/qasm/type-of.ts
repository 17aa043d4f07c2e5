import { unreachable } from '../../base/invariant.ts';
import type { ExpressionNode, ScalarTypeNode } from './ast.ts';
import type { Elaborator } from './elaborator.ts';
import { integerOf } from './indexing.ts';
import { BOOL, COMPLEX, DURATION, MACHINE_WIDTH, type QasmType } from './value.ts';

/** Widths of integers and angles. */
const WIDTH_MAX = 4096;
/** Widths of angles: what a double can tell apart, and some. */
const ANGLE_WIDTH_MAX = 1000;

/** A size that is known and at least 1. */
export function sizeFrom(e: Elaborator, node: ExpressionNode, what: string, max: number): number {
  const size = integerOf(e, node, what);
  if (size >= 1n && size <= BigInt(max)) return Number(size);
  const code = size > BigInt(max) ? 'QASM_TOO_LARGE' : 'QASM_RANGE';
  return e.fail(code, node, `${what} must be 1 to ${max}, got ${size}`);
}

/** The type that a declaration, cast or parameter names. */
export function typeOf(e: Elaborator, node: ScalarTypeNode): QasmType {
  const { name, size } = node;
  const width = (max: number): number =>
    size === null ? MACHINE_WIDTH : sizeFrom(e, size, `the width of ${name}`, max);
  switch (name) {
    case 'bit': {
      const count = size === null ? null : sizeFrom(e, size, 'the size of bits', e.limits.bitsMax);
      return { kind: 'bit', size: count };
    }
    case 'int':
    case 'uint':
      return { kind: 'int', width: width(WIDTH_MAX), isSigned: name === 'int' };
    case 'float':
      return { kind: 'float', width: width(WIDTH_MAX) };
    case 'angle':
      return { kind: 'angle', width: width(ANGLE_WIDTH_MAX) };
    case 'bool':
      return BOOL;
    case 'complex':
      return COMPLEX;
    case 'duration':
    case 'stretch':
      return DURATION;
    default:
      return unreachable(name);
  }
}
