import { OrchestratorError } from '../base/errors.ts';
import type { Problem } from '../contract/index.ts';

/** How a task ended that did not complete: `code` and message are the task's own error. */
export class TaskError extends OrchestratorError {
  override readonly name = 'TaskError';
  readonly taskId: string;
  readonly state: 'failed' | 'canceled';

  constructor(
    taskId: string,
    state: 'failed' | 'canceled',
    error: { code: string; message: string },
  ) {
    super(error.code, error.message, { taskId, state });
    this.taskId = taskId;
    this.state = state;
  }
}

/** What the server refused, as an error with its code. */
export function problemError(problem: Problem): OrchestratorError {
  return new OrchestratorError(problem.code, problem.detail, {
    status: problem.status,
    ...(problem.path === undefined ? {} : { path: problem.path }),
    ...(problem.at === undefined ? {} : { at: problem.at }),
    ...(problem.retryAfterMs === undefined ? {} : { retryAfterMs: problem.retryAfterMs }),
    ...(problem.level === undefined ? {} : { level: problem.level }),
    ...(problem.floor === undefined ? {} : { floor: problem.floor }),
  });
}
