/** Which qubits, bits and variables operations have to do with, those inside others included. */
import type { Expression } from '../../circuit/classical.ts';
import type { Operation } from '../../circuit/operation.ts';
import { unreachable } from '../../../base/invariant.ts';

/** What is called for every reference; a measurement writes its bit, a condition reads its own. */
export interface ReferenceVisitor {
  readonly qubit?: (qubit: number) => void;
  readonly bit?: (bit: number) => void;
  readonly variable?: (variable: number) => void;
}

function visitExpression(expression: Expression, visitor: ReferenceVisitor): void {
  switch (expression.kind) {
    case 'literal':
      break;
    case 'bit':
      visitor.bit?.(expression.bit);
      break;
    case 'bits':
      for (const bit of expression.bits) visitor.bit?.(bit);
      break;
    case 'variable':
      visitor.variable?.(expression.variable);
      break;
    case 'binary':
      visitExpression(expression.left, visitor);
      visitExpression(expression.right, visitor);
      break;
    default:
      visitExpression(expression.operand, visitor);
  }
}

function visitQubits(qubits: readonly number[], { qubit }: ReferenceVisitor): void {
  if (qubit !== undefined) for (const q of qubits) qubit(q);
}

/** Visits all references of an operation, those of a gate's controls last; barriers have none. */
export function visitReferences(operation: Operation, visitor: ReferenceVisitor): void {
  switch (operation.kind) {
    case 'gate':
    case 'unitary':
      visitQubits(operation.qubits, visitor);
      for (const { qubit } of operation.controls) visitor.qubit?.(qubit);
      break;
    case 'channel':
      visitQubits(operation.qubits, visitor);
      break;
    case 'measure':
      visitor.qubit?.(operation.qubit);
      visitor.bit?.(operation.bit);
      break;
    case 'reset':
      visitor.qubit?.(operation.qubit);
      break;
    case 'if':
      visitExpression(operation.condition, visitor);
      for (const inner of operation.then) visitReferences(inner, visitor);
      for (const inner of operation.otherwise) visitReferences(inner, visitor);
      break;
    case 'while':
      visitExpression(operation.condition, visitor);
      for (const inner of operation.body) visitReferences(inner, visitor);
      break;
    case 'assign':
      visitor.variable?.(operation.variable);
      visitExpression(operation.value, visitor);
      break;
    case 'store':
      for (const bit of operation.bits) visitor.bit?.(bit);
      visitExpression(operation.value, visitor);
      break;
    case 'global-phase':
    case 'barrier':
    case 'break':
    case 'continue':
    case 'end':
      break;
    default:
      unreachable(operation);
  }
}

/** Calls `visit` for all operations, those inside others behind them. */
export function eachOperation(
  operations: readonly Operation[],
  visit: (operation: Operation) => void,
): void {
  for (const operation of operations) {
    visit(operation);
    if (operation.kind === 'if') {
      eachOperation(operation.then, visit);
      eachOperation(operation.otherwise, visit);
    } else if (operation.kind === 'while') eachOperation(operation.body, visit);
  }
}

/** Whether any operation passes, one inside another included. */
export function someOperation(
  operations: readonly Operation[],
  test: (operation: Operation) => boolean,
): boolean {
  return operations.some((operation) => {
    if (test(operation)) return true;
    if (operation.kind === 'while') return someOperation(operation.body, test);
    if (operation.kind !== 'if') return false;
    return someOperation(operation.then, test) || someOperation(operation.otherwise, test);
  });
}
