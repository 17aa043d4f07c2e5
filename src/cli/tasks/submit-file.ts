/** Submits a file of tasks, one JSON object a line, in batches. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isOrchestratorError, messageOf, OrchestratorError } from '../../base/errors.ts';
import type { TaskView } from '../../contract/index.ts';
import { showSpan } from '../output/moment.ts';
import type { Output } from '../output/output.ts';
import { Progress } from '../output/progress.ts';
import type { ServerApi } from '../server-api.ts';
import { usageError } from '../usage-error.ts';
import { taskBatches, type LineBatch } from './task-lines.ts';

export interface FileSubmission {
  /** Path, or `-` for standard input. */
  readonly file: string;
  readonly stdin: Readable;
  /** Fields of every task that does not have them itself. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** Half of what the server takes in one request by default. */
const BOUNDS = { tasksMax: 1000, bytesMax: 8 * 1024 * 1024 } as const;
/** Tries of a batch while the server has too much to do, and the wait between two, in milliseconds. */
const TRIES_MAX = 60;
const RETRY_MS = 500;

export async function submitFile(
  submission: FileSubmission,
  api: ServerApi,
  output: Output,
): Promise<void> {
  const { lines, sizeBytes } = await openLines(submission);
  const progress = new Progress(output, 'tasks');
  let count = 0;
  let batches = 0;
  try {
    for await (const batch of taskBatches(lines, submission.defaults, BOUNDS)) {
      const tasks = await submitBatch(api, batch);
      if (output.format === 'jsonl') await showTaken(output, tasks);
      count += tasks.length;
      batches += 1;
      progress.update({ count, fraction: sizeBytes === null ? null : batch.bytesRead / sizeBytes });
    }
  } catch (error) {
    progress.end();
    output.message(
      `${count.toLocaleString('en')} tasks of the lines before were submitted and stay`,
    );
    throw error;
  }
  report(output, { submitted: count, batches, durationMs: Math.round(progress.end()) });
}

async function showTaken(output: Output, tasks: readonly TaskView[]): Promise<void> {
  for (const task of tasks) await output.lineInTurn(JSON.stringify(task));
}

function report(
  output: Output,
  summary: { submitted: number; batches: number; durationMs: number },
): void {
  const { batches, durationMs, submitted } = summary;
  if (output.format === 'jsonl') return;
  output.object(summary, [
    ['submitted', submitted],
    ['batches', batches],
    ['took', showSpan(durationMs)],
    ['rate', `${Math.round((submitted * 1000) / Math.max(1, durationMs))}/s`],
  ]);
}

async function openLines({
  file,
  stdin,
}: FileSubmission): Promise<{ lines: AsyncIterable<string>; sizeBytes: number | null }> {
  if (file === '-') return { lines: createInterface({ input: stdin }), sizeBytes: null };
  try {
    const { size } = await stat(file);
    const input = createReadStream(file);
    const lines = createInterface({ input });
    return { lines: withErrors(lines, input), sizeBytes: Math.max(1, size) };
  } catch (error) {
    throw unreadable(error);
  }
}

/** Lines of a file; readline alone would end without a word where reading fails. */
async function* withErrors(lines: AsyncIterable<string>, input: Readable): AsyncGenerator<string> {
  let failure: unknown = null;
  input.on('error', (error) => {
    failure = error;
  });
  yield* lines;
  if (failure !== null) throw unreadable(failure);
}

function unreadable(error: unknown): Error {
  const message = `the file of the tasks must be readable, got: ${messageOf(error)}`;
  return usageError('FILE_INVALID', message, null, { cause: error });
}

async function submitBatch(api: ServerApi, batch: LineBatch): Promise<readonly TaskView[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { tasks } = await api.post<{ tasks: readonly TaskView[] }>('/tasks', {
        tasks: batch.tasks,
      });
      return tasks;
    } catch (error) {
      // All or nothing was taken: asking again cannot make a task twice.
      if (!isOrchestratorError(error) || error.code !== 'OVERLOADED' || attempt === TRIES_MAX) {
        throw withLines(error, batch);
      }
    }
    await delay(RETRY_MS);
  }
}

/** Says of which lines a refusal is. */
function withLines(error: unknown, { lineFirst, lineLast }: LineBatch): unknown {
  if (!isOrchestratorError(error)) return error;
  const message = `lines ${lineFirst} to ${lineLast}, none of them taken: ${error.message}`;
  return new OrchestratorError(error.code, message, error.details, { cause: error });
}
