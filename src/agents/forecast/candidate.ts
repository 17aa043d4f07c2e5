/** The models that compete for a series: seasonal naive, and the exponential smoothing family. */
import type { Steps } from '../steps.ts';
import { fitSmoothing, type SmoothingFit } from './fit-smoothing.ts';
import {
  SMOOTHING_FORMS,
  smoothedForecast,
  type SmoothingForm,
  type SmoothingName,
} from './smoothing.ts';

export type ModelName = 'seasonal-naive' | SmoothingName;

/** The value of one season ago, for ever; with a season of 1 the last value. */
interface NaiveFit {
  readonly type: 'naive';
  /** The last season; shape [season]. */
  readonly lastSeason: Float64Array;
  /** Errors within the series from its second season on; shape [n − season]. */
  readonly residuals: Float64Array;
}

export type Fit = NaiveFit | SmoothingFit;

/** A model that may be fitted. */
export interface Candidate {
  readonly name: ModelName;
  /** Null of seasonal naive. */
  readonly form: SmoothingForm | null;
}

/** All candidates, the simple before the complex: of equally good ones the first wins. */
export const CANDIDATES: readonly Candidate[] = [
  { name: 'seasonal-naive', form: null },
  ...SMOOTHING_FORMS.map((form) => ({ name: form.name, form })),
];

/**
 * Why a candidate cannot be fitted to the first `count` values of the series; null when it can.
 *
 * Told as a clause, such as `needs values above zero`.
 */
export function unfitReason(
  candidate: Candidate,
  series: Float64Array,
  { count, season }: { readonly count: number; readonly season: number },
): string | null {
  const countMin = valuesNeeded(candidate, season);
  const isSeasonal = candidate.form !== null && candidate.form.seasonal !== 'none';
  if (isSeasonal && season === 1) return 'needs a season';
  if (count < countMin)
    return `needs ${countMin} values to learn from, the backtest leaves ${count}`;
  const isPositive = candidate.form?.seasonal !== 'multiplicative' || series.every((y) => y > 0);
  return isPositive ? null : 'needs values above zero';
}

/** Fewest values that determine the model with one to spare. */
function valuesNeeded({ form }: Candidate, season: number): number {
  if (form === null) return season + 1;
  if (form.seasonal !== 'none') return 2 * season + 1;
  return { none: 3, additive: 5, damped: 6 }[form.trend];
}

/** Fit of a candidate to a series. @param warm - optimum of a fit to a beginning of it */
export function* fitCandidate(
  candidate: Candidate,
  series: Float64Array,
  season: number,
  warm?: readonly number[],
): Steps<Fit> {
  if (candidate.form !== null) return yield* fitSmoothing(series, candidate.form, season, warm);
  return {
    type: 'naive',
    lastSeason: series.slice(-season),
    residuals: series.slice(season).map((value, index) => value - series[index]!),
  };
}

/** Point forecasts of the next `horizon` periods. */
export function pointForecast(fit: Fit, horizon: number): Float64Array {
  if (fit.type === 'smoothing') return smoothedForecast(fit.model, fit.state, horizon);
  const { lastSeason } = fit;
  return Float64Array.from(
    { length: horizon },
    (_, ahead) => lastSeason[ahead % lastSeason.length]!,
  );
}
