/**
 * Exponential smoothing in error-correction form.
 *
 * With level l, slope b, season s of length m and error e = y − ŷ:
 *
 *     additive        ŷ = l + φb + s        l ← l + φb + αe      b ← φb + βe         s ← s + γe
 *     multiplicative  ŷ = (l + φb)·s        l ← l + φb + αe/s    b ← φb + βe/s       s ← s + γe/(l + φb)
 *
 * β here is α·β* of Holt's own form. A form without trend has b = β = 0, without season γ = 0 and
 * m = 1; undamped means φ = 1.
 *
 * Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing (2008), ch. 2.
 */

/** Which parts a model has. */
export interface SmoothingForm {
  readonly name: SmoothingName;
  readonly trend: 'none' | 'additive' | 'damped';
  readonly seasonal: 'none' | 'additive' | 'multiplicative';
}

export type SmoothingName =
  | 'simple'
  | 'holt'
  | 'damped-holt'
  | 'simple-seasonal'
  | 'holt-winters-additive'
  | 'holt-winters-multiplicative';

/** The forms tried, the simple before the complex: of equals the first is taken. */
export const SMOOTHING_FORMS: readonly SmoothingForm[] = [
  { name: 'simple', trend: 'none', seasonal: 'none' },
  { name: 'holt', trend: 'additive', seasonal: 'none' },
  { name: 'damped-holt', trend: 'damped', seasonal: 'none' },
  { name: 'simple-seasonal', trend: 'none', seasonal: 'additive' },
  { name: 'holt-winters-additive', trend: 'additive', seasonal: 'additive' },
  { name: 'holt-winters-multiplicative', trend: 'additive', seasonal: 'multiplicative' },
];

/** Smoothing parameters, each of 0..1. */
export interface SmoothingParameters {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly phi: number;
}

/** Where a model stands between two periods. */
export interface SmoothingState {
  readonly level: number;
  readonly slope: number;
  /** One value per place in the season; shape [m]. */
  readonly seasonals: Float64Array;
  /** Place in the season of the next period, below m. */
  readonly place: number;
}

/** A form with its parameters. */
export interface SmoothingModel {
  readonly form: SmoothingForm;
  readonly parameters: SmoothingParameters;
}

export interface Smoothed {
  readonly state: SmoothingState;
  /** Sum of squared one-step errors; infinite where a multiplicative model lost its footing. */
  readonly squares: number;
}

/**
 * The state after `series`, from `start`.
 *
 * @param residuals - receives the one-step errors; shape of `series`
 *
 * O(n); `start` is not changed.
 */
export function smooth(
  series: Float64Array,
  model: SmoothingModel,
  start: SmoothingState,
  residuals?: Float64Array,
): Smoothed {
  const { alpha, beta, gamma, phi } = model.parameters;
  const isMultiplicative = model.form.seasonal === 'multiplicative';
  const seasonals = start.seasonals.slice();
  let { level, slope, place } = start;
  let squares = 0;
  for (let period = 0; period < series.length; period += 1) {
    const base = level + phi * slope;
    const season = seasonals[place]!;
    const error = series[period]! - (isMultiplicative ? base * season : base + season);
    if (residuals !== undefined) residuals[period] = error;
    squares += error * error;
    // A factor or base at or below zero has no meaning for positive data, and would divide by it.
    if (isMultiplicative && !(base > 0 && season > 0)) squares = Number.POSITIVE_INFINITY;
    const correction = isMultiplicative ? error / season : error;
    level = base + alpha * correction;
    slope = phi * slope + beta * correction;
    seasonals[place] = season + gamma * (isMultiplicative ? error / base : error);
    place = place + 1 === seasonals.length ? 0 : place + 1;
  }
  return { state: { level, slope, seasonals, place }, squares };
}

/** Point forecasts of the next `horizon` periods. */
export function smoothedForecast(
  { form, parameters: { phi } }: SmoothingModel,
  state: SmoothingState,
  horizon: number,
): Float64Array {
  const points = new Float64Array(horizon);
  let slopeWeight = 0;
  let power = 1;
  for (let ahead = 0; ahead < horizon; ahead += 1) {
    power *= phi;
    slopeWeight += power;
    const base = state.level + slopeWeight * state.slope;
    const season = state.seasonals[(state.place + ahead) % state.seasonals.length]!;
    points[ahead] = form.seasonal === 'multiplicative' ? base * season : base + season;
  }
  return points;
}
