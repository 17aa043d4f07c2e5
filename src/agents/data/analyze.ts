/** What is in a table: schema, quality, distributions, relations, and a summary in words. */
import type { Steps } from '../steps.ts';
import type { AnalyzePayload } from './analyze-payload.ts';
import { correlateColumns, type ColumnCorrelations } from './column-correlations.ts';
import { profileColumn, type ColumnProfile, type ProfiledColumn } from './column-profile.ts';
import {
  findDuplicateColumns,
  findDuplicateRows,
  type DuplicateColumn,
  type DuplicateRows,
} from './duplicates.ts';
import { summarizeInWords } from './summary.ts';
import { readTable, type RaggedRow } from './table.ts';

/** The facts of a table. */
export interface TableFacts {
  readonly table: {
    readonly source: 'csv' | 'rows';
    readonly rows: number;
    readonly columns: number;
    readonly missingCells: number;
    /** Null for rows. */
    readonly delimiter: string | null;
    readonly header: 'given' | 'inferred' | 'none';
    readonly blankLines: number;
    /** Rows with too few cells (padded) or too many (the excess left out), at most 100 listed. */
    readonly ragged: { readonly total: number; readonly listed: readonly RaggedRow[] };
  };
  readonly columns: readonly ColumnProfile[];
  readonly correlations: ColumnCorrelations;
  readonly constantColumns: readonly string[];
  readonly duplicateColumns: readonly DuplicateColumn[];
  readonly duplicateRows: DuplicateRows;
}

/** Result of `data.analyze`. */
export interface Analysis extends TableFacts {
  /** One paragraph of plain English, made of the facts above and nothing else. */
  readonly summary: string;
}

/** Shares of the progress bar at which each stage starts. */
const PROFILE_FROM = 0.2;
const DUPLICATES_FROM = 0.6;
const CORRELATE_FROM = 0.7;

/** Analysis of a checked payload. @throws OrchestratorError `INVALID_PAYLOAD` for faulty cells */
export function* analyze(payload: AnalyzePayload): Steps<Analysis> {
  yield { fraction: 0, note: 'reading the table' };
  const table = yield* readTable(payload);
  const profiled: ProfiledColumn[] = [];
  for (const [index, name] of table.names.entries()) {
    const done = index / table.names.length;
    const fraction = PROFILE_FROM + (DUPLICATES_FROM - PROFILE_FROM) * done;
    yield { fraction, note: `profiling ${name}` };
    profiled.push(yield* profileColumn(name, table.columns[index]!, payload));
  }
  yield { fraction: DUPLICATES_FROM, note: 'looking for duplicates' };
  const duplicateRows = yield* findDuplicateRows(table);
  const duplicateColumns = yield* findDuplicateColumns(table);
  const columns = profiled.map(({ profile }) => profile);
  const facts: TableFacts = {
    table: {
      source: table.source,
      rows: table.rowCount,
      columns: columns.length,
      missingCells: columns.reduce((sum, { missing }) => sum + missing, 0),
      delimiter: table.delimiter,
      header: table.header,
      blankLines: table.blankLines,
      ragged: table.ragged,
    },
    columns,
    correlations: yield* correlateColumns(profiled, CORRELATE_FROM),
    constantColumns: columns.filter(({ constant }) => constant).map(({ name }) => name),
    duplicateColumns,
    duplicateRows,
  };
  yield { fraction: 1, note: 'done' };
  return { ...facts, summary: summarizeInWords(facts) };
}
