import {
  describeValue,
  InvalidPayloadError,
  NUMBER_MAGNITUDE_MAX,
  readArray,
  readInteger,
  readObject,
  readOptional,
} from '../payload.ts';

/** What `ml.forecast` is asked. */
export interface ForecastPayload {
  /** Values at equal distances in time; null where one is missing. */
  readonly series: readonly (number | null)[];
  /** Periods to forecast. */
  readonly horizon: number;
  /** Periods of one season, 1 for none; detected when absent. */
  readonly season: number | undefined;
  /** Probabilities of the prediction intervals. */
  readonly levels: readonly number[];
}

const FIELDS = ['series', 'horizon', 'season', 'level'];

/** Fewest values: three to learn from and one to test on. */
const SERIES_MIN = 4;

/** Most values: a fit of all candidates then takes seconds. */
const SERIES_MAX = 10_000;

/** Two known values give the missing ones a line to lie on. */
const KNOWN_MIN = 2;

const HORIZON_MAX = 1000;
const LEVELS_MAX = 10;
const LEVEL_MIN = 0.01;
const LEVEL_MAX = 0.9999;
const LEVELS_DEFAULT = [0.8, 0.95];

/** Checks a payload of `ml.forecast`. @throws OrchestratorError `INVALID_PAYLOAD` */
export function readForecastPayload(payload: unknown): ForecastPayload {
  const fields = readObject(payload, 'payload', FIELDS);
  const series = readSeries(fields['series']);
  const range = { min: 1, max: HORIZON_MAX };
  return {
    series,
    horizon: readInteger(fields['horizon'], 'payload.horizon', range),
    season: readOptional(fields['season'], 'payload.season', (value, path) =>
      readSeason(value, path, series.length),
    ),
    levels: readOptional(fields['level'], 'payload.level', readLevels) ?? LEVELS_DEFAULT,
  };
}

function readSeries(value: unknown): readonly (number | null)[] {
  const path = 'payload.series';
  const elements = readArray(value, path, { min: SERIES_MIN, max: SERIES_MAX });
  const series = elements.map((element, index) => {
    if (element === null) return null;
    if (typeof element !== 'number' || !(Math.abs(element) <= NUMBER_MAGNITUDE_MAX)) {
      const mustHold = `must be null or a number of magnitude ${NUMBER_MAGNITUDE_MAX} at most`;
      throw new InvalidPayloadError(`${path}[${index}]`, mustHold, describeValue(element));
    }
    return element;
  });
  const known = series.filter((element) => element !== null).length;
  if (known < KNOWN_MIN) {
    throw new InvalidPayloadError(path, `must have at least ${KNOWN_MIN} numbers`, String(known));
  }
  return series;
}

function readSeason(value: unknown, path: string, seriesLength: number): number {
  const max = Math.floor(seriesLength / 2);
  const isWithin = typeof value === 'number' && Number.isInteger(value) && 1 <= value;
  if (!isWithin || value > max) {
    const mustHold = `must be an integer of 1 to ${max}, for two full seasons in the series`;
    throw new InvalidPayloadError(path, mustHold, describeValue(value));
  }
  return value;
}

function readLevels(value: unknown, path: string): readonly number[] {
  return readArray(value, path, { min: 1, max: LEVELS_MAX }).map((level, index) => {
    if (typeof level !== 'number' || !(LEVEL_MIN <= level && level <= LEVEL_MAX)) {
      const mustHold = `must be a probability of ${LEVEL_MIN} to ${LEVEL_MAX}`;
      throw new InvalidPayloadError(`${path}[${index}]`, mustHold, describeValue(level));
    }
    return level;
  });
}
