/** Where a reader of a task's output stands: opaque to it, and good for that task only. */
import { OrchestratorError } from '../base/errors.ts';

export function outputCursor(taskId: string, next: number): string {
  return Buffer.from(`o1 ${taskId} ${next}`).toString('base64url');
}

/**
 * The place of the next chunk.
 *
 * @throws OrchestratorError `CURSOR_INVALID`, `CURSOR_OTHER_TASK`
 */
export function readOutputCursor(cursor: string, taskId: string, chunks: number): number {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, id, next] = /^o1 (\S{36}) (\d{1,9})$/.exec(text) ?? [];
  const isWhole = id !== undefined && outputCursor(id, Number(next)) === cursor;
  if (isWhole && id !== taskId) {
    throw new OrchestratorError(
      'CURSOR_OTHER_TASK',
      `the cursor must be one of this task's output, got one of task ${id}`,
      { taskId: id },
    );
  }
  if (isWhole && Number(next) <= chunks) return Number(next);
  throw new OrchestratorError(
    'CURSOR_INVALID',
    'the cursor must be one that came with output of this task',
  );
}
