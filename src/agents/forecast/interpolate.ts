export interface Interpolated {
  /** Complete series; shape of the one given. */
  readonly series: Float64Array;
  /** Indices, from 0, of the values that were missing. */
  readonly missing: readonly number[];
}

/**
 * A series with its missing values on the line between their neighbours; those before the first
 * and after the last known value repeat it.
 *
 * @param values - at least one of them a number
 */
export function interpolate(values: readonly (number | null)[]): Interpolated {
  const series = new Float64Array(values.length);
  const missing: number[] = [];
  let before: number | null = null;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      missing.push(index);
      continue;
    }
    series[index] = value;
    fillGap(series, before, index);
    before = index;
  }
  if (before !== null) series.fill(series[before]!, before + 1);
  return { series, missing };
}

/** Fills the places between two known values, or those before the first. */
function fillGap(series: Float64Array, before: number | null, after: number): void {
  const end = series[after]!;
  if (before === null) {
    series.fill(end, 0, after);
    return;
  }
  const start = series[before]!;
  for (let index = before + 1; index < after; index += 1) {
    const share = (index - before) / (after - before);
    series[index] = start + share * (end - start);
  }
}
