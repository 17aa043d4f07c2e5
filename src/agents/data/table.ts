/** A payload's records or rows as named columns of equal length. */
import {
  isPlainObject,
  describeValue,
  InvalidPayloadError,
  shorten,
  type PayloadObject,
} from '../payload.ts';
import { WORK_PER_STEP, type Steps } from '../steps.ts';
import type { AnalyzePayload } from './analyze-payload.ts';
import { readCell, type Cell } from './cell.ts';
import { detectDelimiter } from './csv-delimiter.ts';
import { parseCsv } from './csv.ts';
import { CELL_CHARACTERS_MAX, COLUMNS_MAX, checkCells } from './table-bounds.ts';

/** A row whose cells were not as many as the columns: padded as missing, or its excess left out. */
export interface RaggedRow {
  /** Data row, from 1; the header does not count. */
  readonly row: number;
  /** Line of the CSV text on which the row starts; null for rows. */
  readonly line: number | null;
  readonly cells: number;
  readonly expected: number;
}

export interface Table {
  readonly names: readonly string[];
  /** Cells of each column; shape [columns][rows]. */
  readonly columns: readonly (readonly Cell[])[];
  readonly rowCount: number;
  readonly source: 'csv' | 'rows';
  /** Null for rows. */
  readonly delimiter: string | null;
  readonly header: 'given' | 'inferred' | 'none';
  readonly blankLines: number;
  readonly ragged: { readonly total: number; readonly listed: readonly RaggedRow[] };
}

/** Ragged rows told one by one; past them only counted. */
const RAGGED_LISTED_MAX = 100;

const NAME_LENGTH_MAX = 200;

/** Rows between two pauses: with 512 columns about 8000 cells. */
const ROWS_PER_STEP = 16;

interface SourceRecord {
  readonly line: number | null;
  readonly cells: readonly Cell[];
}

/** Table of a payload. @throws OrchestratorError `INVALID_PAYLOAD` for a cell or bound broken */
export function* readTable(payload: AnalyzePayload): Steps<Table> {
  if (payload.source.type === 'rows') {
    const { rows } = payload.source;
    return isPlainObject(rows[0])
      ? yield* tableOfObjects(rows, payload)
      : yield* tableOfArrays(rows, payload);
  }
  const { text } = payload.source;
  const delimiter = payload.delimiter ?? detectDelimiter(text);
  const { records, blankLines } = yield* parseCsv(text, delimiter);
  const header = payload.header ?? looksLikeHeader(records);
  const table = yield* tableOfRecords(records, payload, header);
  const headerKind = header ? (payload.header === undefined ? 'inferred' : 'given') : 'none';
  return { ...table, source: 'csv', delimiter, header: headerKind, blankLines };
}

/** True when no cell of the first record is empty, a number, a date or a truth value. */
function looksLikeHeader(records: readonly SourceRecord[]): boolean {
  const first = records[0];
  if (first === undefined || records.length < 2) return false;
  return first.cells.every((cell) => readCell(cell).kind === 'text');
}

function* tableOfArrays(rows: readonly unknown[], payload: AnalyzePayload): Steps<Table> {
  const records: SourceRecord[] = [];
  let cellCount = 0;
  for (const [index, row] of rows.entries()) {
    if (!Array.isArray(row) || row.length > COLUMNS_MAX) {
      const mustHold = `must be an array of at most ${COLUMNS_MAX} cells, as payload.rows[0] is`;
      throw new InvalidPayloadError(`payload.rows[${index}]`, mustHold, describeValue(row));
    }
    const cells = row.map((cell: unknown, place) =>
      isCell(cell) ? cell : refuseCell(cell, `payload.rows[${index}][${place}]`),
    );
    records.push({ line: null, cells });
    cellCount += cells.length;
    checkCells(cellCount, 'payload.rows');
    if (index % ROWS_PER_STEP === 0) yield undefined;
  }
  const header = payload.header ?? false;
  const table = yield* tableOfRecords(records, payload, header);
  return { ...table, header: header ? 'given' : 'none' };
}

function* tableOfRecords(
  records: readonly SourceRecord[],
  payload: AnalyzePayload,
  header: boolean,
): Steps<Table> {
  const body = header ? records.slice(1) : records;
  const widthNamed = header ? records[0]?.cells.length : undefined;
  const width = payload.columns?.length ?? widthNamed ?? (yield* commonestWidth(body));
  if (payload.columns !== undefined && widthNamed !== undefined && widthNamed !== width) {
    const got = `${width} names for a header of ${widthNamed}`;
    throw new InvalidPayloadError('payload.columns', 'must name every column', got);
  }
  if (width === 0) throw new InvalidPayloadError('payload', 'must have a column', 'none');
  checkCells(width * body.length, 'payload');
  const columns: Cell[][] = Array.from({ length: width }, () => []);
  const listed: RaggedRow[] = [];
  let total = 0;
  let work = 0;
  for (const [index, { line, cells }] of body.entries()) {
    for (let place = 0; place < width; place += 1) columns[place]!.push(cells[place] ?? null);
    if (cells.length !== width) {
      total += 1;
      const ragged = { row: index + 1, line, cells: cells.length, expected: width };
      if (total <= RAGGED_LISTED_MAX) listed.push(ragged);
    }
    work += width;
    if (work < WORK_PER_STEP) continue;
    work = 0;
    yield undefined;
  }
  return {
    names: payload.columns ?? uniqueNames(header ? records[0]!.cells : columns.map(() => null)),
    columns,
    rowCount: body.length,
    source: 'rows',
    delimiter: null,
    header: 'none',
    blankLines: 0,
    ragged: { total, listed },
  };
}

/** The number of cells most records have; of equals the larger. */
function* commonestWidth(records: readonly SourceRecord[]): Steps<number> {
  const frequencies = new Map<number, number>();
  for (const [index, { cells }] of records.entries()) {
    if (index % WORK_PER_STEP === WORK_PER_STEP - 1) yield undefined;
    frequencies.set(cells.length, (frequencies.get(cells.length) ?? 0) + 1);
  }
  let [width, most] = [0, 0];
  for (const [cells, frequency] of frequencies) {
    const isBetter = frequency > most || (frequency === most && cells > width);
    if (isBetter) [width, most] = [cells, frequency];
  }
  return width;
}

/** Names as given, blanks named by place and repeated ones numbered: `price`, `price_2`. */
function uniqueNames(cells: readonly Cell[]): readonly string[] {
  const taken = new Set<string>();
  return cells.map((cell, index) => {
    const text = cell === null ? '' : shorten(String(cell).trim(), NAME_LENGTH_MAX);
    const base = text === '' ? `column_${index + 1}` : text;
    let name = base;
    for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
    taken.add(name);
    return name;
  });
}

function* tableOfObjects(rows: readonly unknown[], payload: AnalyzePayload): Steps<Table> {
  if (payload.header !== undefined) {
    throw new InvalidPayloadError(
      'payload.header',
      'must come with csv or rows of arrays',
      'rows of objects',
    );
  }
  const columns = new Map<string, Cell[]>(payload.columns?.map((name) => [name, []]));
  const isClosed = payload.columns !== undefined;
  for (const [index, row] of rows.entries()) {
    const path = `payload.rows[${index}]`;
    if (!isPlainObject(row)) {
      throw new InvalidPayloadError(
        path,
        'must be an object, as payload.rows[0] is',
        describeValue(row),
      );
    }
    placeCells(columns, row, { index, path, isClosed });
    checkCells(columns.size * (index + 1), 'payload.rows');
    if (index % ROWS_PER_STEP === 0) yield undefined;
  }
  if (columns.size === 0)
    throw new InvalidPayloadError('payload.rows', 'must have a field', 'none');
  for (const cells of columns.values()) {
    while (cells.length < rows.length) cells.push(null);
    yield undefined;
  }
  return {
    names: [...columns.keys()],
    columns: [...columns.values()],
    rowCount: rows.length,
    source: 'rows',
    delimiter: null,
    header: 'none',
    blankLines: 0,
    ragged: { total: 0, listed: [] },
  };
}

/** Adds a row's fields to their columns; with closed columns the other fields are left out. */
function placeCells(
  columns: Map<string, Cell[]>,
  row: PayloadObject,
  {
    index,
    path,
    isClosed,
  }: { readonly index: number; readonly path: string; readonly isClosed: boolean },
): void {
  for (const [key, value] of Object.entries(row)) {
    let cells = columns.get(key);
    if (cells === undefined) {
      if (isClosed) continue;
      cells = [];
      columns.set(key, cells);
      if (columns.size > COLUMNS_MAX) {
        throw new InvalidPayloadError(
          'payload.rows',
          `must have at most ${COLUMNS_MAX} fields`,
          'more',
        );
      }
    }
    while (cells.length < index) cells.push(null);
    cells.push(isCell(value) ? value : refuseCell(value, `${path}.${shorten(key, 60)}`));
  }
}

function isCell(value: unknown): value is Cell {
  if (typeof value === 'string') return value.length <= CELL_CHARACTERS_MAX;
  return typeof value === 'number' || typeof value === 'boolean' || value === null;
}

function refuseCell(value: unknown, path: string): never {
  const mustHold = `must be a number, true, false, null or a text of at most ${CELL_CHARACTERS_MAX} characters`;
  throw new InvalidPayloadError(path, mustHold, describeValue(value));
}
