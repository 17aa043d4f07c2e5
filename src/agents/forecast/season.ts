/** Length of the season in a series, from its autocorrelation. */
import { WORK_PER_STEP, type Steps } from '../steps.ts';

/** Longest season looked for; a year of days is within it. */
const LAG_MAX = 400;

/**
 * Autocorrelation that a season must reach at its length: this, and more standard errors of noise
 * than one of the lags looked at would reach by chance.
 */
const PEAK_MIN = 0.3;
const NOISE_ERRORS = 2.6;

/** Depth below its peak that the valley before a season must have. */
const VALLEY_DEPTH_MIN = 0.2;

/** Share of its peak that a season's correlation keeps at twice its length; chance cycles lose it. */
const ECHO_SHARE_MIN = 0.5;

/** Share of the series' squares below which what the trend leaves is nothing but rounding. */
const ROUNDING_SHARE = 1e-24;

/** Standard errors, of √((1 − r²) / n) for a peak r, below which two peaks count as equally high. */
const PEAK_ERRORS = 2;

export interface DetectedSeason {
  /** 1 where none was found. */
  readonly length: number;
  /** Autocorrelation at that length; null where none was found. */
  readonly autocorrelation: number | null;
}

/**
 * The season of a series: the shortest lag whose autocorrelation, the straight trend removed, peaks
 * clearly and peaks again at twice the lag.
 *
 * Looks at lags from 2 to a third of the series, 400 at most. O(n · lags).
 */
export function* detectSeason(series: Float64Array): Steps<DetectedSeason> {
  const lagMax = Math.min(LAG_MAX, Math.floor(series.length / 3));
  const rests = withoutTrend(series);
  if (squaresOf(rests) <= ROUNDING_SHARE * squaresOf(series)) {
    return { length: 1, autocorrelation: null };
  }
  const correlations = yield* autocorrelations(rests, 2 * lagMax);
  const peakMin = Math.max(PEAK_MIN, NOISE_ERRORS / Math.sqrt(series.length));
  const peaks: number[] = [];
  let valley = 1;
  for (let lag = 2; lag <= lagMax; lag += 1) {
    const here = correlations[lag]!;
    const before = correlations[lag - 1]!;
    valley = Math.min(valley, before);
    const isPeak = here > before && here >= (correlations[lag + 1] ?? -1);
    const isClear = here >= peakMin && here - valley >= VALLEY_DEPTH_MIN;
    const echo = correlations[2 * lag] ?? -1;
    if (isPeak && isClear && echo >= ECHO_SHARE_MIN * here) peaks.push(lag);
  }
  const highest = Math.max(...peaks.map((lag) => correlations[lag]!));
  // A season's multiples peak as high as it does, but for chance.
  const error = Math.sqrt(Math.max(0, 1 - highest * highest) / series.length);
  const highEnough = highest - PEAK_ERRORS * error;
  const length = peaks.find((lag) => correlations[lag]! >= highEnough);
  if (length === undefined) return { length: 1, autocorrelation: null };
  return { length, autocorrelation: correlations[length]! };
}

function squaresOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

/** Rests about the line of least squares. */
function withoutTrend(series: Float64Array): Float64Array {
  const middle = (series.length - 1) / 2;
  const mean = series.reduce((sum, value) => sum + value / series.length, 0);
  let products = 0;
  let squares = 0;
  for (const [period, value] of series.entries()) {
    products += (period - middle) * (value - mean);
    squares += (period - middle) ** 2;
  }
  const slope = squares === 0 ? 0 : products / squares;
  return series.map((value, period) => value - mean - slope * (period - middle));
}

/**
 * Autocorrelations of lags 0 to `lagMax`, each the mean product over the pairs there are, so that
 * long lags are not pulled to zero.
 */
function* autocorrelations(rests: Float64Array, lagMax: number): Steps<Float64Array> {
  const correlations = new Float64Array(lagMax + 1);
  let variance = 0;
  let work = 0;
  for (let lag = 0; lag <= lagMax; lag += 1) {
    let sum = 0;
    for (let period = lag; period < rests.length; period += 1) {
      sum += rests[period]! * rests[period - lag]!;
    }
    const covariance = sum / (rests.length - lag);
    if (lag === 0) variance = covariance;
    correlations[lag] = covariance / variance;
    work += rests.length - lag;
    if (work < WORK_PER_STEP) continue;
    work = 0;
    yield undefined;
  }
  return correlations;
}
