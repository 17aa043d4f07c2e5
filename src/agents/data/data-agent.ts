import type { HandlerTask } from '../../contract/handler.ts';
import { drive, type Watch } from '../steps.ts';
import { analyze, type Analysis } from './analyze.ts';
import { readAnalyzePayload } from './analyze-payload.ts';

/**
 * Handles `data.analyze`: a CSV text or rows in, an {@link Analysis} out.
 *
 * @throws OrchestratorError `INVALID_PAYLOAD` naming the path of the fault; pointless to retry
 */
export async function analyzeData(
  task: Pick<HandlerTask, 'payload'>,
  context: Watch,
): Promise<Analysis> {
  return await drive(analyze(readAnalyzePayload(task.payload)), context);
}
