/** Rows and columns that say the same as an earlier one. */
import { WORK_PER_STEP, type Steps } from '../steps.ts';
import { readCell, type Cell } from './cell.ts';
import type { Table } from './table.ts';

export interface DuplicateRows {
  /** Rows equal to an earlier row. */
  readonly total: number;
  /** The first of them, at most 50; rows count from 1. */
  readonly listed: readonly { readonly row: number; readonly sameAs: number }[];
}

export interface DuplicateColumn {
  readonly column: string;
  readonly sameAs: string;
}

const LISTED_MAX = 50;

/** Rows whose cells all equal those of an earlier row. */
export function* findDuplicateRows(table: Table): Steps<DuplicateRows> {
  const firstRows = new Map<string, number>();
  const listed: { row: number; sameAs: number }[] = [];
  let total = 0;
  let work = 0;
  for (let row = 1; row <= table.rowCount; row += 1) {
    let key = '';
    for (const cells of table.columns) key += keyOf(cells[row - 1]!);
    const first = firstRows.get(key);
    if (first === undefined) firstRows.set(key, row);
    else {
      total += 1;
      if (listed.length < LISTED_MAX) listed.push({ row, sameAs: first });
    }
    work += table.columns.length + key.length / 16;
    if (work < WORK_PER_STEP) continue;
    work = 0;
    yield undefined;
  }
  return { total, listed };
}

/** Text of a cell that no other cell has; the length makes a row's keys unambiguous in line. */
function keyOf(cell: Cell): string {
  const text = String(cell);
  return `${typeof cell === 'string' ? 's' : 'v'}${text.length}:${text}`;
}

/** Columns whose cells all equal those of an earlier column; columns without a value do not count. */
export function* findDuplicateColumns(table: Table): Steps<readonly DuplicateColumn[]> {
  const duplicates: DuplicateColumn[] = [];
  const firstColumns = new Map<string, number[]>();
  for (const [index, cells] of table.columns.entries()) {
    const hash = yield* hashOf(cells);
    if (hash === null) continue;
    const others = firstColumns.get(hash) ?? [];
    const same = yield* findEqual(table, others, cells);
    if (same === null) firstColumns.set(hash, [...others, index]);
    else duplicates.push({ column: table.names[index]!, sameAs: table.names[same]! });
  }
  return duplicates;
}

/** A hash of the cells in order; null where all are missing. */
function* hashOf(cells: readonly Cell[]): Steps<string | null> {
  let hash = 0;
  let work = 0;
  let isEmpty = true;
  for (const cell of cells) {
    const text = String(cell);
    isEmpty &&= readCell(cell).kind === 'missing';
    for (let index = 0; index < text.length; index += 1) {
      hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
    }
    hash = (Math.imul(hash, 31) + 1) | 0;
    work += 1 + text.length;
    if (work < WORK_PER_STEP) continue;
    work = 0;
    yield undefined;
  }
  return isEmpty ? null : String(hash);
}

function* findEqual(
  table: Table,
  others: readonly number[],
  cells: readonly Cell[],
): Steps<number | null> {
  for (const other of others) {
    const otherCells = table.columns[other]!;
    yield undefined;
    if (cells.every((cell, row) => Object.is(cell, otherCells[row]))) return other;
  }
  return null;
}
