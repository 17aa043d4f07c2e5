import { OrchestratorError } from '../base/errors.ts';
import type { OutputItem } from '../contract/index.ts';
import type { ClientEvent, HttpApi } from './http-api.ts';

/** Where a reader of output begins, and how it stops. */
export interface OutputOptions {
  /** That of the last chunk seen; from the first chunk without one. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
}

/** Delay before a lost stream is asked for again, in milliseconds. */
const RESUME_MS = 500;

/**
 * What a task hands out, from `cursor` to its end, each chunk once and in order: over lost connections
 * and restarts of the server it goes on after the last chunk it gave.
 *
 * @throws OrchestratorError `TASK_NOT_FOUND`, `CURSOR_INVALID`, `CURSOR_OTHER_TASK`, `OUTPUT_EXPIRED`
 */
export async function* followOutput(
  http: HttpApi,
  taskId: string,
  { cursor, signal }: OutputOptions = {},
): AsyncGenerator<OutputItem> {
  const path = `/tasks/${encodeURIComponent(taskId)}/output`;
  let last = cursor ?? null;
  const end = { isReached: false };
  for (;;) {
    try {
      for await (const item of untilDone(http.stream(path, last, signal), end)) {
        last = item.cursor;
        yield item;
      }
      if (end.isReached) return;
    } catch (error) {
      if (signal?.aborted === true) return;
      if (error instanceof OrchestratorError && !PASSING_CODES.has(error.code)) throw error;
    }
    if (signal?.aborted === true) return;
    await new Promise((resolve) => setTimeout(resolve, RESUME_MS));
  }
}

/** The chunks of one stream; notes when it says that there are no more. */
async function* untilDone(
  stream: AsyncIterable<ClientEvent>,
  end: { isReached: boolean },
): AsyncGenerator<OutputItem> {
  for await (const { data, type } of stream) {
    if (type === 'output') yield data as unknown as OutputItem;
    else if (type === 'done') end.isReached = true;
  }
}

/** Errors of a server that is away, or is just stopping. */
const PASSING_CODES = new Set(['SERVER_UNREACHABLE', 'STOPPED', 'STREAM_LIMIT', 'OVERLOADED']);
