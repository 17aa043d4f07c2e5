import type { Name, ProgramNode, StatementNode } from './ast.ts';
import { Cursor, type Grammar, type HardwareQubit } from './cursor.ts';
import { Lexer } from './lexer.ts';
import { parseExpression } from './parse-expression.ts';
import { parseScope, parseStatement } from './parse-statement.ts';
import { KEYWORDS_2, type QasmVersion, type Token } from './token.ts';

const GRAMMAR: Grammar = { expression: (cursor) => parseExpression(cursor), scope: parseScope };

/** A program whose statements are parsed one by one, as they are asked for. */
export interface OpenProgram {
  readonly source: string;
  readonly version: QasmVersion;
  /** The header's number, and where it is; null without a header. */
  readonly header: Name | null;
  /** To go through once. */
  readonly statements: Iterable<StatementNode>;
  /** The highest physical qubit of the statements parsed so far. */
  readonly highestQubit: () => HardwareQubit | null;
}

/**
 * Opens a program; errors of its statements come when they are parsed.
 *
 * Without a header a program is OpenQASM 2 when it includes qelib1.inc, or has `qreg` and no word
 * that OpenQASM 3 alone has.
 *
 * @throws OrchestratorError QASM_SYNTAX, QASM_RECURSION, QASM_UNSUPPORTED (other versions)
 */
export function openProgram(source: string): OpenProgram {
  const cursor = new Cursor(source, 3, GRAMMAR);
  const header = parseHeader(cursor);
  const version = header === null ? guessVersion(source) : versionOf(cursor, header);
  const body = header === null ? new Cursor(source, version, GRAMMAR) : cursor;
  const highestQubit = (): HardwareQubit | null => body.highestQubit;
  return { source, version, header, statements: statementsOf(body), highestQubit };
}

function* statementsOf(cursor: Cursor): Generator<StatementNode> {
  while (!cursor.isAtKind('end')) yield parseStatement(cursor);
}

/**
 * The tree of a program, before anything is known about its names.
 *
 * @throws OrchestratorError as {@link openProgram}, of all its statements
 */
export function parseProgram(source: string): ProgramNode {
  const { version, header, statements } = openProgram(source);
  return { source, version, header, statements: [...statements], start: 0, end: source.length };
}

/** `OPENQASM x.y;`; what follows it is read in that version's words. */
function parseHeader(cursor: Cursor): Name | null {
  if (!cursor.isAt('OPENQASM')) return null;
  const number = cursor.lexer.version();
  if (number === null) {
    cursor.advance();
    throw cursor.expected("a version number such as '3.0'");
  }
  cursor.lexer.setVersion(number.text.startsWith('2') ? 2 : 3);
  cursor.advance();
  cursor.expect(';');
  return { text: number.text, start: number.start, end: number.end };
}

function versionOf(cursor: Cursor, header: Name): QasmVersion {
  const major = Number.parseInt(header.text, 10);
  if (major !== 2 && major !== 3) {
    const message = `versions 2 and 3 of OpenQASM are read, got ${header.text}`;
    throw cursor.error('QASM_UNSUPPORTED', header, message);
  }
  cursor.version = major;
  return major;
}

/** The version of a program without a header. */
function guessVersion(source: string): QasmVersion {
  const lexer = new Lexer(source);
  let hasOldRegister = false;
  let previous: Token | null = null;
  for (;;) {
    const token = nextOf(lexer);
    if (token === null || token.kind === 'end') return hasOldRegister ? 2 : 3;
    if (previous?.text === 'include' && token.kind === 'string') {
      if (token.text.includes('qelib1')) return 2;
      if (token.text.includes('stdgates')) return 3;
    }
    if (token.text === 'opaque') return 2;
    if (token.text === 'qreg') hasOldRegister = true;
    if (token.kind === 'hardware-qubit' || token.kind === 'pragma') return 3;
    if (token.kind === 'keyword' && !KEYWORDS_2.has(token.text)) return 3;
    previous = token;
  }
}

/** The next token, or null where the source has a fault: the parser will tell it. */
function nextOf(lexer: Lexer): Token | null {
  try {
    return lexer.next();
  } catch {
    return null;
  }
}
