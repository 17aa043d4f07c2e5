import type { ExpressionNode, Name, ParameterNode, PlainStatement } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import {
  isAtParameter,
  parseExternParameter,
  parseParameter,
  parseReturnType,
} from './parse-type.ts';
import type { Span } from './source-text.ts';

interface GateHead {
  readonly name: Name;
  readonly params: Name[] | null;
  readonly qubits: Name[];
}

/** `name(params) qubits` up to one of the closing symbols. */
function parseGateHead(cursor: Cursor, closing: string): GateHead {
  cursor.advance();
  const name = cursor.name('the name of a gate');
  let params: Name[] | null = null;
  if (cursor.take('(')) {
    params = cursor.isAt(')') ? [] : cursor.list((c) => c.name('the name of a parameter'), ')');
    cursor.expect(')');
  }
  const qubits = cursor.list((c) => c.name('the name of a qubit'), closing);
  return { name, params, qubits };
}

export function parseGate(cursor: Cursor): PlainStatement {
  const { token } = cursor;
  const head = parseGateHead(cursor, '{');
  const body = cursor.grammar.scope(cursor);
  return { kind: 'gate', ...head, body, ...cursor.spanFrom(token) };
}

export function parseOpaque(cursor: Cursor): PlainStatement {
  const { token } = cursor;
  const head = parseGateHead(cursor, ';');
  cursor.expect(';');
  return { kind: 'opaque', ...head, ...cursor.spanFrom(token) };
}

export function parseDef(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const name = cursor.name('the name of a subroutine');
  cursor.expect('(');
  const params = cursor.isAt(')') ? [] : cursor.list(parseParameter, ')');
  cursor.expect(')');
  const returns = parseReturnType(cursor);
  const body = cursor.grammar.scope(cursor);
  return { kind: 'def', name, params, returns, body, ...cursor.spanFrom(word) };
}

export function parseExtern(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const name = cursor.name('the name of an external function');
  cursor.expect('(');
  const params = cursor.isAt(')') ? [] : cursor.list(parseExternParameter, ')');
  cursor.expect(')');
  const returns = parseReturnType(cursor);
  cursor.expect(';');
  return { kind: 'extern', name, params, returns, ...cursor.spanFrom(word) };
}

/** The text between braces, which is in another language. */
function parseCalibrationBlock(cursor: Cursor): Span {
  if (!cursor.isAt('{')) throw cursor.expected("'{'");
  const content = cursor.lexer.calibrationBlock(cursor.token);
  cursor.expect('{');
  cursor.expect('}');
  return content;
}

export function parseCal(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const content = parseCalibrationBlock(cursor);
  return { kind: 'cal', content, ...cursor.spanFrom(word) };
}

export function parseDefcal(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const target = parseDefcalTarget(cursor);
  let params: (ParameterNode | ExpressionNode)[] | null = null;
  if (cursor.take('(')) {
    params = cursor.isAt(')') ? [] : cursor.list(parseDefcalParameter, ')');
    cursor.expect(')');
  }
  const operands = cursor.list(parseDefcalOperand, '{', '->');
  const returns = parseReturnType(cursor);
  const content = parseCalibrationBlock(cursor);
  return { kind: 'defcal', target, params, operands, returns, content, ...cursor.spanFrom(word) };
}

function parseDefcalTarget(cursor: Cursor): Name {
  for (const word of ['measure', 'reset', 'delay']) {
    if (!cursor.isAt(word)) continue;
    const { text, start, end } = cursor.advance();
    return { text, start, end };
  }
  return cursor.name('the name of a gate');
}

function parseDefcalParameter(cursor: Cursor): ParameterNode | ExpressionNode {
  return isAtParameter(cursor) ? parseParameter(cursor) : parseExpression(cursor);
}

function parseDefcalOperand(cursor: Cursor): Name {
  if (!cursor.isAtKind('hardware-qubit')) return cursor.name('a qubit');
  const { text, start, end } = cursor.advance();
  return { text, start, end };
}
