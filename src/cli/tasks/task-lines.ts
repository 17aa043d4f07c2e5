import { messageOf } from '../../base/errors.ts';
import { usageError } from '../usage-error.ts';

/** Tasks of one request, and where they stood in the file. */
export interface LineBatch {
  readonly tasks: readonly Readonly<Record<string, unknown>>[];
  readonly lineFirst: number;
  readonly lineLast: number;
  /** Bytes of the file up to and including the batch. */
  readonly bytesRead: number;
}

export interface BatchBounds {
  readonly tasksMax: number;
  readonly bytesMax: number;
}

/**
 * Groups JSON lines into batches; empty lines are skipped. Holds one batch in memory.
 *
 * @param defaults - fields of every task that does not have them itself
 * @throws OrchestratorError `FILE_INVALID`, which names the line
 */
export async function* taskBatches(
  lines: AsyncIterable<string>,
  defaults: Readonly<Record<string, unknown>>,
  bounds: BatchBounds,
): AsyncGenerator<LineBatch> {
  let tasks: Readonly<Record<string, unknown>>[] = [];
  let [lineFirst, line, batchBytes, bytesRead] = [1, 0, 0, 0];
  for await (const text of lines) {
    line += 1;
    const bytes = Buffer.byteLength(text) + 1;
    const isFull = tasks.length === bounds.tasksMax || batchBytes + bytes > bounds.bytesMax;
    if (tasks.length > 0 && isFull) {
      yield { tasks, lineFirst, lineLast: line - 1, bytesRead };
      [tasks, lineFirst, batchBytes] = [[], line, 0];
    }
    bytesRead += bytes;
    if (text.trim() === '') continue;
    batchBytes += bytes;
    tasks.push({ ...defaults, ...readTask(text, line) });
  }
  if (tasks.length > 0) yield { tasks, lineFirst, lineLast: line, bytesRead };
}

function readTask(text: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError('FILE_INVALID', `line ${line} must be JSON, got: ${messageOf(error)}`, null, {
      cause: error,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw usageError(
    'FILE_INVALID',
    `line ${line} must be a task as a JSON object, got ${text.slice(0, 80)}`,
  );
}
