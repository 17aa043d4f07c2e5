import { Lexer } from './lexer.ts';
import type { ExpressionNode, Name, ScopeNode } from './ast.ts';
import { qasmError, type QasmCode, type Span } from './source-text.ts';
import { describeToken, type QasmVersion, type Token, type TokenKind } from './token.ts';

/** Brackets, braces and statements within each other; keeps the reader's own stack small. */
const NESTING_MAX = 256;

/** A physical qubit that a program names, and where. */
export interface HardwareQubit extends Span {
  readonly qubit: number;
}

/** Parts of the grammar that contain each other across files. */
export interface Grammar {
  readonly expression: (cursor: Cursor) => ExpressionNode;
  readonly scope: (cursor: Cursor) => ScopeNode;
}

/** The parser's place in a program: one token is looked at, never more. */
export class Cursor {
  readonly lexer: Lexer;
  readonly source: string;
  readonly grammar: Grammar;
  version: QasmVersion;
  token: Token;
  /** Where the last token that was taken ended. */
  end = 0;
  /** The highest physical qubit so far. */
  highestQubit: HardwareQubit | null = null;
  #depth = 0;

  constructor(source: string, version: QasmVersion, grammar: Grammar) {
    this.source = source;
    this.grammar = grammar;
    this.version = version;
    this.lexer = new Lexer(source);
    this.lexer.setVersion(version);
    this.token = this.lexer.next();
  }

  /** Takes the current token. */
  advance(): Token {
    const taken = this.token;
    this.end = taken.end;
    this.token = this.lexer.next();
    return taken;
  }

  /** True when the current token is this symbol or keyword. */
  isAt(text: string): boolean {
    const { kind } = this.token;
    return this.token.text === text && (kind === 'symbol' || kind === 'keyword');
  }

  isAtKind(kind: TokenKind): boolean {
    return this.token.kind === kind;
  }

  /** Takes this symbol or keyword when it is next. */
  take(text: string): boolean {
    if (!this.isAt(text)) return false;
    this.advance();
    return true;
  }

  expect(text: string): Token {
    if (!this.isAt(text)) throw this.expected(`'${text}'`);
    return this.advance();
  }

  /** Takes an identifier. */
  name(what: string): Name {
    if (!this.isAtKind('identifier')) throw this.expected(what);
    const { text, start, end } = this.advance();
    return { text, start, end };
  }

  /** Takes a physical qubit. */
  hardwareQubit(): HardwareQubit {
    const { text, start, end } = this.advance();
    const taken = { qubit: Number(text.slice(1)), start, end };
    if (taken.qubit > (this.highestQubit?.qubit ?? -1)) this.highestQubit = taken;
    return taken;
  }

  /** The stretch from there to the last token taken. */
  spanFrom({ start }: { readonly start: number }): Span {
    return { start, end: this.end };
  }

  /** The error of a current token that is not what stands here; at a lack, just after the last one. */
  expected(what: string): Error {
    const got = describeToken(this.token);
    // A missing semicolon is best shown where it belongs, not at the next line's first word.
    const isLack = what === "';'" && this.source.slice(this.end, this.token.start).includes('\n');
    const span = isLack ? { start: this.end, end: this.end } : this.token;
    return this.error('QASM_SYNTAX', span, `expected ${what}, got ${got}`);
  }

  error(code: QasmCode, span: Span, message: string): Error {
    return qasmError(code, this.source, span, message);
  }

  /** Parses one level deeper. */
  nested<T>(parse: (cursor: Cursor) => T): T {
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) {
      const message = `a program is nested at most ${NESTING_MAX} deep`;
      throw this.error('QASM_RECURSION', this.token, message);
    }
    const result = parse(this);
    this.#depth -= 1;
    return result;
  }

  /** Items with commas between them and perhaps one after them, up to one of the closing symbols. */
  list<T>(parse: (cursor: Cursor) => T, ...closing: readonly string[]): T[] {
    const items = [parse(this)];
    while (this.take(',')) {
      if (closing.some((text) => this.isAt(text))) break;
      items.push(parse(this));
    }
    return items;
  }
}
