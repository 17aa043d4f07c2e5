import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { normalDraw } from '../statistics/normal.ts';
import { runToEnd } from '../steps.ts';
import type { SmoothingFit } from './fit-smoothing.ts';
import { fitSmoothing } from './fit-smoothing.ts';
import { initialState } from './initial-state.ts';
import { predictionIntervals, standardDeviations } from './intervals.ts';
import {
  SMOOTHING_FORMS,
  smooth,
  smoothedForecast,
  type SmoothingModel,
  type SmoothingName,
  type SmoothingParameters,
  type SmoothingState,
} from './smoothing.ts';

function modelOf(name: SmoothingName, parameters: Partial<SmoothingParameters>): SmoothingModel {
  const form = SMOOTHING_FORMS.find((candidate) => candidate.name === name)!;
  return { form, parameters: { alpha: 0.5, beta: 0, gamma: 0, phi: 1, ...parameters } };
}

function stateOf(level: number, slope = 0, seasonals: readonly number[] = [0]): SmoothingState {
  return { level, slope, seasonals: Float64Array.from(seasonals), place: 0 };
}

interface HandCase {
  readonly name: SmoothingName;
  readonly parameters: Partial<SmoothingParameters>;
  readonly start: SmoothingState;
  readonly series: readonly number[];
  readonly errors: readonly number[];
  readonly forecast: readonly number[];
}

describe('smoothing, computed by hand', () => {
  const cases: readonly HandCase[] = [
    {
      // Levels 10 → 11 → 10.5 → 12.25.
      name: 'simple',
      parameters: {},
      start: stateOf(10),
      series: [12, 10, 14],
      errors: [2, -1, 3.5],
      forecast: [12.25, 12.25],
    },
    {
      // β* = 0.4. Levels 11.5, 12.85, 15.055; slopes 1.2, 1.26, 1.638.
      name: 'holt',
      parameters: { beta: 0.2 },
      start: stateOf(10, 1),
      series: [12, 13, 16],
      errors: [1, 0.3, 1.89],
      forecast: [16.693, 18.331],
    },
    {
      // ŷ = 10.9; level 11.45, slope 0.9 + 0.22.
      name: 'damped-holt',
      parameters: { beta: 0.2, phi: 0.9 },
      start: stateOf(10, 1),
      series: [12],
      errors: [1.1],
      forecast: [12.458, 13.3652],
    },
    {
      // Levels 11.5, 12.3; slopes 1.1, 1.04; seasons 2.2, −2.12.
      name: 'holt-winters-additive',
      parameters: { beta: 0.1, gamma: 0.2 },
      start: stateOf(10, 1, [2, -2]),
      series: [14, 10],
      errors: [1, -0.6],
      forecast: [15.54, 12.26],
    },
    {
      // ŷ = 12 · 1.5; level 13, slope 2.2, first season 1.55.
      name: 'holt-winters-multiplicative',
      parameters: { beta: 0.1, gamma: 0.2 },
      start: stateOf(10, 2, [1.5, 0.5]),
      series: [21],
      errors: [3],
      forecast: [7.6, 26.97],
    },
  ];

  test.each(cases)('$name', ({ name, parameters, start, series, errors, forecast }) => {
    const model = modelOf(name, parameters);
    const residuals = new Float64Array(series.length);
    const { state, squares } = smooth(Float64Array.from(series), model, start, residuals);
    for (const [period, error] of errors.entries())
      expect(residuals[period]).toBeCloseTo(error, 12);
    expect(squares).toBeCloseTo(
      errors.reduce((sum, error) => sum + error * error, 0),
      12,
    );
    const points = smoothedForecast(model, state, forecast.length);
    for (const [ahead, point] of forecast.entries()) expect(points[ahead]).toBeCloseTo(point, 12);
  });

  test('a multiplicative model at or below zero is no model', () => {
    const model = modelOf('holt-winters-multiplicative', {});
    expect(smooth(Float64Array.of(1, 2), model, stateOf(-1, 0, [1])).squares).toBe(Infinity);
  });
});

describe('the first state', () => {
  const form = (name: SmoothingName) => modelOf(name, {}).form;

  test('lies on an exact line', () => {
    const line = Float64Array.from({ length: 12 }, (_, index) => 5 + 3 * (index + 1));
    const { level, slope } = initialState(line, form('holt'), 1);
    expect(level).toBeCloseTo(5, 12);
    expect(slope).toBeCloseTo(3, 12);
  });

  test('takes an exact line and season apart', () => {
    const season = [4, -1, -3];
    const series = Float64Array.from({ length: 9 }, (_, t) => 20 + 2 * (t + 1) + season.at(t % 3)!);
    const { level, slope, seasonals } = initialState(series, form('holt-winters-additive'), 3);
    expect(level).toBeCloseTo(20, 12);
    expect(slope).toBeCloseTo(2, 12);
    for (const [place, value] of season.entries()) expect(seasonals[place]).toBeCloseTo(value, 12);
  });
});

test('the fit to a long simulated series finds the parameters that made it', () => {
  const rng = Rng.fromSeed(11);
  let level = 50;
  const series = Float64Array.from({ length: 4000 }, () => {
    const error = normalDraw(rng);
    const value = level + error;
    level += 0.3 * error;
    return value;
  });
  const fit = runToEnd(fitSmoothing(series, modelOf('simple', {}).form, 1));
  // The standard error of α here is √(α(2 − α) / n) ≈ 0.011.
  expect(Math.abs(fit.model.parameters.alpha - 0.3)).toBeLessThan(0.045);
  expect(Math.sqrt(fit.squares / series.length)).toBeCloseTo(1, 1);
});

function fitOf(model: SmoothingModel, state: SmoothingState): SmoothingFit {
  const residuals = new Float64Array(1000).map((_, index) => (index % 2 === 0 ? 1 : -1));
  const fitted = new Float64Array(1000).fill(20);
  return {
    type: 'smoothing',
    model,
    start: state,
    state,
    residuals,
    fitted,
    squares: 1000,
    point: [],
  };
}

/** Standard deviations of simulated futures of an additive model with errors of deviation 1. */
function simulatedDeviations(model: SmoothingModel, state: SmoothingState, horizon: number) {
  const rng = Rng.fromSeed(5);
  const points = smoothedForecast(model, state, horizon);
  const squares = new Float64Array(horizon);
  const paths = 20_000;
  for (let path = 0; path < paths; path += 1) {
    let now = state;
    for (let ahead = 0; ahead < horizon; ahead += 1) {
      const value = smoothedForecast(model, now, 1).at(0)! + normalDraw(rng);
      squares[ahead] = squares.at(ahead)! + (value - points.at(ahead)!) ** 2;
      now = smooth(Float64Array.of(value), model, now).state;
    }
  }
  return squares.map((sum) => Math.sqrt(sum / paths));
}

describe('the closed variance', () => {
  test.each([
    ['simple', { alpha: 0.4 }, stateOf(20)],
    ['holt', { alpha: 0.4, beta: 0.1 }, stateOf(20, 1)],
    ['damped-holt', { alpha: 0.4, beta: 0.2, phi: 0.85 }, stateOf(20, 1)],
    ['simple-seasonal', { alpha: 0.3, gamma: 0.4 }, stateOf(20, 0, [1, -2, 1])],
    ['holt-winters-additive', { alpha: 0.3, beta: 0.1, gamma: 0.4 }, stateOf(20, 1, [1, -2, 1])],
  ] as const)('of %s is that of simulated futures', (name, parameters, state) => {
    const model = modelOf(name, parameters);
    const closed = standardDeviations(fitOf(model, state), 7);
    const simulated = simulatedDeviations(model, state, 7);
    // The fit's own factor √(n / (n − parameters)) apart; 4 standard errors of 20 000 paths: 2 %.
    for (const [ahead, value] of simulated.entries()) {
      expect(Math.abs(closed.at(ahead)! / closed.at(0)! / value - 1)).toBeLessThan(0.03);
    }
  });

  test('of seasonal naive grows by one error a season', () => {
    const residuals = Float64Array.of(2, -2, 2, -2);
    const fit = { type: 'naive', lastSeason: Float64Array.of(1, 2), residuals } as const;
    const expected = [2, 2, 2 * Math.SQRT2, 2 * Math.SQRT2, 2 * Math.sqrt(3)];
    for (const [ahead, value] of standardDeviations(fit, 5).entries()) {
      expect(value).toBeCloseTo(expected.at(ahead)!, 12);
    }
  });
});

test('simulated intervals of a multiplicative model without smoothing are its normal quantiles', () => {
  const model = modelOf('holt-winters-multiplicative', { alpha: 0 });
  const fit = fitOf(model, stateOf(100, 0, [1.5, 0.5]));
  const points = smoothedForecast(model, fit.state, 2);
  const { method, intervals } = runToEnd(predictionIntervals(fit, points, [0.95]));
  expect(method).toBe('simulation');
  // Errors of 1 on 20, widened for 6 parameters in 1000; 2000 paths place the quantile to some 4 %.
  const reach = 1.96 * 0.05 * Math.sqrt(1000 / 994);
  for (const [ahead, point] of points.entries()) {
    expect(intervals.at(0)!.lower.at(ahead)! / (point * (1 - reach))).toBeCloseTo(1, 1.8);
    expect(intervals.at(0)!.upper.at(ahead)! / (point * (1 + reach))).toBeCloseTo(1, 1.8);
  }
});
