/**
 * Pearson's and Spearman's correlation of two columns over the rows where both have a value.
 *
 * Spearman's is Pearson's of the ranks, ties given their mean rank; ranks count only the rows of
 * the pair, not of the whole column.
 */
import { invariant } from '../../base/invariant.ts';
import { WORK_PER_STEP, type Steps } from '../steps.ts';
import { powerOfTwoScale } from './power-of-two-scale.ts';

/** A column with its missing values as NaN and the ascending order of the others. */
export interface RankedColumn {
  readonly values: Float64Array;
  readonly order: Uint32Array;
}

export interface Correlation {
  /** Rows where both columns have a value. */
  readonly count: number;
  /** Of −1..1; null below three rows or where one side is constant. */
  readonly pearson: number | null;
  readonly spearman: number | null;
}

/** Fewest rows of a pair for which a correlation says anything: two points always lie on a line. */
const ROWS_MIN = 3;

/** Correlations of two columns of equal length. O(n). */
export function* correlate(left: RankedColumn, right: RankedColumn): Steps<Correlation> {
  invariant(left.values.length === right.values.length, 'columns must be of equal length');
  const pearson = yield* pearsonOf(left.values, right.values);
  const leftRanks = yield* ranksWithin(left, right.values);
  const rightRanks = yield* ranksWithin(right, left.values);
  const spearman = yield* pearsonOf(leftRanks, rightRanks);
  return { count: pearson.count, pearson: pearson.value, spearman: spearman.value };
}

function* pearsonOf(
  left: Float64Array,
  right: Float64Array,
): Steps<{ readonly count: number; readonly value: number | null }> {
  const leftScale = powerOfTwoScale(left);
  const rightScale = powerOfTwoScale(right);
  let count = 0;
  let leftMean = 0;
  let rightMean = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  let products = 0;
  for (let row = 0; row < left.length; row += 1) {
    if (row % WORK_PER_STEP === WORK_PER_STEP - 1) yield undefined;
    const x = left[row]! * leftScale;
    const y = right[row]! * rightScale;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    count += 1;
    const leftDelta = x - leftMean;
    const rightDelta = y - rightMean;
    leftMean += leftDelta / count;
    rightMean += rightDelta / count;
    leftSquares += leftDelta * (x - leftMean);
    rightSquares += rightDelta * (y - rightMean);
    products += leftDelta * (y - rightMean);
  }
  if (count < ROWS_MIN || leftSquares <= 0 || rightSquares <= 0) return { count, value: null };
  const value = products / Math.sqrt(leftSquares) / Math.sqrt(rightSquares);
  return { count, value: Math.max(-1, Math.min(1, value)) };
}

/** Mean ranks (from 1) of the rows where `other` has a value too; NaN elsewhere. */
function* ranksWithin(column: RankedColumn, other: Float64Array): Steps<Float64Array> {
  const { values, order } = column;
  const ranks = new Float64Array(values.length).fill(Number.NaN);
  const kept = order.filter((row) => !Number.isNaN(other[row]));
  yield undefined;
  let work = 0;
  for (let start = 0; start < kept.length;) {
    let end = start + 1;
    while (end < kept.length && values[kept[end]!] === values[kept[start]!]) end += 1;
    // Ranks start + 1 … end, whose mean all of the tie get.
    for (let place = start; place < end; place += 1) ranks[kept[place]!] = (start + 1 + end) / 2;
    work += end - start;
    start = end;
    if (work >= WORK_PER_STEP) {
      work = 0;
      yield undefined;
    }
  }
  return ranks;
}
