/** A first guess of the state before a series begins; exact for a line and for an exact season. */
import type { SmoothingForm, SmoothingState } from './smoothing.ts';

/** Periods, or full seasons, at the beginning that the guess is made of. */
const PERIODS_MAX = 10;
const SEASONS_MAX = 5;

/**
 * State before the first period.
 *
 * Without a season: the line of least squares through the first ten values, or their mean. With
 * one: the same of the first five seasons' means, and the mean rest at each place in the season.
 *
 * @param series - two full seasons at least where the form has one, else two values
 */
export function initialState(
  series: Float64Array,
  form: SmoothingForm,
  season: number,
): SmoothingState {
  const hasTrend = form.trend !== 'none';
  if (form.seasonal === 'none') {
    const { level, slope } = lineThrough(series.subarray(0, PERIODS_MAX), hasTrend);
    // The line's first value is at period 1; the state is that of period 0.
    return { level: level - slope, slope, seasonals: new Float64Array(1), place: 0 };
  }
  const seasonCount = Math.min(SEASONS_MAX, Math.floor(series.length / season));
  const means = Float64Array.from({ length: seasonCount }, (_, index) =>
    mean(series.subarray(index * season, (index + 1) * season)),
  );
  const line = lineThrough(means, hasTrend);
  const slope = line.slope / season;
  // The first season's mean stands in its middle, (season + 1) / 2 periods after period 0.
  const level = line.level - (slope * (season + 1)) / 2;
  const seasonals = new Float64Array(season);
  for (let period = 0; period < seasonCount * season; period += 1) {
    const base = level + slope * (period + 1);
    const value = series[period]!;
    const rest = form.seasonal === 'multiplicative' ? value / base : value - base;
    seasonals[period % season]! += rest / seasonCount;
  }
  return { level, slope, seasonals, place: 0 };
}

/** Line of least squares through values at 0, 1, 2, …: its value at 0 and its slope. */
function lineThrough(
  values: Float64Array,
  hasTrend: boolean,
): { readonly level: number; readonly slope: number } {
  const valueMean = mean(values);
  if (!hasTrend || values.length < 2) return { level: valueMean, slope: 0 };
  const middle = (values.length - 1) / 2;
  let products = 0;
  let squares = 0;
  for (const [index, value] of values.entries()) {
    products += (index - middle) * (value - valueMean);
    squares += (index - middle) ** 2;
  }
  const slope = products / squares;
  return { level: valueMean - slope * middle, slope };
}

/** Mean by running update, which is exact for equal values. */
function mean(values: Float64Array): number {
  let result = 0;
  for (const [index, value] of values.entries()) result += (value - result) / (index + 1);
  return result;
}
