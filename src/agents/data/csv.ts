/**
 * CSV as of RFC 4180, and what the world makes of it.
 *
 * Beyond the RFC: any one-character delimiter, a byte-order mark, lines ended by CRLF, LF or CR, and
 * a quote inside a field that does not start with one, which is taken literally. A line without a
 * character is no record; it is counted. Text after a closing quote is an error.
 */
import { InvalidPayloadError } from '../payload.ts';
import { WORK_PER_STEP, type Steps } from '../steps.ts';
import { CELL_CHARACTERS_MAX, COLUMNS_MAX, checkCells, checkRows } from './table-bounds.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = 0xfeff;

interface CsvRecord {
  /** Line on which the record starts, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface ParsedCsv {
  readonly records: readonly CsvRecord[];
  readonly blankLines: number;
}

/**
 * Records of a CSV text.
 *
 * @throws OrchestratorError `INVALID_PAYLOAD` with the line: an open or misplaced quote, or a bound
 *   passed (see table-bounds.ts)
 */
export function* parseCsv(text: string, delimiter: string): Steps<ParsedCsv> {
  const reader = new RecordReader(text, delimiter);
  const records: CsvRecord[] = [];
  let blankLines = 0;
  let cellCount = 0;
  let pausedAt = 0;
  while (!reader.atEnd()) {
    const line = reader.line;
    const cells = reader.readRecord();
    if (cells === null) blankLines += 1;
    else {
      records.push({ line, cells });
      cellCount += cells.length;
      // One row more than the bound may be the header.
      checkRows(records.length - 1, 'payload.csv');
      checkCells(cellCount, 'payload.csv');
    }
    if (reader.position - pausedAt >= WORK_PER_STEP) {
      pausedAt = reader.position;
      yield undefined;
    }
  }
  return { records, blankLines };
}

/** Reads one record after the other; one record is bounded in cells and in length of each cell. */
class RecordReader {
  readonly #text: string;
  readonly #delimiter: number;
  position: number;
  line = 1;

  constructor(text: string, delimiter: string) {
    this.#text = text;
    this.#delimiter = delimiter.charCodeAt(0);
    this.position = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  }

  atEnd(): boolean {
    return this.position >= this.#text.length;
  }

  /** Cells of the next record; null for a line without a character. */
  readRecord(): string[] | null {
    const start = this.position;
    const line = this.line;
    const cells: string[] = [];
    for (;;) {
      cells.push(this.#at() === QUOTE ? this.#readQuoted() : this.#readPlain());
      if (cells.length > COLUMNS_MAX) {
        const got = `more on line ${line}`;
        throw new InvalidPayloadError(
          'payload.csv',
          `must have at most ${COLUMNS_MAX} columns`,
          got,
        );
      }
      if (this.#at() !== this.#delimiter) break;
      this.position += 1;
    }
    const isBlank = this.position === start;
    this.#skipLineEnd();
    return isBlank ? null : cells;
  }

  #at(): number {
    return this.#text.charCodeAt(this.position);
  }

  #readPlain(): string {
    const start = this.position;
    for (; this.position < this.#text.length; this.position += 1) {
      const code = this.#at();
      if (code === this.#delimiter || code === LINE_FEED || code === CARRIAGE_RETURN) break;
    }
    return this.#slice(start, this.position, this.line);
  }

  #readQuoted(): string {
    const line = this.line;
    const start = this.position + 1;
    let doubledCount = 0;
    for (this.position = start; ; this.position += 1) {
      if (this.atEnd()) {
        throw new InvalidPayloadError(
          'payload.csv',
          `must close the quote of line ${line}`,
          'its end',
        );
      }
      const code = this.#at();
      if (code === QUOTE) {
        if (this.#text.charCodeAt(this.position + 1) !== QUOTE) break;
        doubledCount += 1;
        this.position += 1;
      } else if (this.#endsLine(code)) this.line += 1;
    }
    const cell = this.#slice(start, this.position, line);
    this.position += 1;
    this.#expectCellEnd();
    return doubledCount === 0 ? cell : cell.replaceAll('""', '"');
  }

  #expectCellEnd(): void {
    const code = this.#at();
    const ends = code === this.#delimiter || code === LINE_FEED || code === CARRIAGE_RETURN;
    if (ends || this.atEnd()) return;
    const got = JSON.stringify(this.#text.charAt(this.position));
    const mustHold = `must go on with a delimiter after the closing quote on line ${this.line}`;
    throw new InvalidPayloadError('payload.csv', mustHold, got);
  }

  #slice(start: number, end: number, line: number): string {
    if (end - start > CELL_CHARACTERS_MAX) {
      const mustHold = `must have at most ${CELL_CHARACTERS_MAX} characters in a cell`;
      throw new InvalidPayloadError('payload.csv', mustHold, `${end - start} on line ${line}`);
    }
    return this.#text.slice(start, end);
  }

  /** True at the character that completes a line's end: LF, or CR with no LF behind it. */
  #endsLine(code: number): boolean {
    if (code === LINE_FEED) return true;
    return code === CARRIAGE_RETURN && this.#text.charCodeAt(this.position + 1) !== LINE_FEED;
  }

  #skipLineEnd(): void {
    if (this.#at() === CARRIAGE_RETURN) this.position += 1;
    else if (this.#at() === LINE_FEED) {
      this.position += 1;
      this.line += 1;
      return;
    } else return;
    if (this.#at() === LINE_FEED) this.position += 1;
    this.line += 1;
  }
}
