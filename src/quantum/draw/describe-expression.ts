import { unreachable } from '../../base/invariant.ts';
import type { Circuit, Register } from '../circuit/circuit.ts';
import type { ClassicalType, Expression } from '../circuit/classical.ts';

interface PlaceNames {
  readonly bit: (bit: number) => string;
  readonly bits: (bits: readonly number[]) => string;
  readonly variable: (variable: number) => string;
}

/** Names of a circuit's bits and variables, as its registers have them. */
export function placeNames({ classicalRegisters, variables }: Circuit): PlaceNames {
  const bit = (at: number): string => {
    const register = registerOf(classicalRegisters, at);
    if (register === null) return `bit ${at}`;
    return register.size === 1 ? register.name : `${register.name}[${at - register.start}]`;
  };
  const bits = (all: readonly number[]): string => {
    const register = registerOf(classicalRegisters, all[0]);
    const isRow = all.every((at, k) => at === all[0] + k);
    if (register === null || !isRow || all[0] + all.length > register.start + register.size) {
      return `{${all.map(bit).join(', ')}}`;
    }
    if (register.size === all.length) return register.name;
    const from = all[0] - register.start;
    return `${register.name}[${from}:${from + all.length - 1}]`;
  };
  return { bit, bits, variable: (at) => variables[at].name };
}

function registerOf(registers: readonly Register[], bit: number): Register | null {
  return registers.find(({ start, size }) => bit >= start && bit < start + size) ?? null;
}

/** An expression for people, without the types of its parts. */
export function describeExpression(expression: Expression, names: PlaceNames): string {
  switch (expression.kind) {
    case 'literal':
      return String(expression.value);
    case 'bit':
      return names.bit(expression.bit);
    case 'bits':
      return names.bits(expression.bits);
    case 'variable':
      return names.variable(expression.variable);
    case 'unary': {
      const operand = operandText(expression.operand, names);
      return expression.operator === 'popcount'
        ? `popcount(${operand})`
        : `${expression.operator}${operand}`;
    }
    case 'cast': {
      const inner = describeExpression(expression.operand, names);
      return isPlain(expression.type) ? inner : `${typeText(expression.type)}(${inner})`;
    }
    case 'binary': {
      const left = operandText(expression.left, names);
      return `${left} ${expression.operator} ${operandText(expression.right, names)}`;
    }
    default:
      return unreachable(expression);
  }
}

/** Casts that a reader need not see. */
function isPlain(type: ClassicalType): boolean {
  return type.kind !== 'int' || !type.isSigned;
}

function typeText(type: ClassicalType): string {
  return type.kind === 'int' ? `${type.isSigned ? 'int' : 'uint'}[${type.width}]` : type.kind;
}

function operandText(expression: Expression, names: PlaceNames): string {
  const text = describeExpression(expression, names);
  const inner =
    expression.kind === 'cast' && isPlain(expression.type) ? expression.operand : expression;
  return inner.kind === 'binary' ? `(${text})` : text;
}
