import { OrchestratorError } from '../../base/errors.ts';
import type { TaskOutcome } from '../../contract/index.ts';
import { pathOf, queryOf, type ServerApi } from '../server-api.ts';

/** Longest wait of one request, in milliseconds; the server's own bound. */
const POLL_MS_MAX = 60_000;

function isFinished(outcome: { readonly state: string }): boolean {
  return ['completed', 'failed', 'canceled'].includes(outcome.state);
}

/**
 * Waits until a task has finished, however it did.
 *
 * @param waitMs - longest wait in milliseconds; Infinity for no bound
 * @throws OrchestratorError `WAIT_TIMEOUT`, `TASK_NOT_FOUND`, `SERVER_UNREACHABLE`
 */
export async function waitForTask(
  api: ServerApi,
  id: string,
  waitMs: number,
): Promise<TaskOutcome> {
  const until = performance.now() + waitMs;
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(until - performance.now()));
    const ms = Math.min(leftMs, POLL_MS_MAX);
    const path = pathOf('tasks', id, 'result') + queryOf({ waitMs: ms });
    const outcome = await api.wait<TaskOutcome>(path, ms);
    if (isFinished(outcome)) return outcome;
    if (performance.now() < until) continue;
    throw new OrchestratorError(
      'WAIT_TIMEOUT',
      `the task must finish within ${waitMs} ms, got ${outcome.state}: ${id}`,
      { taskId: id, state: outcome.state },
    );
  }
}

/** The error for a task that was waited for and did not complete. */
export function endedBadly({ error, id, state }: TaskOutcome): OrchestratorError {
  const why = error === undefined ? '' : `: ${error.code}: ${error.message}`;
  const message = `the task must complete, got ${state}${why}`;
  return new OrchestratorError('TASK_ENDED_BADLY', message, { taskId: id, state });
}
