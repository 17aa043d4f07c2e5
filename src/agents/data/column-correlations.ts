/** Correlations between the numeric columns of a table. */
import { correlate } from '../statistics/correlation.ts';
import type { Steps } from '../steps.ts';
import type { ProfiledColumn } from './column-profile.ts';

/** Numeric columns compared with each other, at most; 2016 pairs. */
const CORRELATED_COLUMNS_MAX = 64;

interface ColumnCorrelation {
  readonly a: string;
  readonly b: string;
  /** Rows where both have a value. */
  readonly n: number;
  /** Of −1..1; null below three rows or where one side is constant within them. */
  readonly pearson: number | null;
  readonly spearman: number | null;
}

export interface ColumnCorrelations {
  readonly pairs: readonly ColumnCorrelation[];
  /** Numeric columns past the 64th, not compared. */
  readonly leftOut: readonly string[];
}

/**
 * Correlations of every pair of integer and number columns that vary.
 *
 * Reports the share of pairs done as progress between `from` and 1. O(pairs · rows).
 */
export function* correlateColumns(
  columns: readonly ProfiledColumn[],
  from: number,
): Steps<ColumnCorrelations> {
  const numeric = columns.filter(({ profile, numbers }) => numbers !== null && !profile.constant);
  const compared = numeric.slice(0, CORRELATED_COLUMNS_MAX);
  const leftOut = numeric.slice(CORRELATED_COLUMNS_MAX).map(({ profile }) => profile.name);
  const pairs: ColumnCorrelation[] = [];
  for (const [index, left] of compared.entries()) {
    const fraction = from + (1 - from) * (index / compared.length);
    yield { fraction, note: `correlating ${left.profile.name}` };
    for (const right of compared.slice(index + 1)) {
      const { count, pearson, spearman } = yield* correlate(left.numbers!, right.numbers!);
      pairs.push({ a: left.profile.name, b: right.profile.name, n: count, pearson, spearman });
    }
  }
  return { pairs, leftOut };
}
