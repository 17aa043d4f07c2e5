/** Cuts the text of a query into its parts, each with its place. Linear in the text. */
import { QueryInvalidError } from './query-error.ts';

/** A value as it was written. */
export interface RawValue {
  /** Where it begins. */
  readonly at: number;
  /** As it stands in the query. */
  readonly source: string;
  /** What it says, cut at each star that no backslash stands before. */
  readonly pieces: readonly string[];
  readonly isQuoted: boolean;
}

/** Names joined by dots: `error.code`, `metadata."a b".c`. */
export interface RawField {
  readonly at: number;
  readonly source: string;
  readonly names: readonly string[];
}

export type Keyword = 'and' | 'or' | 'not';

const SPACE = /\s*/y;
const KEYWORD = /(and|or|not)(?=[\s()]|$)/iy;
const NAME = /[^\s()",.:=!<>~\\]+/y;
const OPERATOR = /[<>]=?|!=|[:=~]/y;
const BARE = /[^\s()",]+/y;
/** Up to the next delimiter: what is told of where something else was wanted. */
const CHUNK = /[^\s()]+|[()]/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const HEX_4 = /[0-9a-f]{4}/iy;

export class QueryScanner {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.text.length;
  }

  skipSpace(): void {
    this.#match(SPACE);
  }

  /** Goes over `char` if it is next. */
  take(char: string): boolean {
    if (this.text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  /** The keyword that is next, if one is; {@link takeKeyword} goes over it. */
  peekKeyword(): Keyword | null {
    KEYWORD.lastIndex = this.#at;
    const found = KEYWORD.exec(this.text)?.[1];
    return found === undefined ? null : (found.toLowerCase() as Keyword);
  }

  takeKeyword(keyword: Keyword): boolean {
    if (this.peekKeyword() !== keyword) return false;
    this.#at += keyword.length;
    return true;
  }

  /** Null where no name begins here. */
  readField(): RawField | null {
    const at = this.#at;
    const names: string[] = [];
    do {
      const name = this.text[this.#at] === '"' ? this.#quoted().join('*') : this.#match(NAME);
      if (name === null) {
        if (names.length === 0) return null;
        throw this.fault('a name must follow the dot of a field');
      }
      names.push(name);
    } while (this.take('.'));
    return { at, source: this.text.slice(at, this.#at), names };
  }

  /** One of `: = != ~ < <= > >=`; null where none is next. */
  readOperator(): string | null {
    return this.#match(OPERATOR);
  }

  /** @throws QueryInvalidError where no value begins here, or it does not end */
  readValue(): RawValue {
    const at = this.#at;
    const isQuoted = this.text[at] === '"';
    const pieces = isQuoted ? this.#quoted() : this.#match(BARE)?.split('*');
    if (pieces === undefined) throw this.fault('a value must follow an operator or a comma');
    const source = this.text.slice(at, this.#at);
    if (!this.isAtEnd && !/[\s(),]/.test(this.text[this.#at] as string))
      throw this.fault('a blank must follow a value');
    return { at, source, pieces, isQuoted };
  }

  /** What is told of where something else must stand. */
  fault(must: string, at: number = this.#at): QueryInvalidError {
    CHUNK.lastIndex = at;
    return new QueryInvalidError({
      at,
      must,
      got: CHUNK.exec(this.text)?.[0] ?? this.text[at] ?? '',
    });
  }

  /** Reads from quote to quote. */
  #quoted(): string[] {
    const at = this.#at;
    const pieces: string[] = [];
    let piece = '';
    this.#at += 1;
    for (;;) {
      const char = this.text[this.#at];
      if (char === undefined) throw this.fault('a quote must be closed', at);
      this.#at += 1;
      if (char === '"') return [...pieces, piece];
      if (char === '*') {
        pieces.push(piece);
        piece = '';
      } else piece += char === '\\' ? this.#escaped() : char;
    }
  }

  #escaped(): string {
    const char = this.text[this.#at];
    const at = this.#at;
    this.#at += 1;
    if (char === 'u') {
      const hex = this.#match(HEX_4);
      if (hex !== null) return String.fromCharCode(Number.parseInt(hex, 16));
    }
    if (char === '"' || char === '\\' || char === '*') return char;
    const plain = char === undefined ? undefined : ESCAPES[char];
    if (plain !== undefined) return plain;
    throw this.fault(String.raw`a backslash must stand before " \ * n r t or uXXXX`, at);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }
}
