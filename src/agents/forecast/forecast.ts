/** A forecast by the model that would have forecast the series' own end best. */
import { InvariantError } from '../../base/invariant.ts';
import type { Steps } from '../steps.ts';
import {
  admitCandidates,
  backtest,
  planBacktest,
  type Accuracy,
  type BacktestPlan,
  type CandidateAccuracy,
} from './backtest.ts';
import { CANDIDATES, fitCandidate, pointForecast, type Fit, type ModelName } from './candidate.ts';
import type { ForecastPayload } from './forecast-payload.ts';
import { interpolate } from './interpolate.ts';
import { predictionIntervals, residualDeviation, type Intervals } from './intervals.ts';
import { detectSeason } from './season.ts';
import { forecastWarnings } from './warnings.ts';

/** Result of `ml.forecast`. */
export interface Forecast {
  readonly model: ModelName;
  /** Point forecasts; shape [horizon]. */
  readonly forecast: readonly number[];
  readonly intervals: Intervals['intervals'];
  readonly intervalMethod: Intervals['method'];
  /** Periods of one season; 1 for none. */
  readonly season: number;
  readonly seasonSource: 'given' | 'detected' | 'none';
  readonly parameters: ModelParameters | null;
  readonly backtest: BacktestReport;
  readonly fitted: FittedSummary;
  /** Indices, from 0, of the values that were interpolated. */
  readonly missing: readonly number[];
  /** What a reader should know before trusting the numbers. */
  readonly warnings: readonly string[];
}

/** Parameters of a smoothing model and where it stands at the end; null where it has no such part. */
interface ModelParameters {
  readonly alpha: number;
  /** α·β* in Holt's notation. */
  readonly beta: number | null;
  readonly gamma: number | null;
  readonly phi: number | null;
  readonly level: number;
  readonly slope: number | null;
  /** Additions or factors of the next `season` periods. */
  readonly seasonals: readonly number[] | null;
}

interface BacktestReport extends Accuracy {
  readonly folds: number;
  /** Periods forecast in each fold. */
  readonly horizon: number;
  readonly naive: Accuracy;
  /** Share of the seasonal naive's error that the model saves; null where that error is zero. */
  readonly improvementOverNaive: number | null;
  readonly candidates: readonly CandidateAccuracy[];
  readonly excluded: readonly { readonly model: ModelName; readonly reason: string }[];
}

/** The chosen model's one-step errors within the series. */
interface FittedSummary {
  readonly count: number;
  readonly mae: number;
  readonly rmse: number;
  readonly meanError: number;
  /** Standard deviation that the intervals start from. */
  readonly stddev: number;
  /** Root mean square error of the later half over that of the earlier; null where that is zero. */
  readonly rmseLaterToEarlier: number | null;
  /** Correlation of an error with the one before; null of errors that are all zero. */
  readonly autocorrelation: number | null;
}

/** Errors closer than this, in naive errors or shares of the mean magnitude, count as equal. */
const TIE = 1e-9;

const BACKTEST_FROM = 0.1;
const FIT_FROM = 0.9;

/** Forecast of a checked payload. Deterministic. */
export function* forecast(payload: ForecastPayload): Steps<Forecast> {
  yield { fraction: 0, note: 'looking for a season' };
  const { series, missing } = interpolate(payload.series);
  const season = payload.season ?? (yield* detectSeason(series)).length;
  const plan = planBacktest(series.length, payload.horizon, season);
  const { ranked, excluded } = yield* rankCandidates(series, plan, season);
  yield { fraction: FIT_FROM, note: `fitting ${ranked[0]!.model}` };
  const { fit, accuracy } = yield* fitBest(series, season, ranked);
  const points = pointForecast(fit, payload.horizon);
  const { intervals, method } = yield* predictionIntervals(fit, points, payload.levels);
  const naive = ranked.find(({ model }) => model === 'seasonal-naive')!;
  const result = {
    model: accuracy.model,
    forecast: Array.from(points),
    intervals,
    intervalMethod: method,
    season,
    seasonSource: sourceOf(payload.season, season),
    parameters: parametersOf(fit),
    backtest: reportBacktest({ plan, accuracy, naive, ranked, excluded }),
    fitted: summarizeFit(fit),
    missing,
  };
  yield { fraction: 1, note: 'done' };
  return { ...result, warnings: forecastWarnings(result, payload) };
}

function sourceOf(given: number | undefined, season: number): Forecast['seasonSource'] {
  if (season === 1) return 'none';
  return given === undefined ? 'detected' : 'given';
}

interface Ranking {
  /** Best first. */
  readonly ranked: readonly CandidateAccuracy[];
  readonly excluded: BacktestReport['excluded'];
}

function* rankCandidates(series: Float64Array, plan: BacktestPlan, season: number): Steps<Ranking> {
  const scope = { origins: plan.origins, season };
  const { admitted, reasons } = admitCandidates(CANDIDATES, series, scope);
  const accuracies: CandidateAccuracy[] = [];
  for (const [index, candidate] of admitted.entries()) {
    const fraction = BACKTEST_FROM + (FIT_FROM - BACKTEST_FROM) * (index / admitted.length);
    yield { fraction, note: `testing ${candidate.name}` };
    const accuracy = yield* backtest(candidate, series, plan, season);
    if (Number.isFinite(accuracy.mae)) accuracies.push(accuracy);
    else reasons.set(candidate.name, 'diverged in the backtest');
  }
  const magnitude = series.reduce((sum, value) => sum + Math.abs(value), 0) / series.length;
  const ranked = rank(accuracies, magnitude);
  const excluded = Array.from(reasons, ([model, reason]) => ({ model, reason }));
  return { ranked, excluded };
}

/**
 * Accuracies with the best first, judged by MASE, or by mean absolute error where that is undefined.
 *
 * The scores are rounded to whole ties before they are compared, so that a complex model does not
 * win over a simple one by rounding; the sort is stable.
 */
function rank(
  accuracies: readonly CandidateAccuracy[],
  magnitude: number,
): readonly CandidateAccuracy[] {
  const tieOfError = TIE * magnitude || 1;
  const score = ({ mase, mae }: CandidateAccuracy): number =>
    mase === null ? Math.round(mae / tieOfError) : Math.round(mase / TIE);
  return accuracies.toSorted((left, right) => score(left) - score(right));
}

/** Fit to the whole series of the best candidate whose fit holds. */
function* fitBest(
  series: Float64Array,
  season: number,
  ranked: readonly CandidateAccuracy[],
): Steps<{ readonly fit: Fit; readonly accuracy: CandidateAccuracy }> {
  for (const accuracy of ranked) {
    const candidate = CANDIDATES.find(({ name }) => name === accuracy.model)!;
    const fit = yield* fitCandidate(candidate, series, season);
    if (fit.type === 'naive' || Number.isFinite(fit.squares)) return { fit, accuracy };
  }
  // Seasonal naive is always ranked: the plan leaves it a season and a value.
  throw new InvariantError('a candidate must fit, got none');
}

function parametersOf(fit: Fit): ModelParameters | null {
  if (fit.type === 'naive') return null;
  const { form, parameters } = fit.model;
  const { level, slope, seasonals, place } = fit.state;
  const hasTrend = form.trend !== 'none';
  const hasSeason = form.seasonal !== 'none';
  return {
    alpha: parameters.alpha,
    beta: hasTrend ? parameters.beta : null,
    gamma: hasSeason ? parameters.gamma : null,
    phi: form.trend === 'damped' ? parameters.phi : null,
    level,
    slope: hasTrend ? slope : null,
    seasonals: hasSeason ? [...seasonals.subarray(place), ...seasonals.subarray(0, place)] : null,
  };
}

interface BacktestFacts extends Ranking {
  readonly plan: BacktestPlan;
  readonly accuracy: CandidateAccuracy;
  readonly naive: CandidateAccuracy;
}

function reportBacktest(facts: BacktestFacts): BacktestReport {
  const { plan, ranked, excluded } = facts;
  const { model: _chosen, ...accuracy } = facts.accuracy;
  const { model: _naive, ...naive } = facts.naive;
  return {
    folds: plan.origins.length,
    horizon: plan.horizon,
    ...accuracy,
    naive,
    improvementOverNaive: naive.mae === 0 ? null : 1 - accuracy.mae / naive.mae,
    candidates: ranked,
    excluded,
  };
}

function summarizeFit(fit: Fit): FittedSummary {
  const { residuals } = fit;
  const count = residuals.length;
  const meanOf = (term: (error: number, period: number) => number): number =>
    residuals.reduce((sum, error, period) => sum + term(error, period), 0) / count;
  const square = meanOf((error) => error * error);
  const product = meanOf((error, period) => error * (residuals[period - 1] ?? 0));
  const rootSquares = (part: Float64Array): number =>
    Math.sqrt(part.reduce((sum, error) => sum + error * error, 0) / part.length);
  const half = Math.floor(count / 2);
  const earlier = rootSquares(residuals.subarray(0, half));
  return {
    count,
    mae: meanOf(Math.abs),
    rmse: Math.sqrt(square),
    meanError: meanOf((error) => error),
    stddev: residualDeviation(fit),
    rmseLaterToEarlier:
      earlier > 0 ? rootSquares(residuals.subarray(count - half)) / earlier : null,
    autocorrelation: square > 0 ? product / square : null,
  };
}
