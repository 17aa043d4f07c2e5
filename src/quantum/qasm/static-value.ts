/** Values that are known without reading a program: what a bound on its work is computed with. */
import type { BinarySign, ExpressionNode, ScalarTypeNode } from './ast.ts';
import type { QasmSymbol } from './symbols.ts';

/** A number or truth value with the range of its type, or the size of a register. */
export type StaticValue =
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number; readonly min: number; readonly max: number }
  /** Qubits, or bits and elements; `isMeasured` when only a run knows all of them. */
  | {
      readonly kind: 'register';
      readonly size: number;
      readonly isQubits: boolean;
      readonly isMeasured: boolean;
    }
  /** What only a run knows. */
  | { readonly kind: 'measured' };

/** What a name stands for, or null where that is not known. */
export type Lookup = (name: string) => StaticValue | null;

const { MAX_SAFE_INTEGER } = Number;
const SHIFT_MAX = 40;

/** An integer without a width of its own, or null past what a double holds exactly. */
function exactInt(
  value: number,
  range = { min: -MAX_SAFE_INTEGER, max: MAX_SAFE_INTEGER },
): StaticValue | null {
  const { min, max } = range;
  return Number.isSafeInteger(value) && value >= min && value <= max
    ? { kind: 'int', value, min, max }
    : null;
}

/** An integer of a type's width; null where it would wrap around. */
function intOf(value: number, width: number, isSigned: boolean): StaticValue | null {
  const bits = Math.min(width, 53);
  const max = Math.min(MAX_SAFE_INTEGER, 2 ** (isSigned ? bits - 1 : bits) - 1);
  return exactInt(value, { min: isSigned ? -max - 1 : 0, max });
}

function registerOf(size: number, isQubits: boolean): StaticValue {
  return { kind: 'register', size, isQubits, isMeasured: false };
}

/** What a symbol of the reader stands for; `isFixed` asks for what no statement can change. */
export function valueOfSymbol(symbol: QasmSymbol, isFixed: boolean): StaticValue | null {
  if (symbol.kind === 'qubits') {
    return registerOf(symbol.qubits.length, true);
  }
  if (symbol.kind === 'bits') {
    return registerOf(symbol.slots.length, false);
  }
  if (symbol.kind === 'array') return registerOf(symbol.cells.length, false);
  if (symbol.kind !== 'cell' || (isFixed && !symbol.cell.isConst)) return null;
  const { known, type } = symbol.cell;
  if (typeof known === 'boolean') return { kind: 'bool', value: known };
  if (type.kind === 'float' && type.width === 64 && typeof known === 'number') {
    return { kind: 'float', value: known };
  }
  if (type.kind !== 'int' || typeof known !== 'bigint') return null;
  return type.width === null
    ? exactInt(Number(known))
    : intOf(Number(known), type.width, type.isSigned);
}

/** A value as a declaration of that type holds it, or null where that takes more than copying. */
export function asDeclared(
  type: ScalarTypeNode,
  value: StaticValue | null,
  lookup: Lookup,
): StaticValue | null {
  if (value === null || value.kind === 'register' || value.kind === 'measured') return null;
  const size = type.size === null ? null : staticValue(type.size, lookup);
  if (type.size !== null && size?.kind !== 'int') return null;
  const width = size?.kind === 'int' ? size.value : 64;
  if (type.name === 'bool') return value.kind === 'bool' ? value : null;
  if (value.kind === 'bool') return null;
  if (type.name === 'float') return width === 64 ? { kind: 'float', value: value.value } : null;
  if (type.name !== 'int' && type.name !== 'uint') return null;
  return value.kind === 'int' ? intOf(value.value, width, type.name === 'int') : null;
}

/** A size that a declaration surely has. */
export function sizeFrom(size: ExpressionNode, lookup: Lookup): number {
  const found = staticValue(size, lookup);
  return found?.kind === 'int' ? Math.max(0, found.value) : 1;
}

/** The value of an expression of numbers and known names, or null. */
export function staticValue(node: ExpressionNode, lookup: Lookup): StaticValue | null {
  switch (node.kind) {
    case 'group':
      return staticValue(node.inner, lookup);
    case 'int':
      return exactInt(Number(node.value));
    case 'float':
      return { kind: 'float', value: node.value };
    case 'bool':
      return { kind: 'bool', value: node.value };
    case 'identifier': {
      const found = lookup(node.name);
      return found?.kind === 'register' && found.isMeasured ? { kind: 'measured' } : found;
    }
    case 'unary': {
      const operand = staticValue(node.operand, lookup);
      if (operand?.kind === 'measured') return operand;
      if (node.sign === '!') {
        return operand?.kind === 'bool' ? { kind: 'bool', value: !operand.value } : null;
      }
      if (node.sign !== '-' || operand === null) return null;
      if (operand.kind === 'float') return { kind: 'float', value: -operand.value };
      return operand.kind === 'int' ? exactInt(-operand.value, operand) : null;
    }
    case 'binary':
      return staticBinary(node.sign, staticValue(node.left, lookup), () =>
        staticValue(node.right, lookup),
      );
    default:
      return null;
  }
}

function staticBinary(
  sign: BinarySign,
  a: StaticValue | null,
  right: () => StaticValue | null,
): StaticValue | null {
  if (sign === '&&' || sign === '||') {
    if (a?.kind !== 'bool') return null;
    if (a.value === (sign === '||')) return a;
    const b = right();
    return b?.kind === 'bool' ? b : null;
  }
  const b = right();
  return a === null || b === null ? null : ofOperands(sign, a, b);
}

function isNumber(of: StaticValue): of is StaticValue & { kind: 'int' | 'float' } {
  return of.kind === 'int' || of.kind === 'float';
}

/** One operator on two known values. */
export function ofOperands(sign: BinarySign, a: StaticValue, b: StaticValue): StaticValue | null {
  const isMeasured = a.kind === 'measured' || b.kind === 'measured';
  if (isMeasured) return compared(sign, 0, 0) === null ? null : { kind: 'measured' };
  if (!isNumber(a) || !isNumber(b)) return null;
  const truth = compared(sign, a.value, b.value);
  if (truth !== null) return { kind: 'bool', value: truth };
  if (a.kind === 'int' && b.kind === 'int') {
    const range = { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) };
    return exactInt(wholeResult(sign, a.value, b.value), range);
  }
  const value = floatResult(sign, a.value, b.value);
  return value === null ? null : { kind: 'float', value };
}

function compared(sign: BinarySign, a: number, b: number): boolean | null {
  switch (sign) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    default:
      return null;
  }
}

/** NaN where the result is not the exact one. */
function wholeResult(sign: BinarySign, a: number, b: number): number {
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b !== 0 && a % b === 0 ? a / b : Number.NaN;
    case '%':
      return a >= 0 && b > 0 ? a % b : Number.NaN;
    case '**':
      return b >= 0 ? a ** b : Number.NaN;
    case '<<':
      return a >= 0 && b >= 0 && b <= SHIFT_MAX ? a * 2 ** b : Number.NaN;
    default:
      return Number.NaN;
  }
}

function floatResult(sign: BinarySign, a: number, b: number): number | null {
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
      return null;
  }
}
