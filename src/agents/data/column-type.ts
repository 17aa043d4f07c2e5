import type { CellKind } from './cell.ts';

export type ColumnType =
  | 'empty'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'string'
  | 'categorical'
  | 'mixed';

/** Cells of each kind in a column. */
export type KindCounts = Record<CellKind, number>;

export interface InferredType {
  readonly type: ColumnType;
  /**
   * Share of the present cells that fit the type, of 0..1. For `mixed`: the share that the largest
   * kind does not explain.
   */
  readonly confidence: number;
}

/** Share of the present cells a type must explain to name the column. */
const FIT_MIN = 0.9;

/** Texts are categories when they repeat: two of each on average, and no more than this many. */
const CATEGORIES_MAX = 1000;
const REPETITIONS_MIN = 2;

/** Types with the kinds that fit them, the narrow before the wide. */
const FITS: readonly (readonly [ColumnType, readonly CellKind[]])[] = [
  ['boolean', ['boolean']],
  ['integer', ['integer']],
  ['number', ['integer', 'number']],
  ['date', ['date']],
  ['datetime', ['date', 'datetime']],
  ['string', ['text']],
];

/** A column's type from its cells' kinds, and for text from how often values repeat. */
export function inferColumnType(counts: KindCounts, distinctCount: number): InferredType {
  const present = Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.missing;
  if (present === 0) return { type: 'empty', confidence: 1 };
  let best: InferredType = { type: 'mixed', confidence: 0 };
  for (const [type, kinds] of FITS) {
    const fitting = kinds.reduce((sum, kind) => sum + counts[kind], 0);
    // Only more counts: where the narrow type explains as much as the wide, it is the better name.
    if (fitting / present > best.confidence) best = { type, confidence: fitting / present };
  }
  if (best.confidence < FIT_MIN) return { type: 'mixed', confidence: 1 - best.confidence };
  if (best.type !== 'string') return best;
  const repeats = present >= REPETITIONS_MIN * distinctCount && distinctCount <= CATEGORIES_MAX;
  return { type: repeats ? 'categorical' : 'string', confidence: best.confidence };
}

/** The cell kinds that fit a column type; for `mixed` and `empty` none. */
export function fittingKinds(type: ColumnType): readonly CellKind[] {
  const name = type === 'categorical' ? 'string' : type;
  return FITS.find(([candidate]) => candidate === name)?.[1] ?? [];
}
