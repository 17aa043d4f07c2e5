import type { HandlerTask } from '../../contract/handler.ts';
import { drive, type Watch } from '../steps.ts';
import { forecast, type Forecast } from './forecast.ts';
import { readForecastPayload } from './forecast-payload.ts';

/**
 * Handles `ml.forecast`: a series in, a {@link Forecast} out.
 *
 * @throws OrchestratorError `INVALID_PAYLOAD` naming the path of the fault; pointless to retry
 */
export async function forecastSeries(
  task: Pick<HandlerTask, 'payload'>,
  context: Watch,
): Promise<Forecast> {
  return await drive(forecast(readForecastPayload(task.payload)), context);
}
