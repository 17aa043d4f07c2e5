import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { normalDraw } from '../statistics/normal.ts';
import { runToEnd } from '../steps.ts';
import { backtest, planBacktest } from './backtest.ts';
import { CANDIDATES } from './candidate.ts';
import { forecast, type Forecast } from './forecast.ts';
import { readForecastPayload } from './forecast-payload.ts';
import { interpolate } from './interpolate.ts';
import { detectSeason } from './season.ts';

if (process.env['SEED']) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const SEED = Number(process.env['SEED'] ?? 2026);

const forecastOf = (payload: unknown): Forecast => runToEnd(forecast(readForecastPayload(payload)));

const seriesOf = (count: number, value: (period: number) => number): number[] =>
  Array.from({ length: count }, (_, period) => value(period));

const widths = ({ intervals }: Forecast): number[] =>
  intervals.flatMap(({ lower, upper }) => upper.map((value, ahead) => value - lower.at(ahead)!));

describe('a forecast', () => {
  test('of a constant series is that constant, with intervals of no width', () => {
    const result = forecastOf({ series: seriesOf(30, () => 4.2), horizon: 5 });
    expect(result.forecast).toEqual([4.2, 4.2, 4.2, 4.2, 4.2]);
    expect(Math.max(...widths(result))).toBe(0);
    expect(result.backtest).toMatchObject({ mase: null, mae: 0, improvementOverNaive: null });
  });

  test('of an exact line is its continuation by Holt', () => {
    const result = forecastOf({ series: seriesOf(40, (t) => 7 + 2.5 * t), horizon: 10 });
    expect(result.model).toBe('holt');
    expect(result.season).toBe(1);
    for (const [ahead, value] of result.forecast.entries()) {
      expect(value).toBeCloseTo(7 + 2.5 * (40 + ahead), 8);
    }
    expect(Math.max(...widths(result))).toBeLessThan(1e-8);
    expect(result.backtest.improvementOverNaive).toBeCloseTo(1, 8);
  });

  test('of an exact season is that season again, and seasonal naive suffices for it', () => {
    const pattern = [5, 9, 2, 7];
    const result = forecastOf({ series: seriesOf(40, (t) => pattern.at(t % 4)!), horizon: 6 });
    expect(result).toMatchObject({ season: 4, seasonSource: 'detected', model: 'seasonal-naive' });
    expect(result.forecast).toEqual([5, 9, 2, 7, 5, 9]);
    expect(Math.max(...widths(result))).toBe(0);
  });

  test('of an exact line with an exact season continues both by Holt and Winters', () => {
    const at = (t: number): number => 100 + 3 * t + [5, -9, 4].at(t % 3)!;
    const result = forecastOf({ series: seriesOf(30, at), horizon: 6, season: 3 });
    expect(result.model).toBe('holt-winters-additive');
    for (const [ahead, value] of result.forecast.entries()) {
      expect(value).toBeCloseTo(at(30 + ahead), 7);
    }
  });

  test('of growing swings takes the multiplicative model and simulates its intervals', () => {
    const rng = Rng.fromSeed(SEED);
    const at = (t: number): number =>
      (50 + 2 * t) * [1.4, 1, 0.6, 1].at(t % 4)! * (1 + 0.02 * normalDraw(rng));
    const result = forecastOf({ series: seriesOf(80, at), horizon: 8, season: 4 });
    expect(result.model).toBe('holt-winters-multiplicative');
    expect(result.intervalMethod).toBe('simulation');
    expect(result.backtest.improvementOverNaive).toBeGreaterThan(0.5);
    expect(result.parameters!.seasonals).toHaveLength(4);
  });

  test('of a random walk cannot beat the naive by much, and says so', () => {
    const rng = Rng.fromSeed(SEED);
    let level = 0;
    const series = seriesOf(200, () => (level += normalDraw(rng)));
    const { backtest, season } = forecastOf({ series, horizon: 5 });
    expect(season).toBe(1);
    expect(backtest.improvementOverNaive!).toBeLessThan(0.2);
    expect(backtest.candidates.map(({ model }) => model)).toContain('seasonal-naive');
    const scores = backtest.candidates.map(({ mase }) => mase!);
    expect(scores).toEqual(scores.toSorted((left, right) => left - right));
    expect(backtest.mase).toBe(scores[0]);
  });

  test('tells what it interpolated and what it could not test', () => {
    const series = [null, 3, 4, null, null, 7, 8, 9, 10, 11, 12, null];
    const result = forecastOf({ series, horizon: 50, season: 5, level: [0.5] });
    expect(result.missing).toEqual([0, 3, 4, 11]);
    expect(result.intervals.map(({ level }) => level)).toEqual([0.5]);
    expect(result.backtest.horizon).toBeLessThan(50);
    const warnings = result.warnings.join(' ');
    expect(warnings).toContain('4 of 12 values were missing');
    expect(warnings).toContain('too short to test 50 periods ahead');
    expect(warnings).toContain('fewer than three seasons of 5');
  });

  test('says why a candidate did not compete', () => {
    const { backtest } = forecastOf({
      series: seriesOf(30, (t) => (t % 3) - 1),
      horizon: 2,
      season: 3,
    });
    const reason = { model: 'holt-winters-multiplicative', reason: 'needs values above zero' };
    expect(backtest.excluded).toContainEqual(reason);
    const without = forecastOf({ series: seriesOf(30, (t) => t % 7), horizon: 2, season: 1 });
    expect(without.backtest.excluded).toHaveLength(3);
    expect(without.seasonSource).toBe('none');
  });

  test('does not know the future: a shock at the end leaves the earlier folds as they were', () => {
    const rng = Rng.fromSeed(SEED);
    const calm = Float64Array.from(seriesOf(60, (t) => 10 + (t % 2) + 0.1 * normalDraw(rng)));
    const shocked = calm.slice();
    shocked[59] = 1e6;
    const plan = { origins: planBacktest(60, 3, 2).origins.slice(0, -1), horizon: 3 };
    for (const candidate of CANDIDATES) {
      const before = runToEnd(backtest(candidate, calm, plan, 2));
      expect(runToEnd(backtest(candidate, shocked, plan, 2))).toEqual(before);
    }
  });

  test('scales with the unit: a series a thousand times larger has a forecast as much larger', () => {
    const rng = Rng.fromSeed(SEED);
    const series = seriesOf(60, (t) => 100 + 10 * Math.sin(t) + normalDraw(rng));
    const plain = forecastOf({ series, horizon: 4 });
    const large = forecastOf({ series: series.map((value) => value * 1024), horizon: 4 });
    expect(large.model).toBe(plain.model);
    for (const [ahead, value] of plain.forecast.entries()) {
      expect(large.forecast.at(ahead)! / 1024).toBeCloseTo(value, 9);
    }
  });

  test('of any series holds nothing but finite numbers, and lies within its intervals', () => {
    const value = fc.oneof(
      { weight: 5, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, 1e150, -1e150, 1e-300) },
    );
    const series = fc
      .array(value, { minLength: 4, maxLength: 30 })
      .filter((values) => values.filter((x) => x !== null).length >= 2);
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 12 }), (values, horizon) => {
        const result = forecastOf({ series: values, horizon });
        JSON.stringify(result, (_, part: unknown) => {
          if (typeof part === 'number') expect(Number.isFinite(part)).toBe(true);
          expect(part).toBeDefined();
          return part;
        });
        expect(result.forecast).toHaveLength(horizon);
        if (result.intervalMethod === 'simulation') return;
        for (const { lower, upper } of result.intervals) {
          for (const [ahead, point] of result.forecast.entries()) {
            expect(lower[ahead]).toBeLessThanOrEqual(point);
            expect(upper[ahead]).toBeGreaterThanOrEqual(point);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

interface CoverageCase {
  readonly name: string;
  readonly simulate: (rng: Rng, count: number) => number[];
  readonly season: number;
  readonly counts?: (result: Forecast) => boolean;
}

describe('prediction intervals cover what they say, over many simulated series', () => {
  const horizon = 6;

  /** Shares of future values within the 80 % and the 95 % interval, of the series that count. */
  function coverage({ simulate, season, counts = () => true }: CoverageCase): readonly number[] {
    let seriesCount = 0;
    const inside = [0.8, 0.95].map((level) => ({ level, count: 0 }));
    for (let index = 0; index < 200; index += 1) {
      const values = simulate(Rng.fromSeed(SEED * 1000 + index), 120 + horizon);
      const result = forecastOf({ series: values.slice(0, 120), horizon, season });
      if (!counts(result)) continue;
      seriesCount += 1;
      for (const share of inside) {
        const { lower, upper } = result.intervals.find(({ level }) => level === share.level)!;
        const isInside = (y: number, ahead: number): boolean =>
          lower.at(ahead)! <= y && y <= upper.at(ahead)!;
        share.count += values.slice(120).filter(isInside).length;
      }
    }
    expect(seriesCount).toBeGreaterThan(100);
    return inside.map(({ count }) => count / (seriesCount * horizon));
  }

  const level = (rng: Rng, count: number): number[] => {
    let now = 100;
    return seriesOf(count, () => {
      const error = normalDraw(rng);
      now += 0.4 * error;
      return now - 0.4 * error + error;
    });
  };

  const trendAndSeason = (rng: Rng, count: number): number[] => {
    let [base, slope] = [200, 0.5];
    const season = [6, -2, -4, 0];
    return seriesOf(count, (t) => {
      const error = 2 * normalDraw(rng);
      const value = base + slope + season.at(t % 4)! + error;
      base += slope + 0.3 * error;
      slope += 0.02 * error;
      season[t % 4] = season.at(t % 4)! + 0.1 * error;
      return value;
    });
  };

  const factors = (rng: Rng, count: number): number[] => {
    let base = 200;
    const season = [1.5, 0.9, 0.6, 1];
    return seriesOf(count, (t) => {
      const error = 0.05 * normalDraw(rng);
      const value = (base + 2) * season.at(t % 4)! * (1 + error);
      base = (base + 2) * (1 + 0.2 * error);
      return value;
    });
  };

  const cases: readonly CoverageCase[] = [
    { name: 'a wandering level', simulate: level, season: 1 },
    { name: 'a wandering trend with a season', simulate: trendAndSeason, season: 4 },
    {
      // An additive model of such a series is taken now and then; it warns that its errors grow.
      name: 'a trend with a season of factors, where it is taken for one',
      simulate: factors,
      season: 4,
      counts: ({ intervalMethod }) => intervalMethod === 'simulation',
    },
  ];

  test.each(cases)('$name', (coverageCase) => {
    const [narrow, wide] = coverage(coverageCase);
    expect(wide).toBeGreaterThan(0.9);
    expect(wide).toBeLessThan(0.98);
    expect(narrow).toBeGreaterThan(0.72);
    expect(narrow).toBeLessThan(0.88);
  });
});

test('errors that grow are told where the intervals do not grow with them', () => {
  const rng = Rng.fromSeed(SEED);
  const series = seriesOf(100, (t) => (1 + t / 10) * normalDraw(rng));
  const { warnings, fitted } = forecastOf({ series, horizon: 3, season: 1 });
  expect(fitted.rmseLaterToEarlier).toBeGreaterThan(1.5);
  expect(warnings.join(' ')).toContain('Errors are larger at the end');
});

describe('a season', () => {
  const found = (series: readonly number[]): number =>
    runToEnd(detectSeason(Float64Array.from(series))).length;

  test.each([4, 7, 12, 24])(
    'of %i periods is found in most of a hundred noisy trends',
    (season) => {
      const series = seriesOf(100, (index) => index).map((index) => {
        const rng = Rng.fromSeed(SEED + index);
        const pattern = seriesOf(season, () => 5 * normalDraw(rng));
        return seriesOf(12 * season, (t) => 0.3 * t + pattern.at(t % season)! + normalDraw(rng));
      });
      // A chance pattern of four may all but repeat after two: hence not ten of ten.
      const hits = series.filter((values) => found(values) === season).length;
      expect(hits).toBeGreaterThanOrEqual(season === 4 ? 80 : 90);
    },
  );

  test('of a smooth wave is its length, not a multiple', () => {
    expect(found(seriesOf(150, (t) => Math.sin((2 * Math.PI * t) / 10)))).toBe(10);
  });

  test('is not made of two events a while apart', () => {
    const bump = (t: number, at: number): number => Math.exp(-((t - at) ** 2) / 8);
    expect(found(seriesOf(90, (t) => bump(t, 30) + bump(t, 55)))).toBe(1);
  });

  test('is not found in a line, nor in a constant', () => {
    expect(found(seriesOf(50, (t) => 1 / 3 + t / 7))).toBe(1);
    expect(found(seriesOf(50, () => 0.1))).toBe(1);
  });

  test.each([
    { name: 'random walks', keep: 1 },
    { name: 'noises', keep: 0 },
  ])('is found in fewer than one of ten $name', ({ keep }) => {
    const lengths = seriesOf(100, (index) => {
      const rng = Rng.fromSeed(SEED + index);
      let now = 0;
      return found(seriesOf(150, () => (now = keep * now + normalDraw(rng))));
    });
    expect(lengths.filter((length) => length > 1).length).toBeLessThan(10);
  });
});

test('gaps lie on the line between neighbours, ends repeat the nearest value', () => {
  const { series, missing } = interpolate([null, 2, null, null, 8, null]);
  expect([...series]).toEqual([2, 2, 4, 6, 8, 8]);
  expect(missing).toEqual([0, 2, 3, 5]);
});

test('a plan has one to five folds that lie within the series, the last at its end', () => {
  const count = fc.integer({ min: 4, max: 2000 });
  fc.assert(
    fc.property(count, fc.integer({ min: 1, max: 1000 }), fc.nat(), (n, horizonAsked, salt) => {
      const season = 1 + (salt % Math.floor(n / 2));
      const { origins, horizon } = planBacktest(n, horizonAsked, season);
      expect(horizon).toBeGreaterThanOrEqual(1);
      expect(horizon).toBeLessThanOrEqual(horizonAsked);
      expect(origins.length).toBeGreaterThanOrEqual(1);
      expect(origins.length).toBeLessThanOrEqual(5);
      expect(new Set(origins).size).toBe(origins.length);
      expect(origins).toEqual(origins.toSorted((left, right) => left - right));
      expect(origins.at(-1)! + horizon).toBe(n);
      // Seasonal naive needs a season and one value more.
      expect(origins[0]).toBeGreaterThan(season);
    }),
  );
});

describe('a payload is refused', () => {
  const series = [1, 2, 3, 4, 5, 6];

  test.each([
    [7, 'payload must be an object, got 7'],
    [{ series, horizon: 1, seson: 3 }, 'payload must have no field but series, horizon'],
    [{ horizon: 1 }, 'payload.series must be an array of 4 to 10000 elements, got nothing'],
    [{ series: [1, 2, 3], horizon: 1 }, 'payload.series must be an array of 4 to 10000 elements'],
    [{ series: [1, 2, '3', 4], horizon: 1 }, 'payload.series[2] must be null or a number'],
    [{ series: [1, 2, 1e200, 4], horizon: 1 }, 'payload.series[2] must be null or a number'],
    [{ series: [1, null, null, null], horizon: 1 }, 'payload.series must have at least 2 numbers'],
    [{ series }, 'payload.horizon must be an integer of 1 to 1000, got nothing'],
    [{ series, horizon: 0 }, 'payload.horizon must be an integer of 1 to 1000, got 0'],
    [{ series, horizon: 1.5 }, 'payload.horizon must be an integer of 1 to 1000, got 1.5'],
    [{ series, horizon: 1, season: 4 }, 'payload.season must be an integer of 1 to 3'],
    [{ series, horizon: 1, level: [] }, 'payload.level must be an array of 1 to 10 elements'],
    [{ series, horizon: 1, level: [95] }, 'payload.level[0] must be a probability'],
  ])('%j', (payload, message) => {
    const error = expect.objectContaining({
      code: 'INVALID_PAYLOAD',
      retryable: false,
      message: expect.stringContaining(message),
    });
    expect(() => forecastOf(payload)).toThrow(error);
  });
});
