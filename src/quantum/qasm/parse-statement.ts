import type {
  AnnotationNode,
  ExpressionNode,
  ForStatementNode,
  OperandNode,
  PlainStatement,
  ScopeNode,
  StatementNode,
  SwitchCaseNode,
} from './ast.ts';
import type { Cursor } from './cursor.ts';
import {
  parseAlias,
  parseConst,
  parseInputOutput,
  parseOldDeclaration,
  parseQubits,
} from './parse-declaration.ts';
import {
  parseExpression,
  parseOperand,
  parseRangeOrExpression,
  parseSet,
  parseValue,
} from './parse-expression.ts';
import {
  parseCal,
  parseDef,
  parseDefcal,
  parseExtern,
  parseGate,
  parseOpaque,
} from './parse-definition.ts';
import { isModifier, parseModifiedGateCall } from './parse-gate-call.ts';
import {
  finishExpression,
  parseArrowTarget,
  parseFromName,
  parseFromType,
} from './parse-from-name.ts';
import {
  parseDesignator,
  parseOptionalDesignator,
  parseScalarType,
  TYPE_WORDS,
} from './parse-type.ts';

type ParseStatement = (cursor: Cursor) => PlainStatement;

/** What a statement's first word says about it. */
const BY_WORD: Readonly<Record<string, ParseStatement>> = {
  include: parseInclude,
  defcalgrammar: parseCalibrationGrammar,
  break: parseJump,
  continue: parseJump,
  end: parseJump,
  if: parseIf,
  for: parseFor,
  while: parseWhile,
  switch: parseSwitch,
  return: parseReturn,
  barrier: parseBarrier,
  nop: parseBarrier,
  box: parseBox,
  delay: parseDelay,
  reset: parseReset,
  measure: parseMeasure,
  let: parseAlias,
  const: parseConst,
  input: parseInputOutput,
  output: parseInputOutput,
  creg: parseOldDeclaration,
  qreg: parseOldDeclaration,
  qubit: parseQubits,
  def: parseDef,
  extern: parseExtern,
  gate: parseGate,
  opaque: parseOpaque,
  cal: parseCal,
  defcal: parseDefcal,
};

/** A statement with its annotations, or a scope. */
export function parseStatement(cursor: Cursor): StatementNode {
  return cursor.nested(() => {
    const annotations = parseAnnotations(cursor);
    if (annotations.length === 0) return parsePlain(cursor);
    if (cursor.isAt('{')) throw cursor.expected('a statement after its annotations');
    return { ...parsePlain(cursor), annotations };
  });
}

function parseAnnotations(cursor: Cursor): AnnotationNode[] {
  const annotations: AnnotationNode[] = [];
  while (cursor.isAtKind('annotation')) {
    const { text, start, end } = cursor.advance();
    const [keyword = ''] = /^@[^\s]*?(?=[^\p{L}\p{Nl}_0-9.@]|$)/u.exec(text) ?? [];
    annotations.push({ keyword, content: text.slice(keyword.length).trimStart(), start, end });
  }
  return annotations;
}

function parsePlain(cursor: Cursor): PlainStatement {
  const { kind, text } = cursor.token;
  if (kind === 'identifier') return parseFromName(cursor);
  if (kind === 'keyword') {
    const parse = Object.hasOwn(BY_WORD, text) ? BY_WORD[text] : undefined;
    if (parse !== undefined) return parse(cursor);
    if (TYPE_WORDS.has(text)) return parseFromType(cursor);
    // `pow(2, 3);` alone would be a function call; a modifier it is.
    if (isModifier(text)) return parseModifiedGateCall(cursor);
  }
  if (cursor.isAt('{')) return parseScope(cursor);
  if (kind === 'pragma') return parsePragma(cursor);
  if (kind === 'symbol' && !['(', '-', '~', '!'].includes(text))
    throw cursor.expected('a statement');
  if (kind === 'end') throw cursor.expected('a statement');
  return finishExpression(cursor, parseExpression(cursor));
}

/** `{…}` */
export function parseScope(cursor: Cursor): ScopeNode {
  return cursor.nested(() => {
    const opening = cursor.expect('{');
    const statements: StatementNode[] = [];
    while (!cursor.isAt('}')) {
      if (cursor.isAtKind('end')) throw cursor.expected("'}'");
      statements.push(parseStatement(cursor));
    }
    cursor.expect('}');
    return { kind: 'scope', statements, ...cursor.spanFrom(opening) };
  });
}

function parsePragma(cursor: Cursor): PlainStatement {
  const { text, start, end } = cursor.advance();
  const hasHash = text.startsWith('#');
  const content = text.slice(hasHash ? '#pragma'.length : 'pragma'.length).trimStart();
  if (content === '') {
    throw cursor.error('QASM_SYNTAX', { start, end }, "expected text after 'pragma' on its line");
  }
  return { kind: 'pragma', hasHash, content, start, end };
}

function parseString(cursor: Cursor, what: string): string {
  if (!cursor.isAtKind('string')) throw cursor.expected(what);
  return cursor.advance().text.slice(1, -1);
}

function parseInclude(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const file = parseString(cursor, 'a file name in quotes');
  cursor.expect(';');
  return { kind: 'include', file, ...cursor.spanFrom(word) };
}

function parseCalibrationGrammar(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const name = parseString(cursor, 'the name of a calibration grammar in quotes');
  cursor.expect(';');
  return { kind: 'calibration-grammar', name, ...cursor.spanFrom(word) };
}

function parseJump(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  cursor.expect(';');
  const kind = word.text === 'break' ? 'break' : word.text === 'end' ? 'end' : 'continue';
  return { kind, ...cursor.spanFrom(word) };
}

function parseCondition(cursor: Cursor): ExpressionNode {
  cursor.expect('(');
  const condition = parseExpression(cursor);
  cursor.expect(')');
  return condition;
}

function parseIf(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const condition = parseCondition(cursor);
  const then = parseStatement(cursor);
  const otherwise = cursor.take('else') ? parseStatement(cursor) : null;
  return { kind: 'if', condition, then, otherwise, ...cursor.spanFrom(word) };
}

function parseWhile(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const condition = parseCondition(cursor);
  const body = parseStatement(cursor);
  return { kind: 'while', condition, body, ...cursor.spanFrom(word) };
}

function parseFor(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const type = parseScalarType(cursor);
  const name = cursor.name("the loop's variable");
  cursor.expect('in');
  const over = parseLoopValues(cursor);
  const body = parseStatement(cursor);
  return { kind: 'for', type, name, over, body, ...cursor.spanFrom(word) };
}

function parseLoopValues(cursor: Cursor): ForStatementNode['over'] {
  if (cursor.isAt('{')) return parseSet(cursor);
  if (!cursor.take('[')) return parseExpression(cursor);
  const range = parseRangeOrExpression(cursor);
  if (range.kind !== 'range') throw cursor.expected("':'");
  cursor.expect(']');
  return range;
}

function parseSwitch(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const on = parseCondition(cursor);
  cursor.expect('{');
  const cases: SwitchCaseNode[] = [];
  while (!cursor.isAt('}')) cases.push(parseSwitchCase(cursor));
  cursor.expect('}');
  return { kind: 'switch', on, cases, ...cursor.spanFrom(word) };
}

function parseSwitchCase(cursor: Cursor): SwitchCaseNode {
  const { token } = cursor;
  if (cursor.take('default')) {
    const body = parseScope(cursor);
    return { labels: null, body, ...cursor.spanFrom(token) };
  }
  if (!cursor.take('case')) throw cursor.expected("'case', 'default' or '}'");
  const labels = cursor.list((c) => parseExpression(c), '{');
  const body = parseScope(cursor);
  return { labels, body, ...cursor.spanFrom(token) };
}

function parseReturn(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const value = cursor.isAt(';') ? null : parseValue(cursor);
  cursor.expect(';');
  return { kind: 'return', value, ...cursor.spanFrom(word) };
}

/** Operands up to the semicolon, perhaps none. */
function parseOperands(cursor: Cursor): OperandNode[] {
  return cursor.isAt(';') ? [] : cursor.list(parseOperand, ';');
}

function parseBarrier(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const operands = parseOperands(cursor);
  cursor.expect(';');
  const kind = word.text === 'nop' ? 'nop' : 'barrier';
  return { kind, operands, ...cursor.spanFrom(word) };
}

function parseBox(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const duration = parseOptionalDesignator(cursor);
  const body = parseScope(cursor);
  return { kind: 'box', duration, body, ...cursor.spanFrom(word) };
}

function parseDelay(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const duration = parseDesignator(cursor);
  const operands = parseOperands(cursor);
  cursor.expect(';');
  return { kind: 'delay', duration, operands, ...cursor.spanFrom(word) };
}

function parseReset(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const operand = parseOperand(cursor);
  cursor.expect(';');
  return { kind: 'reset', operand, ...cursor.spanFrom(word) };
}

function parseMeasure(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const operand = parseOperand(cursor);
  const value = { kind: 'measure', operand, ...cursor.spanFrom(word) } as const;
  const target = parseArrowTarget(cursor);
  cursor.expect(';');
  return { kind: 'arrow', value, target, ...cursor.spanFrom(word) };
}
