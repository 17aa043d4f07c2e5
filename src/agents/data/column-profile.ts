/** Everything `data.analyze` tells about one column. */
import { shorten } from '../payload.ts';
import { momentsOf, type Moments } from '../statistics/moments.ts';
import { quantile } from '../statistics/quantile.ts';
import { gather, sortOrder } from '../statistics/sort-order.ts';
import { WORK_PER_STEP, type Steps } from '../steps.ts';
import { readCell, type Cell, type CellKind } from './cell.ts';
import { fittingKinds, inferColumnType, type ColumnType, type KindCounts } from './column-type.ts';
import { histogramOf, type Histogram } from './histogram.ts';
import { findOutliers, type OutlierMethod, type Outliers } from './outliers.ts';

interface NumericSummary extends Moments {
  readonly min: number;
  readonly max: number;
  /** By linear interpolation. */
  readonly quantiles: Readonly<Record<QuantileName, number>>;
}

const QUANTILES = { p1: 0.01, p5: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 };

type QuantileName = keyof typeof QUANTILES;

export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  /** See {@link inferColumnType}. */
  readonly confidence: number;
  /** Cells that are not missing. */
  readonly present: number;
  readonly missing: number;
  /** Different values among the present cells; `1` and `1.0` are one number. */
  readonly distinct: number;
  /** All present cells, two at least, hold one value. */
  readonly constant: boolean;
  /** Present cells that the type does not fit; the first five of them, rows from 1. */
  readonly unfitting: {
    readonly total: number;
    readonly listed: readonly { readonly row: number; readonly value: Cell }[];
  };
  /** Of integer and number columns. */
  readonly numeric: NumericSummary | null;
  readonly histogram: Histogram | null;
  readonly outliers: Outliers | null;
  /** Commonest values of boolean, string, categorical and mixed columns, at most ten. */
  readonly top: readonly { readonly value: Cell; readonly count: number }[] | null;
  /** Of date and datetime columns, ISO 8601, in UTC where there is a time. */
  readonly range: { readonly min: string; readonly max: string; readonly spanDays: number } | null;
}

/** A profile with what later steps need of the column; numbers only for integer and number. */
export interface ProfiledColumn {
  readonly profile: ColumnProfile;
  readonly numbers: { readonly values: Float64Array; readonly order: Uint32Array } | null;
}

export interface ProfileOptions {
  readonly histogramBins: number | undefined;
  readonly outlierMethod: OutlierMethod;
}

const TOP_MAX = 10;
const UNFITTING_LISTED_MAX = 5;
const TEXT_LENGTH_MAX = 120;
const DAY_MS = 86_400_000;

interface ReadColumn {
  readonly kinds: readonly CellKind[];
  /** Shape [rows]; NaN where a cell has no value of its own. */
  readonly values: Float64Array;
  readonly counts: KindCounts;
  readonly frequencies: ReadonlyMap<Cell, number>;
}

/** Profile of one column. O(rows · log rows). */
export function* profileColumn(
  name: string,
  cells: readonly Cell[],
  options: ProfileOptions,
): Steps<ProfiledColumn> {
  const column = yield* readColumn(cells);
  const present = cells.length - column.counts.missing;
  const distinct = column.frequencies.size;
  const { type, confidence } = inferColumnType(column.counts, distinct);
  const fitting = fittingKinds(type);
  const unfitting = yield* findUnfitting(cells, column.kinds, fitting);
  const isNumeric = type === 'integer' || type === 'number';
  const isTime = type === 'date' || type === 'datetime';
  const hasTop = !isNumeric && !isTime && type !== 'empty';
  const values = isNumeric || isTime ? keepKinds(column, fitting) : null;
  yield undefined;
  const numbers = isNumeric && values ? { values, order: yield* sortOrder(values) } : null;
  const profile: ColumnProfile = {
    name,
    type,
    confidence,
    present,
    missing: column.counts.missing,
    distinct,
    constant: present >= 2 && distinct === 1,
    unfitting,
    ...(numbers === null
      ? { numeric: null, histogram: null, outliers: null }
      : yield* summarize(numbers.values, numbers.order, options)),
    top: hasTop ? yield* commonest(column.frequencies) : null,
    range: isTime && values ? rangeOf(values, type) : null,
  };
  return { profile, numbers };
}

function* readColumn(cells: readonly Cell[]): Steps<ReadColumn> {
  const kinds: CellKind[] = [];
  const values = new Float64Array(cells.length);
  const counts: KindCounts = {
    missing: 0,
    integer: 0,
    number: 0,
    boolean: 0,
    date: 0,
    datetime: 0,
    text: 0,
  };
  const frequencies = new Map<Cell, number>();
  for (const [row, cell] of cells.entries()) {
    if (row % (WORK_PER_STEP / 4) === 0) yield undefined;
    const { kind, value } = readCell(cell);
    kinds.push(kind);
    values[row] = value;
    counts[kind] += 1;
    if (kind === 'missing') continue;
    const key = distinctKey(cell, kind, value);
    frequencies.set(key, (frequencies.get(key) ?? 0) + 1);
  }
  return { kinds, values, counts, frequencies };
}

/** What makes two cells the same value: the number itself, or the text without blanks around. */
function distinctKey(cell: Cell, kind: CellKind, value: number): Cell {
  if (kind === 'integer' || kind === 'number') return value;
  if (kind === 'boolean') return value === 1;
  return typeof cell === 'string' ? cell.trim() : String(cell);
}

function* findUnfitting(
  cells: readonly Cell[],
  kinds: readonly CellKind[],
  fitting: readonly CellKind[],
): Steps<ColumnProfile['unfitting']> {
  const listed: { row: number; value: Cell }[] = [];
  if (fitting.length === 0) return { total: 0, listed };
  let total = 0;
  for (const [row, kind] of kinds.entries()) {
    if (row % WORK_PER_STEP === 0) yield undefined;
    if (kind === 'missing' || fitting.includes(kind)) continue;
    total += 1;
    if (total <= UNFITTING_LISTED_MAX) listed.push({ row: row + 1, value: shown(cells[row]!) });
  }
  return { total, listed };
}

function keepKinds(column: ReadColumn, fitting: readonly CellKind[]): Float64Array {
  return column.values.map((value, row) =>
    fitting.includes(column.kinds[row]!) ? value : Number.NaN,
  );
}

function* summarize(
  values: Float64Array,
  order: Uint32Array,
  options: ProfileOptions,
): Steps<Pick<ColumnProfile, 'numeric' | 'histogram' | 'outliers'>> {
  const sorted = gather(values, order);
  yield undefined;
  const moments = yield* momentsOf(values);
  const at = (name: QuantileName): number => quantile(sorted, QUANTILES[name]);
  const numeric: NumericSummary = {
    ...moments,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    quantiles: {
      p1: at('p1'),
      p5: at('p5'),
      p25: at('p25'),
      p50: at('p50'),
      p75: at('p75'),
      p95: at('p95'),
      p99: at('p99'),
    },
  };
  const histogram = yield* histogramOf(sorted, options.histogramBins);
  const outliers = yield* findOutliers(values, order, options.outlierMethod);
  return { numeric, histogram, outliers };
}

/** The commonest values; of equally common ones those that came first. */
function* commonest(frequencies: ReadonlyMap<Cell, number>): Steps<ColumnProfile['top']> {
  const top: { value: Cell; count: number }[] = [];
  let work = 0;
  for (const [value, count] of frequencies) {
    work += 1;
    if (work % WORK_PER_STEP === 0) yield undefined;
    if (top.length === TOP_MAX && count <= top.at(-1)!.count) continue;
    const place = top.findIndex((other) => other.count < count);
    top.splice(place === -1 ? top.length : place, 0, { value: shown(value), count });
    if (top.length > TOP_MAX) top.pop();
  }
  return top;
}

function rangeOf(values: Float64Array, type: ColumnType): ColumnProfile['range'] {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const iso = (timeMs: number): string => {
    const text = new Date(timeMs).toISOString();
    return type === 'date' ? text.slice(0, 10) : text;
  };
  return { min: iso(min), max: iso(max), spanDays: (max - min) / DAY_MS };
}

function shown(cell: Cell): Cell {
  return typeof cell === 'string' ? shorten(cell, TEXT_LENGTH_MAX) : cell;
}
