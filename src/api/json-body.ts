import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { messageOf, OrchestratorError } from '../base/errors.ts';
import { checkJson, InvalidRequestError } from '../contract/index.ts';
import type { Clock } from '../runtime/index.ts';
import { readLargeJson } from './large-json.ts';

/**
 * Reads a request's bytes as JSON; undefined when there are none. O(bytes).
 *
 * @throws InvalidRequestError for bytes that are not UTF-8, text that is not JSON, and values that are
 *   too deep, too wide or have `__proto__` for a key
 */
export function readJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const value = parse(decode(bytes));
  if (typeof value !== 'object' || value === null) {
    throw new InvalidRequestError('', 'must be a JSON object');
  }
  checkJson(value);
  return value;
}

/**
 * Reads a request to its end.
 *
 * @throws OrchestratorError `BODY_TOO_LARGE`
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): OrchestratorError {
  const message = `a request must have at most ${bytesMax} bytes`;
  return new OrchestratorError('BODY_TOO_LARGE', message, { bytesMax });
}

/** Bodies longer than this are worth reading in slices. */
export const LARGE_BYTES: number = 256 * 1024;

/** As {@link readJsonBody}; a long list of tasks is read with turns for others in between. */
export async function readJsonBodyInSlices(
  bytes: Buffer,
  clock: Pick<Clock, 'monotonicMs'>,
): Promise<unknown> {
  return (await readLargeJson(decode(bytes), clock)) ?? readJsonBody(bytes);
}

/** Refuses compressed bodies: what they grow to could not be bounded before it is done. */
export function checkContentEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === 'identity') return;
  throw new OrchestratorError(
    'UNSUPPORTED_MEDIA_TYPE',
    `a request must not be compressed, got content-encoding ${encoding}`,
  );
}

function decode(bytes: Buffer): string {
  // Most requests are ASCII, which this reads several times faster.
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) throw new InvalidRequestError('', 'must be UTF-8');
  return bytes.toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InvalidRequestError('', `must be JSON: ${messageOf(error)}`);
  }
}
