import type { ModifierNode, PlainStatement } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseArguments, parseExpression, parseOperand } from './parse-expression.ts';
import { parseOptionalDesignator } from './parse-type.ts';

const MODIFIERS = new Set(['inv', 'pow', 'ctrl', 'negctrl']);

/** True for words that start a gate call: modifiers, and `gphase`. */
export function isModifier(word: string): boolean {
  return MODIFIERS.has(word) || word === 'gphase';
}

/** `ctrl @ inv @ name(…) q;` or `gphase(…);` with modifiers or without. */
export function parseModifiedGateCall(cursor: Cursor): PlainStatement {
  const { token } = cursor;
  const modifiers: ModifierNode[] = [];
  while (cursor.isAtKind('keyword') && MODIFIERS.has(cursor.token.text)) {
    modifiers.push(parseModifier(cursor));
  }
  const isPhase = cursor.isAt('gphase');
  const word = isPhase ? cursor.advance() : cursor.name('the name of a gate');
  const name = { text: word.text, start: word.start, end: word.end };
  const args = cursor.isAt('(') ? parseArguments(cursor) : null;
  const duration = parseOptionalDesignator(cursor);
  const operands = isPhase && cursor.isAt(';') ? [] : cursor.list(parseOperand, ';');
  cursor.expect(';');
  const span = cursor.spanFrom(token);
  return { kind: 'gate-call', modifiers, name, args, duration, operands, ...span };
}

function parseModifier(cursor: Cursor): ModifierNode {
  const word = cursor.advance();
  const kind = word.text as ModifierNode['kind'];
  let argument = null;
  if (kind !== 'inv' && (kind === 'pow' || cursor.isAt('('))) {
    cursor.expect('(');
    argument = parseExpression(cursor);
    cursor.expect(')');
  }
  cursor.expect('@');
  return { kind, argument, ...cursor.spanFrom(word) };
}
