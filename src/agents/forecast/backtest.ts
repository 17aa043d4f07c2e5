/**
 * How well each candidate would have forecast the series' own end, from several origins.
 *
 * Each fold fits on the values before its origin alone and forecasts those after it. MASE divides
 * by the seasonal naive's mean absolute error within the same fold's training values (Hyndman &
 * Koehler, International Journal of Forecasting 22 (2006) 679).
 */
import type { Steps } from '../steps.ts';
import {
  fitCandidate,
  pointForecast,
  unfitReason,
  type Candidate,
  type ModelName,
} from './candidate.ts';

/** Origins at most; each costs a fit of every candidate. */
const FOLDS_MAX = 5;

export interface Accuracy {
  /** Mean absolute scaled error; null where the naive error within the series is zero. */
  readonly mase: number | null;
  /** Mean of 2|e| / (|y| + |ŷ|), of 0..2. */
  readonly smape: number;
  /** In the unit of the series, as `mae`. */
  readonly rmse: number;
  readonly mae: number;
}

export interface CandidateAccuracy extends Accuracy {
  readonly model: ModelName;
}

export interface BacktestPlan {
  /** Count of training values of each fold, ascending. */
  readonly origins: readonly number[];
  /** Periods forecast in each fold. */
  readonly horizon: number;
}

/**
 * Folds for a series of `count` values: up to five, the last ending with the series, no origin
 * before its middle, and no more than a third of it forecast at a time.
 */
export function planBacktest(count: number, horizonAsked: number, season: number): BacktestPlan {
  const seasonsNeeded = season > 1 ? 2 * season + 1 : 0;
  const roomForSeasons = Math.max(1, count - seasonsNeeded);
  const horizon = Math.min(horizonAsked, Math.floor(count / 3), roomForSeasons);
  const last = count - horizon;
  const first = Math.min(last, Math.max(Math.ceil(count / 2), seasonsNeeded));
  const folds = Math.min(FOLDS_MAX, last - first + 1);
  const stride = folds === 1 ? 0 : Math.min(horizon, Math.floor((last - first) / (folds - 1)));
  const origins = Array.from({ length: folds }, (_, fold) => last - (folds - 1 - fold) * stride);
  return { origins, horizon };
}

/** Candidates that every fold of the plan can fit, and why the others cannot. */
export function admitCandidates(
  candidates: readonly Candidate[],
  series: Float64Array,
  { origins, season }: { readonly origins: readonly number[]; readonly season: number },
): { readonly admitted: readonly Candidate[]; readonly reasons: Map<ModelName, string> } {
  const reasons = new Map<ModelName, string>();
  const admitted = candidates.filter((candidate) => {
    const reason = unfitReason(candidate, series, { count: origins[0]!, season });
    if (reason !== null) reasons.set(candidate.name, reason);
    return reason === null;
  });
  return { admitted, reasons };
}

/** Accuracy of one candidate over the plan's folds; each fit starts from the one before. */
export function* backtest(
  candidate: Candidate,
  series: Float64Array,
  plan: BacktestPlan,
  season: number,
): Steps<CandidateAccuracy> {
  const errors = new ErrorSums();
  let point: readonly number[] | undefined;
  for (const origin of plan.origins) {
    const training = series.subarray(0, origin);
    const fit = yield* fitCandidate(candidate, training, season, point);
    if (fit.type === 'smoothing') point = fit.point;
    const actual = series.subarray(origin, origin + plan.horizon);
    errors.addFold(actual, pointForecast(fit, plan.horizon), naiveError(training, season));
    yield undefined;
  }
  return { model: candidate.name, ...errors.accuracy() };
}

/** Mean absolute error of the seasonal naive within `series`. */
function naiveError(series: Float64Array, season: number): number {
  let sum = 0;
  for (let period = season; period < series.length; period += 1) {
    sum += Math.abs(series[period]! - series[period - season]!);
  }
  return sum / (series.length - season);
}

class ErrorSums {
  #folds = 0;
  #count = 0;
  #scaled = 0;
  #symmetric = 0;
  #squared = 0;
  #absolute = 0;

  addFold(actual: Float64Array, forecast: Float64Array, scale: number): void {
    let foldAbsolute = 0;
    for (const [ahead, value] of actual.entries()) {
      const error = value - forecast[ahead]!;
      const size = Math.abs(value) + Math.abs(forecast[ahead]!);
      foldAbsolute += Math.abs(error);
      this.#squared += error * error;
      this.#symmetric += size === 0 ? 0 : (2 * Math.abs(error)) / size;
    }
    this.#folds += 1;
    this.#count += actual.length;
    this.#absolute += foldAbsolute;
    this.#scaled += foldAbsolute / actual.length / scale;
  }

  accuracy(): Accuracy {
    const mase = this.#scaled / this.#folds;
    return {
      // A zero scale makes it infinite or, of a zero error, not a number: undefined either way.
      mase: Number.isFinite(mase) ? mase : null,
      smape: this.#symmetric / this.#count,
      rmse: Math.sqrt(this.#squared / this.#count),
      mae: this.#absolute / this.#count,
    };
  }
}
