import { OrchestratorError } from '../../../base/errors.ts';

/** The coded error that a call throws; anything else it throws, or nothing, fails the test. */
export function errorOf(run: () => unknown): OrchestratorError {
  try {
    run();
  } catch (error) {
    if (error instanceof OrchestratorError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
