/**
 * Prediction intervals: where the future values lie with a given probability, if the model is right.
 *
 * Additive forms and seasonal naive: normal, by the closed variance of Hyndman et al. (2008) ch. 6,
 * class 1, `σ²·(1 + Σ cⱼ²)` with `cⱼ = α + β(φ + … + φʲ) + γ[j divisible by m]`. Multiplicative: no
 * closed form; quantiles of simulated paths with relative errors. Neither counts the uncertainty
 * of the parameters themselves, nor that of the choice of model.
 */
import { Rng } from '../../base/rng.ts';
import { normalDraw, normalQuantile } from '../statistics/normal.ts';
import { quantile } from '../statistics/quantile.ts';
import type { Steps } from '../steps.ts';
import type { Fit } from './candidate.ts';
import { parameterCount, type SmoothingFit } from './fit-smoothing.ts';

/** Paths of a simulation: the 2.5 % quantile then has 50 paths below it. */
const PATHS = 2000;

/** The seed is fixed, so that a task run twice gives one answer. */
const SEED = 20_260_101;

/** A relative error cannot take a positive value to zero or below. */
const RELATIVE_ERROR_MIN = -0.99;

interface Interval {
  /** Probability that a value lies within, of 0..1. */
  readonly level: number;
  /** Shape [horizon], as `upper`. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export interface Intervals {
  readonly method: 'closed-form' | 'simulation';
  readonly intervals: readonly Interval[];
}

/** Intervals around the point forecasts of a fit, one per level. */
export function* predictionIntervals(
  fit: Fit,
  points: Float64Array,
  levels: readonly number[],
): Steps<Intervals> {
  if (fit.type === 'smoothing' && fit.model.form.seasonal === 'multiplicative') {
    return { method: 'simulation', intervals: yield* simulated(fit, points.length, levels) };
  }
  const deviations = standardDeviations(fit, points.length);
  const intervals = levels.map((level) => {
    const reach = normalQuantile((1 + level) / 2);
    return {
      level,
      lower: Array.from(points, (point, ahead) => point - reach * deviations[ahead]!),
      upper: Array.from(points, (point, ahead) => point + reach * deviations[ahead]!),
    };
  });
  return { method: 'closed-form', intervals };
}

/** Standard deviation of a fit's one-step errors, corrected for the parameters it has spent. */
export function residualDeviation(fit: Fit, residuals: Float64Array = fit.residuals): number {
  const spent =
    fit.type === 'naive' ? 0 : parameterCount(fit.model.form, fit.state.seasonals.length);
  // Short series leave hardly a degree of freedom; half the values keeps the estimate finite.
  const freedom = Math.max(residuals.length - spent, residuals.length / 2);
  return Math.sqrt(residuals.reduce((sum, error) => sum + error * error, 0) / freedom);
}

/** Standard deviations of the forecast errors 1 to `horizon` periods ahead. */
export function standardDeviations(fit: Fit, horizon: number): Float64Array {
  const sigma = residualDeviation(fit);
  const deviations = new Float64Array(horizon);
  let variance = 1;
  let slopeWeight = 0;
  for (let ahead = 0; ahead < horizon; ahead += 1) {
    deviations[ahead] = sigma * Math.sqrt(variance);
    const effect = ahead + 1;
    if (fit.type === 'naive') {
      // Only at the turn of a season does an earlier error come in again.
      variance += effect % fit.lastSeason.length === 0 ? 1 : 0;
      continue;
    }
    const { alpha, beta, gamma, phi } = fit.model.parameters;
    slopeWeight += phi ** effect;
    const isSeasonTurn = effect % fit.state.seasonals.length === 0;
    variance += (alpha + beta * slopeWeight + (isSeasonTurn ? gamma : 0)) ** 2;
  }
  return deviations;
}

function* simulated(
  fit: SmoothingFit,
  horizon: number,
  levels: readonly number[],
): Steps<readonly Interval[]> {
  const relative = fit.residuals.map((error, period) => error / fit.fitted[period]!);
  const sigma = residualDeviation(fit, relative);
  const rng = Rng.fromSeed(SEED);
  const outcomes = Array.from({ length: horizon }, () => new Float64Array(PATHS));
  for (let path = 0; path < PATHS; path += 1) {
    for (const [ahead, value] of simulatePath(fit, horizon, sigma, rng).entries()) {
      outcomes[ahead]![path] = value;
    }
    yield undefined;
  }
  for (const values of outcomes) {
    values.sort();
    yield undefined;
  }
  return levels.map((level) => ({
    level,
    lower: outcomes.map((values) => quantile(values, (1 - level) / 2)),
    upper: outcomes.map((values) => quantile(values, (1 + level) / 2)),
  }));
}

/** One future of a multiplicative model, its errors relative to what it expects. */
function simulatePath(fit: SmoothingFit, horizon: number, sigma: number, rng: Rng): Float64Array {
  const { alpha, beta, gamma, phi } = fit.model.parameters;
  const seasonals = fit.state.seasonals.slice();
  const values = new Float64Array(horizon);
  let { level, slope, place } = fit.state;
  for (let ahead = 0; ahead < horizon; ahead += 1) {
    const error = Math.max(RELATIVE_ERROR_MIN, sigma * normalDraw(rng));
    const base = level + phi * slope;
    const season = seasonals[place]!;
    values[ahead] = base * season * (1 + error);
    level = base * (1 + alpha * error);
    slope = phi * slope + beta * base * error;
    seasonals[place] = season * (1 + gamma * error);
    place = place + 1 === seasonals.length ? 0 : place + 1;
  }
  return values;
}
