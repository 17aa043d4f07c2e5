/** Counts of a column's values in bins of equal width. */
import { quantile } from '../statistics/quantile.ts';
import { WORK_PER_STEP, type Steps } from '../steps.ts';

/** Most bins, chosen or given. */
export const BINS_MAX = 100;

export interface Histogram {
  /** How the number of bins was chosen; Sturges' rule stands in where half the values are equal. */
  readonly rule: 'freedman-diaconis' | 'sturges' | 'given' | 'constant';
  /** Ascending; bin `i` holds edges[i] ≤ value < edges[i + 1], the last one its upper edge too. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/**
 * Histogram of ascending values, at least one.
 *
 * Bins are `2·IQR / ∛n` wide (Freedman & Diaconis 1981), but never more than {@link BINS_MAX}.
 *
 * @param binsGiven - number of bins, overriding the rule
 */
export function* histogramOf(
  sorted: Float64Array,
  binsGiven: number | undefined,
): Steps<Histogram> {
  const min = sorted[0]!;
  const max = sorted.at(-1)!;
  if (min === max) return { rule: 'constant', edges: [min, max], counts: [sorted.length] };
  const { rule, bins } = chooseBins(sorted, binsGiven);
  const edges = Array.from({ length: bins + 1 }, (_, edge) =>
    edge === bins ? max : min + (max - min) * (edge / bins),
  );
  const counts = Array.from({ length: bins }, () => 0);
  let bin = 0;
  for (let index = 0; index < sorted.length; index += 1) {
    if (index % WORK_PER_STEP === WORK_PER_STEP - 1) yield undefined;
    // Against the edges told, not by division: a value on an edge must be where the edges say.
    while (bin < bins - 1 && sorted[index]! >= edges[bin + 1]!) bin += 1;
    counts[bin]! += 1;
  }
  return { rule, edges, counts };
}

function chooseBins(
  sorted: Float64Array,
  binsGiven: number | undefined,
): { readonly rule: Histogram['rule']; readonly bins: number } {
  if (binsGiven !== undefined) return { rule: 'given', bins: binsGiven };
  const width = (2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))) / Math.cbrt(sorted.length);
  const range = sorted.at(-1)! - sorted[0]!;
  if (width > 0) {
    const bins = Math.max(1, Math.min(BINS_MAX, Math.ceil(range / width)));
    return { rule: 'freedman-diaconis', bins };
  }
  return { rule: 'sturges', bins: Math.ceil(Math.log2(sorted.length)) + 1 };
}
