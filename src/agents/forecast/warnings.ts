import type { Forecast } from './forecast.ts';
import type { ForecastPayload } from './forecast-payload.ts';

/** Below this improvement over seasonal naive, in shares of its error, a model is not worth much. */
const IMPROVEMENT_SMALL = 0.02;

/** A residual autocorrelation beyond this many standard errors is not chance. */
const STANDARD_ERRORS = 2.6;

/** Ratio of later to earlier errors that is not chance, and the count of errors it takes to say so. */
const GROWTH_MAX = 1.5;
const GROWTH_COUNT_MIN = 40;

/** What a reader should know before trusting a forecast, each in one sentence. */
export function forecastWarnings(
  result: Omit<Forecast, 'warnings'>,
  payload: ForecastPayload,
): readonly string[] {
  return [
    ...inputWarnings(result, payload),
    ...backtestWarnings(result, payload),
    ...fitWarnings(result),
  ];
}

function* inputWarnings(
  { missing, season }: Omit<Forecast, 'warnings'>,
  { series }: ForecastPayload,
): Iterable<string> {
  const count = series.length;
  if (missing.length > 0) {
    yield `${missing.length} of ${count} values were missing and were interpolated on a straight line.`;
  }
  if (missing.length > count / 5) yield 'More than a fifth of the series is interpolated.';
  if (season > 1 && count < 3 * season) {
    yield `The series holds fewer than three seasons of ${season} periods.`;
  }
}

function* backtestWarnings(
  { backtest, model }: Omit<Forecast, 'warnings'>,
  { horizon }: ForecastPayload,
): Iterable<string> {
  if (backtest.horizon < horizon) {
    yield `The series is too short to test ${horizon} periods ahead; models were compared on ${backtest.horizon}.`;
  }
  if (backtest.folds < 3)
    yield `The backtest has ${backtest.folds} fold(s); the choice of model is unsure.`;
  if (backtest.mase === null) {
    yield 'The naive error within the series is zero, so MASE is undefined; models were compared by mean absolute error.';
  }
  const improvement = backtest.improvementOverNaive;
  if (model === 'seasonal-naive' && backtest.mae > 0) {
    yield 'No model did better than repeating the last season.';
  } else if (improvement !== null && improvement < IMPROVEMENT_SMALL) {
    yield 'The model is hardly better than repeating the last season.';
  }
}

function* fitWarnings({ fitted, intervalMethod }: Omit<Forecast, 'warnings'>): Iterable<string> {
  const growth = fitted.rmseLaterToEarlier ?? 1;
  const isUneven = growth > GROWTH_MAX || growth < 1 / GROWTH_MAX;
  // Relative errors may well grow with the series: their intervals do too.
  if (isUneven && intervalMethod === 'closed-form' && fitted.count >= GROWTH_COUNT_MIN) {
    yield `Errors are ${growth > 1 ? 'larger' : 'smaller'} at the end than at the beginning; the intervals assume them equal throughout.`;
  }
  const bound = STANDARD_ERRORS / Math.sqrt(fitted.count);
  if (fitted.autocorrelation !== null && Math.abs(fitted.autocorrelation) > bound) {
    yield 'Errors follow each other (autocorrelated), so the intervals may be too narrow or too wide.';
  }
}
