import type {
  ArrayLiteralNode,
  BinarySign,
  ExpressionNode,
  IndexedNameNode,
  IndexNode,
  OperandNode,
  RangeNode,
  SetNode,
  TimeUnit,
  UnarySign,
  ValueNode,
} from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseCastType, TYPE_WORDS } from './parse-type.ts';
import type { Token } from './token.ts';

/** How tightly infix signs bind, the tightest highest: the grammar's order of alternatives. */
const BINDING: Readonly<Record<BinarySign, number>> = {
  '**': 12,
  '*': 10,
  '/': 10,
  '%': 10,
  '+': 9,
  '-': 9,
  '<<': 8,
  '>>': 8,
  '<': 7,
  '<=': 7,
  '>': 7,
  '>=': 7,
  '==': 6,
  '!=': 6,
  '&': 5,
  '^': 4,
  '|': 3,
  '&&': 2,
  '||': 1,
};
/** A sign before an operand: looser than power, tighter than the rest. */
const UNARY_BINDING = 11;
/** Signs in a row without brackets; a longer row would be too deep a tree. */
const CHAIN_MAX = 1024;

/** One expression, by Pratt's method: signs that bind at least as tightly as `binding` belong to it. */
export function parseExpression(cursor: Cursor, binding: number = 0): ExpressionNode {
  return cursor.nested(() => continueExpression(cursor, parsePrefix(cursor), binding));
}

/** What follows a first operand that was parsed already. */
export function continueExpression(
  cursor: Cursor,
  first: ExpressionNode,
  binding: number = 0,
): ExpressionNode {
  let left = first;
  for (let links = 0; ; links++) {
    if (links > CHAIN_MAX) {
      const message = `an expression has at most ${CHAIN_MAX} operators in a row`;
      throw cursor.error('QASM_RECURSION', cursor.token, message);
    }
    if (cursor.isAt('[')) {
      const index = parseIndex(cursor);
      left = { kind: 'index', target: left, index, ...cursor.spanFrom(left) };
      continue;
    }
    const sign = infixSign(cursor);
    if (sign === null || BINDING[sign] < binding) return left;
    cursor.advance();
    // Power alone groups from the right.
    const right = parseExpression(cursor, BINDING[sign] + (sign === '**' ? 0 : 1));
    left = { kind: 'binary', sign, left, right, ...cursor.spanFrom(left) };
  }
}

function infixSign(cursor: Cursor): BinarySign | null {
  const { kind, text } = cursor.token;
  if (kind !== 'symbol') return null;
  if (text === '^' && cursor.version === 2) return '**';
  return Object.hasOwn(BINDING, text) ? (text as BinarySign) : null;
}

function parsePrefix(cursor: Cursor): ExpressionNode {
  const { token } = cursor;
  if (token.kind === 'symbol') {
    if (token.text === '-' || token.text === '~' || token.text === '!') {
      const sign: UnarySign = token.text;
      cursor.advance();
      const operand = parseExpression(cursor, UNARY_BINDING);
      return { kind: 'unary', sign, operand, ...cursor.spanFrom(token) };
    }
    if (cursor.take('(')) {
      const inner = parseExpression(cursor);
      cursor.expect(')');
      return { kind: 'group', inner, ...cursor.spanFrom(token) };
    }
  }
  if (token.kind === 'keyword') return parseWord(cursor, token);
  if (token.kind === 'identifier') return parseNameOrCall(cursor);
  return parseLiteral(cursor, token);
}

function parseWord(cursor: Cursor, token: Token): ExpressionNode {
  const { text } = token;
  if (text === 'true' || text === 'false') {
    cursor.advance();
    return { kind: 'bool', value: text === 'true', ...cursor.spanFrom(token) };
  }
  if (text === 'durationof') {
    cursor.advance();
    cursor.expect('(');
    const body = cursor.grammar.scope(cursor);
    cursor.expect(')');
    return { kind: 'duration-of', body, ...cursor.spanFrom(token) };
  }
  // The grammar keeps `pow` for modifiers, the language has it as a function too.
  if (text === 'pow') {
    cursor.advance();
    const args = parseArguments(cursor);
    const name = { text, start: token.start, end: token.end };
    return { kind: 'call', name, args, ...cursor.spanFrom(token) };
  }
  if (!TYPE_WORDS.has(text)) throw cursor.expected('an expression');
  const type = parseCastType(cursor);
  cursor.expect('(');
  const operand = parseExpression(cursor);
  cursor.expect(')');
  return { kind: 'cast', type, operand, ...cursor.spanFrom(token) };
}

function parseNameOrCall(cursor: Cursor): ExpressionNode {
  const name = cursor.name('a name');
  if (!cursor.isAt('(')) return { kind: 'identifier', name: name.text, ...cursor.spanFrom(name) };
  const args = parseArguments(cursor);
  return { kind: 'call', name, args, ...cursor.spanFrom(name) };
}

/** `(…, …)`, empty or not. */
export function parseArguments(cursor: Cursor): ExpressionNode[] {
  cursor.expect('(');
  const args = cursor.isAt(')') ? [] : cursor.list((c) => parseExpression(c), ')');
  cursor.expect(')');
  return args;
}

function parseLiteral(cursor: Cursor, token: Token): ExpressionNode {
  const { kind, text, start, end } = token;
  const digits = text.replaceAll('_', '');
  const span = { start, end };
  switch (kind) {
    case 'int':
      cursor.advance();
      return { kind, value: BigInt(digits.toLowerCase()), ...span };
    case 'float':
      cursor.advance();
      return { kind, value: Number(digits), ...span };
    case 'imaginary':
      cursor.advance();
      return { kind, value: Number.parseFloat(digits), ...span };
    case 'timing': {
      cursor.advance();
      const unit = (/(?:dt|ns|ms|s)$|[uµμ]s$/.exec(digits) ?? [''])[0].replace(/[µμ]/, 'u');
      return { kind, value: Number.parseFloat(digits), unit: unit as TimeUnit, ...span };
    }
    case 'string':
      if (!/^"[01](?:_?[01]){0,4000}"$/.test(text)) break;
      cursor.advance();
      return { kind: 'bitstring', digits: digits.slice(1, -1), ...span };
    case 'hardware-qubit':
      return { kind, ...cursor.hardwareQubit() };
    default:
  }
  throw cursor.expected('an expression');
}

/** `[…]`: a set, or expressions and ranges. */
export function parseIndex(cursor: Cursor): IndexNode {
  const opening = cursor.expect('[');
  if (cursor.isAt('{')) {
    const set = parseSet(cursor);
    cursor.expect(']');
    return { kind: 'index-set', set, ...cursor.spanFrom(opening) };
  }
  const items = cursor.list((c) => parseRangeOrExpression(c), ']');
  cursor.expect(']');
  return { kind: 'index-list', items, ...cursor.spanFrom(opening) };
}

/** `{…, …}` of expressions, at least one. */
export function parseSet(cursor: Cursor): SetNode {
  const opening = cursor.expect('{');
  const items = cursor.list((c) => parseExpression(c), '}');
  cursor.expect('}');
  return { kind: 'set', items, ...cursor.spanFrom(opening) };
}

/** An expression, or a range: `from : to` or `from : step : to`, where ends may be left out. */
export function parseRangeOrExpression(cursor: Cursor): ExpressionNode | RangeNode {
  const { token } = cursor;
  const from = cursor.isAt(':') ? null : parseExpression(cursor);
  if (from !== null && !cursor.isAt(':')) return from;
  cursor.expect(':');
  const isEnd = (): boolean => cursor.isAt(':') || cursor.isAt(']') || cursor.isAt(',');
  const second = isEnd() ? null : parseExpression(cursor);
  if (!cursor.take(':')) {
    return { kind: 'range', from, step: null, to: second, ...cursor.spanFrom(token) };
  }
  const to = parseExpression(cursor);
  return { kind: 'range', from, step: second, to, ...cursor.spanFrom(token) };
}

/** `{…}` of expressions and further literals, perhaps empty. */
function parseArrayLiteral(cursor: Cursor): ArrayLiteralNode {
  return cursor.nested(() => {
    const opening = cursor.expect('{');
    const item = (c: Cursor): ExpressionNode | ArrayLiteralNode =>
      c.isAt('{') ? parseArrayLiteral(c) : parseExpression(c);
    const items = cursor.isAt('}') ? [] : cursor.list(item, '}');
    cursor.expect('}');
    return { kind: 'array-literal', items, ...cursor.spanFrom(opening) };
  });
}

/** The right side of an assignment or a `return`: an expression, a measurement, or a call with qubits. */
export function parseValue(cursor: Cursor): ValueNode {
  const { token } = cursor;
  if (cursor.take('measure')) {
    const operand = parseOperand(cursor);
    return { kind: 'measure', operand, ...cursor.spanFrom(token) };
  }
  const expression = parseExpression(cursor);
  if (!isAtOperand(cursor)) return expression;
  const operands = cursor.list(parseOperand, ';', '->');
  const span = cursor.spanFrom(token);
  if (expression.kind === 'identifier') {
    const name = { text: expression.name, start: expression.start, end: expression.end };
    return { kind: 'quantum-call', name, args: null, operands, ...span };
  }
  if (expression.kind !== 'call')
    throw cursor.error('QASM_SYNTAX', expression, "expected ';' after it");
  return { kind: 'quantum-call', name: expression.name, args: expression.args, operands, ...span };
}

/** The right side of a declaration: besides, array literals and `a ++ b`. */
export function parseDeclaredValue(cursor: Cursor): ValueNode {
  if (cursor.isAt('{')) return parseArrayLiteral(cursor);
  const first = parseValue(cursor);
  if (!cursor.isAt('++')) return first;
  if (!isExpression(first)) throw cursor.expected("';'");
  const parts = [first, ...parseConcatenated(cursor)];
  return { kind: 'concatenation', parts, ...cursor.spanFrom(first) };
}

/** `++ b ++ c …`, what follows a first part. */
export function parseConcatenated(cursor: Cursor): ExpressionNode[] {
  const parts: ExpressionNode[] = [];
  while (cursor.take('++')) parts.push(parseExpression(cursor));
  return parts;
}

function isExpression(value: ValueNode): value is ExpressionNode {
  return !['measure', 'quantum-call', 'concatenation', 'array-literal'].includes(value.kind);
}

/** True where an operand starts, and no other thing that may follow an expression does. */
export function isAtOperand(cursor: Cursor): boolean {
  return cursor.isAtKind('identifier') || cursor.isAtKind('hardware-qubit');
}

/** A register, its parts, or a physical qubit. */
export function parseOperand(cursor: Cursor): OperandNode {
  const { token } = cursor;
  if (token.kind === 'hardware-qubit') return { kind: token.kind, ...cursor.hardwareQubit() };
  return parseIndexedName(cursor, 'a qubit');
}

/** `name[…]…` */
export function parseIndexedName(cursor: Cursor, what: string): IndexedNameNode {
  const name = cursor.name(what);
  const indices: IndexNode[] = [];
  while (cursor.isAt('[')) indices.push(parseIndex(cursor));
  return { kind: 'indexed-name', name, indices, ...cursor.spanFrom(name) };
}
