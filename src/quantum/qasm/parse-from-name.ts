/** Statements that begin with a name or a type: what they are shows only further on. */
import type {
  AssignmentSign,
  ExpressionNode,
  IndexedNameNode,
  IndexNode,
  Name,
  PlainStatement,
} from './ast.ts';
import type { Cursor } from './cursor.ts';
import {
  continueExpression,
  isAtOperand,
  parseArguments,
  parseDeclaredValue,
  parseExpression,
  parseIndex,
  parseIndexedName,
  parseOperand,
  parseValue,
} from './parse-expression.ts';
import { parseCastType } from './parse-type.ts';

const ASSIGNMENT_SIGNS: ReadonlySet<string> = new Set<AssignmentSign>([
  '=',
  '+=',
  '-=',
  '*=',
  '/=',
  '&=',
  '|=',
  '~=',
  '^=',
  '<<=',
  '>>=',
  '%=',
  '**=',
]);

/** A declaration, or an expression that starts with a cast. */
export function parseFromType(cursor: Cursor): PlainStatement {
  const type = parseCastType(cursor);
  if (cursor.take('(')) {
    const operand = parseExpression(cursor);
    cursor.expect(')');
    const cast: ExpressionNode = { kind: 'cast', type, operand, ...cursor.spanFrom(type) };
    return finishExpression(cursor, continueExpression(cursor, cast));
  }
  const name = cursor.name('the name of a variable');
  const value = cursor.take('=') ? parseDeclaredValue(cursor) : null;
  cursor.expect(';');
  return { kind: 'declare', isConst: false, type, name, value, ...cursor.spanFrom(type) };
}

/** An expression alone, up to its semicolon. */
export function finishExpression(cursor: Cursor, expression: ExpressionNode): PlainStatement {
  cursor.expect(';');
  return { kind: 'expression', expression, ...cursor.spanFrom(expression) };
}

/** A gate, a call, an assignment or an expression: told apart by what follows the name. */
export function parseFromName(cursor: Cursor): PlainStatement {
  const name = cursor.name('a name');
  const args = cursor.isAt('(') ? parseArguments(cursor) : null;
  if (isAtOperand(cursor)) return finishCall(cursor, name, args, null);
  const indices: IndexNode[] = [];
  while (cursor.isAt('[')) indices.push(parseIndex(cursor));
  if (isAtOperand(cursor)) {
    const [only] = indices;
    const duration = only?.kind === 'index-list' && indices.length === 1 ? only.items[0] : null;
    if (duration != null && duration.kind !== 'range')
      return finishCall(cursor, name, args, duration);
    throw cursor.expected("';'");
  }
  const { kind, text } = cursor.token;
  if (args === null && kind === 'symbol' && ASSIGNMENT_SIGNS.has(text)) {
    const span = cursor.spanFrom(name);
    return finishAssignment(cursor, { kind: 'indexed-name', name, indices, ...span });
  }
  return finishExpression(
    cursor,
    continueExpression(cursor, indexed(cursor, { name, args, indices })),
  );
}

/** The expression of a name, perhaps called, and then indexed. */
function indexed(
  cursor: Cursor,
  parts: { name: Name; args: ExpressionNode[] | null; indices: readonly IndexNode[] },
): ExpressionNode {
  const { name, args, indices } = parts;
  const { start } = name;
  const end = indices[0]?.start ?? cursor.end;
  let target: ExpressionNode =
    args === null
      ? { kind: 'identifier', name: name.text, start, end: name.end }
      : { kind: 'call', name, args, start, end };
  for (const index of indices) target = { kind: 'index', target, index, start, end: index.end };
  return target;
}

function finishAssignment(cursor: Cursor, target: IndexedNameNode): PlainStatement {
  const sign = cursor.advance().text as AssignmentSign;
  const value = parseValue(cursor);
  cursor.expect(';');
  return { kind: 'assign', target, sign, value, ...cursor.spanFrom(target) };
}

function finishCall(
  cursor: Cursor,
  name: Name,
  args: ExpressionNode[] | null,
  duration: ExpressionNode | null,
): PlainStatement {
  const operands = cursor.list(parseOperand, ';', '->');
  if (cursor.isAt('->') && duration === null) {
    const value = { kind: 'quantum-call', name, args, operands, ...cursor.spanFrom(name) } as const;
    const target = parseArrowTarget(cursor);
    cursor.expect(';');
    return { kind: 'arrow', value, target, ...cursor.spanFrom(name) };
  }
  cursor.expect(';');
  const span = cursor.spanFrom(name);
  return { kind: 'gate-call', modifiers: [], name, args, duration, operands, ...span };
}

/** What `->` points to, or null without one. */
export function parseArrowTarget(cursor: Cursor): IndexedNameNode | null {
  return cursor.take('->') ? parseIndexedName(cursor, 'a classical register') : null;
}
