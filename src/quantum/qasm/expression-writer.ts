import { unreachable } from '../../base/invariant.ts';
import type { ClassicalType, Expression } from '../circuit/classical.ts';
import type { ExportNames } from './export-names.ts';
import { formatReal } from './format-number.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Writes classical expressions in OpenQASM 3, with names for bits that are no part of one register. */
export class ExpressionWriter {
  readonly #names: ExportNames;
  readonly #aliases = new Map<string, string>();

  constructor(names: ExportNames) {
    this.#names = names;
  }

  /** `let` declarations that the expressions need. */
  get aliases(): string[] {
    return [...this.#aliases].map(([bits, name]) => `let ${name} = ${bits};`);
  }

  /** What stands in `if (…)`. */
  condition(expression: Expression): string {
    if (expression.kind === 'bit') return this.#names.bit(expression.bit);
    if (expression.kind === 'cast' && expression.type.kind === 'bool') {
      return this.condition(expression.operand);
    }
    if (expression.kind === 'binary' && COMPARISONS.has(expression.operator)) {
      const { left, operator, right } = expression;
      return `${this.#side(left)} ${operator} ${this.#side(right)}`;
    }
    return this.value(expression);
  }

  /** One side of a comparison: bits compare as they are. */
  #side(expression: Expression): string {
    if (expression.kind === 'bits') return this.bits(expression.bits);
    if (expression.kind === 'bit') return this.#names.bit(expression.bit);
    return this.value(expression);
  }

  /** An expression with the types that the circuit gives its parts. */
  value(expression: Expression): string {
    switch (expression.kind) {
      case 'literal':
        return literal(expression.value);
      case 'bit':
        return `uint[1](${this.#names.bit(expression.bit)})`;
      case 'bits':
        return `uint[${expression.bits.length}](${this.bits(expression.bits)})`;
      case 'variable':
        return this.#names.variable(expression.variable);
      case 'unary': {
        const operand = this.value(expression.operand);
        const { operator } = expression;
        return operator === 'popcount' ? `popcount(${operand})` : `${operator}(${operand})`;
      }
      case 'cast':
        return `${typeText(expression.type)}(${this.value(expression.operand)})`;
      case 'binary': {
        const left = this.value(expression.left);
        return `(${left} ${expression.operator} ${this.value(expression.right)})`;
      }
      default:
        return unreachable(expression);
    }
  }

  /** Bits as one thing: a register, a slice of it, or a name for all of them. */
  bits(bits: readonly number[]): string {
    const { classicalRegisters, bit } = this.#names;
    const [first] = bits;
    const inOrder = bits.every((at, k) => at === first + k);
    const register = classicalRegisters.find(
      ({ start, size }) => first >= start && first + bits.length <= start + size,
    );
    if (inOrder && register !== undefined) {
      const { name, start, size } = register;
      if (size === bits.length) return name;
      return `${name}[${first - start}:${first - start + bits.length - 1}]`;
    }
    const parts = bits.map((at) => bit(at).replace(/\[(\d+)\]$/, '[{$1}]')).join(' ++ ');
    const known = this.#aliases.get(parts);
    if (known !== undefined) return known;
    const taken = new Set(classicalRegisters.map(({ name }) => name));
    let name = `bits_${this.#aliases.size}`;
    while (taken.has(name)) name += '_';
    this.#aliases.set(parts, name);
    return name;
  }
}

function literal(value: bigint | number | boolean): string {
  if (typeof value === 'boolean') return String(value);
  const text = typeof value === 'bigint' ? value.toString() : formatReal(value);
  return text.startsWith('-') ? `(${text})` : text;
}

function typeText(type: ClassicalType): string {
  if (type.kind === 'bool') return 'bool';
  if (type.kind === 'float') return 'float[64]';
  return `${type.isSigned ? 'int' : 'uint'}[${type.width}]`;
}
