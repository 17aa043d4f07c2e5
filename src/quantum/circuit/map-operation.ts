import { unreachable } from '../../base/invariant.ts';
import type { Expression } from './classical.ts';
import type { Control, Operation } from './operation.ts';

/** New numbers for what operations act on. */
interface Renumbering {
  readonly qubit: (qubit: number) => number;
  readonly bit: (bit: number) => number;
  readonly variable: (variable: number) => number;
}

/** The same operation on other qubits, bits and variables. */
export function mapOperation(operation: Operation, to: Renumbering): Operation {
  const list = (operations: readonly Operation[]): Operation[] =>
    operations.map((inner) => mapOperation(inner, to));
  const controls = (given: readonly Control[]): readonly Control[] =>
    given.map(({ qubit, value }) => ({ qubit: to.qubit(qubit), value }));
  switch (operation.kind) {
    case 'gate':
    case 'unitary': {
      const qubits = operation.qubits.map(to.qubit);
      return { ...operation, qubits, controls: controls(operation.controls) };
    }
    case 'barrier':
    case 'channel':
      return { ...operation, qubits: operation.qubits.map(to.qubit) };
    case 'measure':
      return { ...operation, qubit: to.qubit(operation.qubit), bit: to.bit(operation.bit) };
    case 'reset':
      return { ...operation, qubit: to.qubit(operation.qubit) };
    case 'if': {
      const condition = mapExpression(operation.condition, to);
      const { then, otherwise } = operation;
      return { ...operation, condition, then: list(then), otherwise: list(otherwise) };
    }
    case 'while': {
      const condition = mapExpression(operation.condition, to);
      return { ...operation, condition, body: list(operation.body) };
    }
    case 'assign': {
      const value = mapExpression(operation.value, to);
      return { ...operation, variable: to.variable(operation.variable), value };
    }
    case 'store': {
      const value = mapExpression(operation.value, to);
      return { ...operation, bits: operation.bits.map(to.bit), value };
    }
    case 'global-phase':
    case 'break':
    case 'continue':
    case 'end':
      return operation;
    default:
      return unreachable(operation);
  }
}

/** The same expression over other bits and variables. */
function mapExpression(expression: Expression, to: Omit<Renumbering, 'qubit'>): Expression {
  switch (expression.kind) {
    case 'literal':
      return expression;
    case 'bit':
      return { ...expression, bit: to.bit(expression.bit) };
    case 'bits':
      return { ...expression, bits: expression.bits.map(to.bit) };
    case 'variable':
      return { ...expression, variable: to.variable(expression.variable) };
    case 'unary':
    case 'cast':
      return { ...expression, operand: mapExpression(expression.operand, to) };
    case 'binary': {
      const left = mapExpression(expression.left, to);
      return { ...expression, left, right: mapExpression(expression.right, to) };
    }
    default:
      return unreachable(expression);
  }
}
