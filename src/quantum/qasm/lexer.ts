import { qasmError, type Span } from './source-text.ts';
import { KEYWORDS_2, KEYWORDS_3, type QasmVersion, type Token, type TokenKind } from './token.ts';

/** One run of whitespace or one comment; repeated in code, as a repeated group grows the matcher's stack. */
const BLANK = /[ \t\r\n\uFEFF]+|\/\/[^\r\n]*|\/\*[^]*?\*\//y;
const NAME = /[_\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{Nl}][_\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{Nl}0-9]*/uy;
const RADIX_NUMBER =
  /0(?:[bB][01](?:_?[01]){0,4000}|o[0-7](?:_?[0-7]){0,4000}|[xX][0-9a-fA-F](?:_?[0-9a-fA-F]){0,4000})/y;
/** At most 4,001 digits. */
const DECIMAL = String.raw`[0-9](?:_?[0-9]){0,4000}`;
const EXPONENT = String.raw`(?:[eE][+-]?${DECIMAL})`;
const NUMBER = new RegExp(
  `(?:${DECIMAL}\\.(?:${DECIMAL})?${EXPONENT}?|\\.${DECIMAL}${EXPONENT}?|${DECIMAL}${EXPONENT}|${DECIMAL})`,
  'y',
);
/** What may follow a number; a unit ends where a name would. */
const UNIT = /[ \t]*(dt|ns|us|µs|μs|ms|s|im)(?![_\p{L}\p{Nl}0-9])/uy;
const SYMBOL =
  /(?:<<=|>>=|\*\*=|->|\+\+|\*\*|\|\||&&|==|!=|<=|>=|<<|>>|\+=|-=|\*=|\/=|&=|\|=|~=|\^=|%=|[[\]{}():;.,=+\-*/%|&^@~!<>])/y;
const HARDWARE_QUBIT = /\$[0-9]+/y;
const STRING = /"[^"\r\t\n]+"|'[^'\r\t\n]+'/y;
const ANNOTATION =
  /@[_\p{L}\p{Nl}][_\p{L}\p{Nl}0-9]*(?:\.[_\p{L}\p{Nl}][_\p{L}\p{Nl}0-9]*)*[^\r\n]*/uy;
const PRAGMA = /#?pragma(?![_\p{L}\p{Nl}0-9])[^\r\n]*/uy;
const VERSION = /[0-9]+(?:\.[0-9]+)?/y;
const DIM = /#dim(?![_\p{L}\p{Nl}0-9])/uy;

/** Takes source apart, a token at a time, as the parser asks: what a text means depends on where it is. */
export class Lexer {
  readonly source: string;
  #at = 0;
  #start = 0;
  #keywords: ReadonlySet<string> = KEYWORDS_3;
  #isVersion2 = false;
  #previous: Token | null = null;

  constructor(source: string) {
    this.source = source;
  }

  /** Words that are reserved from here on. */
  setVersion(version: QasmVersion): void {
    this.#isVersion2 = version === 2;
    this.#keywords = this.#isVersion2 ? KEYWORDS_2 : KEYWORDS_3;
  }

  next(): Token {
    this.#skipBlank();
    const token = this.#read();
    this.#previous = token;
    return token;
  }

  /** The version number after `OPENQASM`, or null where there is none. */
  version(): Token | null {
    this.#skipBlank();
    const text = this.#match(VERSION);
    return text === null ? null : this.#token('float', text);
  }

  /** Everything up to the brace that closes a calibration block, that brace not included. */
  calibrationBlock(opening: Span): Span {
    const start = this.#at;
    for (let depth = 1, at = start; at < this.source.length; at++) {
      const c = this.source[at];
      if (c === '{') depth += 1;
      if (c === '}') depth -= 1;
      if (depth > 0) continue;
      this.#at = at;
      return { start, end: at };
    }
    throw this.#error(opening, "expected '}' at the end of this calibration block");
  }

  #skipBlank(): void {
    while (this.#match(BLANK) !== null);
    this.#start = this.#at;
    if (this.source.startsWith('/*', this.#at)) {
      throw this.#error(this.#span(2), "expected '*/' at the end of this comment");
    }
  }

  #read(): Token {
    const { source } = this;
    const c = source[this.#at];
    if (c === undefined) return this.#token('end', '');
    const word = this.#match(NAME);
    if (word !== null) return this.#word(word);
    if ((c >= '0' && c <= '9') || (c === '.' && /[0-9]/.test(source[this.#at + 1] ?? ''))) {
      return this.#number();
    }
    if (c === '"' || c === "'") return this.#string();
    if (c === '$') return this.#hardwareQubit();
    if (c === '#') return this.#hash();
    if (c === '@' && !this.#isAfterModifier()) {
      const text = this.#match(ANNOTATION);
      if (text !== null) return this.#token('annotation', text.trimEnd());
    }
    const symbol = this.#match(SYMBOL);
    if (symbol !== null) return this.#token('symbol', symbol);
    const character = String.fromCodePoint(source.codePointAt(this.#at) ?? 0);
    throw this.#error(this.#span(character.length), `no token starts with '${character}'`);
  }

  #word(text: string): Token {
    if (text === 'pragma' && !this.#isVersion2) {
      this.#at = this.#start;
      return this.#token('pragma', (this.#match(PRAGMA) ?? text).trimEnd());
    }
    return this.#token(this.#keywords.has(text) ? 'keyword' : 'identifier', text);
  }

  #number(): Token {
    const radix = this.#isVersion2 ? null : this.#match(RADIX_NUMBER);
    if (radix === null) this.#match(NUMBER);
    const unit = radix === null && !this.#isVersion2 ? this.#match(UNIT) : null;
    const text = this.source.slice(this.#start, this.#at);
    if (unit !== null) return this.#token(unit.endsWith('im') ? 'imaginary' : 'timing', text);
    const rest = this.#match(NAME) ?? this.#match(NUMBER);
    if (rest !== null) {
      const span = { start: this.#start, end: this.#at };
      throw this.#error(span, `expected a number, got '${text}${rest}'`);
    }
    return this.#token(radix === null && /[.eE]/.test(text) ? 'float' : 'int', text);
  }

  #string(): Token {
    const text = this.#match(STRING);
    if (text !== null) return this.#token('string', text);
    throw this.#error(this.#span(1), 'expected a string that is not empty and ends on its line');
  }

  #hardwareQubit(): Token {
    const text = this.#match(HARDWARE_QUBIT);
    if (text !== null) return this.#token('hardware-qubit', text);
    throw this.#error(this.#span(1), "expected the number of a physical qubit after '$'");
  }

  #hash(): Token {
    const dim = this.#match(DIM);
    if (dim !== null) return this.#token('keyword', dim);
    const pragma = this.#match(PRAGMA);
    if (pragma !== null) return this.#token('pragma', pragma.trimEnd());
    throw this.#error(this.#span(1), "expected 'pragma' or 'dim' after '#'");
  }

  /** True after `ctrl`, `inv`, or `)`: there `@x` is not an annotation. */
  #isAfterModifier(): boolean {
    const { kind, text } = this.#previous ?? { kind: 'end', text: '' };
    return (kind === 'keyword' && /^(?:inv|ctrl|negctrl)$/.test(text)) || text === ')';
  }

  /** Matches at the current place, and moves past it. */
  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.source);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  /** The token that starts where the last blank ended. */
  #token(kind: TokenKind, text: string): Token {
    return { kind, text, start: this.#start, end: this.#start + text.length };
  }

  #span(length: number): Span {
    return { start: this.#at, end: this.#at + length };
  }

  #error(span: Span, message: string): Error {
    return qasmError('QASM_SYNTAX', this.source, span, message);
  }
}
