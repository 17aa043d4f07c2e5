/** Fitting of a smoothing model: parameters and first state of least squared one-step error. */
import type { Steps } from '../steps.ts';
import { initialState } from './initial-state.ts';
import { minimize, type Box } from './nelder-mead.ts';
import {
  smooth,
  type SmoothingForm,
  type SmoothingModel,
  type SmoothingParameters,
  type SmoothingState,
} from './smoothing.ts';

export interface SmoothingFit {
  readonly type: 'smoothing';
  readonly model: SmoothingModel;
  readonly start: SmoothingState;
  readonly state: SmoothingState;
  /** One-step errors within the series; shape [n]. */
  readonly residuals: Float64Array;
  /** One-step forecasts that they are measured from; shape [n]. */
  readonly fitted: Float64Array;
  /** Infinite where a multiplicative model found no footing at all. */
  readonly squares: number;
  /** Coordinates of the optimum, from which a fit to a longer series may start. */
  readonly point: readonly number[];
}

/** Parameters keep off 0 and 1, where a part of the state would never, or wholly, be replaced. */
const MARGIN = 1e-4;

/** Damping below 0.8 is hardly a trend, above 0.98 hardly damped (Hyndman et al. 2008, ch. 10). */
const PHI_MIN = 0.8;
const PHI_MAX = 0.98;

/** Evaluations for each coordinate, from scratch and from an earlier fit. */
const COLD_EVALUATIONS = 120;
const WARM_EVALUATIONS = 30;

/** Share of the series' own squares below which an error is rounding and the fit is exact. */
const EXACT_SHARE = 1e-26;

/**
 * The fit of `form` to `series`. Deterministic.
 *
 * @param season - length; used by seasonal forms alone
 * @param warm - optimum of a fit to a shorter beginning of the same series
 *
 * O(evaluations · n): up to 720 evaluations, 180 when warm.
 */
export function* fitSmoothing(
  series: Float64Array,
  form: SmoothingForm,
  season: number,
  warm?: readonly number[],
): Steps<SmoothingFit> {
  const guess = initialState(series, form, season);
  const space = new ParameterSpace(series, form, guess);
  const squaresAt = (point: readonly number[]): number =>
    smooth(series, space.modelAt(point), space.startAt(point)).squares;
  let start = warm ?? space.firstPoints()[0]!;
  let startSquares = squaresAt(start);
  for (const point of space.firstPoints()) {
    const squares = squaresAt(point);
    yield undefined;
    if (squares < startSquares) [start, startSquares] = [point, squares];
  }
  const perCoordinate = warm === undefined ? COLD_EVALUATIONS : WARM_EVALUATIONS;
  const { point } = yield* minimize(squaresAt, start, {
    box: space.box,
    evaluationsMax: perCoordinate * start.length,
    toleranceRelative: 1e-8,
    valueEnough: EXACT_SHARE * series.reduce((sum, value) => sum + value * value, 0),
  });
  const model = space.modelAt(point);
  const residuals = new Float64Array(series.length);
  const firstState = space.startAt(point);
  const { state, squares } = smooth(series, model, firstState, residuals);
  const fitted = series.map((value, period) => value - residuals[period]!);
  return { type: 'smoothing', model, start: firstState, state, residuals, fitted, squares, point };
}

/** Free parameters that a fit of the form has spent: smoothing, level, slope and seasonals. */
export function parameterCount(form: SmoothingForm, season: number): number {
  const trend = { none: 0, additive: 2, damped: 3 }[form.trend];
  return 2 + trend + (form.seasonal === 'none' ? 0 : season);
}

/**
 * Coordinates of the search: α, β/α, γ/(1 − α) and φ, each scaled to 0..1, then the first level and
 * slope as distances from the guess in units of the series' spread. Coordinates that the form does
 * not have are left out.
 */
class ParameterSpace {
  readonly box: Box;
  readonly #form: SmoothingForm;
  readonly #guess: SmoothingState;
  readonly #levelUnit: number;
  readonly #slopeUnit: number;

  constructor(series: Float64Array, form: SmoothingForm, guess: SmoothingState) {
    this.#form = form;
    this.#guess = guess;
    this.#levelUnit = spreadOf(series);
    this.#slopeUnit = this.#levelUnit / Math.sqrt(series.length);
    const freeCount = form.trend === 'none' ? 1 : 2;
    const boundedCount = this.firstPoints()[0]!.length - freeCount;
    const bounds = (bound: number, free: number): readonly number[] => [
      ...Array.from({ length: boundedCount }, () => bound),
      ...Array.from({ length: freeCount }, () => free),
    ];
    this.box = {
      lower: bounds(MARGIN, Number.NEGATIVE_INFINITY),
      upper: bounds(1 - MARGIN, Number.POSITIVE_INFINITY),
    };
  }

  /** Points to start from: slow, middling and fast smoothing. */
  firstPoints(): readonly (readonly number[])[] {
    const { trend, seasonal } = this.#form;
    return [0.05, 0.3, 0.7, 0.95].flatMap((alpha) =>
      [0.05, 0.3].map((share) => [
        alpha,
        ...(trend === 'none' ? [] : [share]),
        ...(seasonal === 'none' ? [] : [share]),
        ...(trend === 'damped' ? [0.7] : []),
        0,
        ...(trend === 'none' ? [] : [0]),
      ]),
    );
  }

  modelAt(point: readonly number[]): SmoothingModel {
    const { trend, seasonal } = this.#form;
    let next = 0;
    const alpha = point[next++]!;
    const beta = trend === 'none' ? 0 : alpha * point[next++]!;
    const gamma = seasonal === 'none' ? 0 : (1 - alpha) * point[next++]!;
    const phi = trend === 'damped' ? PHI_MIN + (PHI_MAX - PHI_MIN) * point[next++]! : 1;
    const parameters: SmoothingParameters = { alpha, beta, gamma, phi };
    return { form: this.#form, parameters };
  }

  startAt(point: readonly number[]): SmoothingState {
    const hasTrend = this.#form.trend !== 'none';
    const levelShift = point[point.length - (hasTrend ? 2 : 1)]!;
    const slopeShift = hasTrend ? point.at(-1)! : 0;
    return {
      ...this.#guess,
      level: this.#guess.level + levelShift * this.#levelUnit,
      slope: this.#guess.slope + slopeShift * this.#slopeUnit,
    };
  }
}

/** Root mean square distance from the first value: zero for a constant series alone. */
function spreadOf(series: Float64Array): number {
  let squares = 0;
  for (const value of series) squares += (value - series[0]!) ** 2;
  return Math.sqrt(squares / series.length);
}
