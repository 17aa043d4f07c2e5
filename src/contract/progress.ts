import { OrchestratorError } from '../base/errors.ts';
import { findJsonFault } from './json.ts';

/** Longest chunk of output, in UTF-16 units of its JSON text. */
export const CHUNK_MAX = 1_048_576;

/** Longest details of a heartbeat, in UTF-16 units of their JSON text. */
export const DETAILS_MAX = 65_536;

/** Longest note of a progress, in UTF-16 units. */
const NOTE_MAX = 1_000;

/** What a handler says of its progress, made fit to be sent: a handler's slip must not end its connection. */
export function progressFacts(
  fraction: unknown,
  note: unknown,
): { readonly fraction: number | null; readonly note: string | null } {
  const share = typeof fraction === 'number' ? fraction : Number.NaN;
  return {
    fraction: Number.isNaN(share) ? null : Math.min(1, Math.max(0, share)),
    note: typeof note === 'string' ? note.slice(0, NOTE_MAX) : null,
  };
}

/**
 * The JSON text of a chunk of output.
 *
 * @throws OrchestratorError `CHUNK_INVALID` for what JSON cannot carry, is too long or too deep
 */
export function chunkText(chunk: unknown): string {
  const text = boundedText(chunk, { code: 'CHUNK_INVALID', what: 'a chunk', max: CHUNK_MAX });
  checkShape(text, 'CHUNK_INVALID', '/chunk');
  return text;
}

/**
 * The JSON text of a heartbeat's details.
 *
 * @throws OrchestratorError `DETAILS_INVALID` for what JSON cannot carry, is too long or too deep
 */
export function detailsText(details: unknown): string {
  const what = 'details of a heartbeat';
  const text = boundedText(details, { code: 'DETAILS_INVALID', what, max: DETAILS_MAX });
  checkShape(text, 'DETAILS_INVALID', '/details');
  return text;
}

/** Of the text, not of the value: what JSON makes of a value may be of another shape. */
function checkShape(text: string, code: string, root: string): void {
  const fault = findJsonFault(JSON.parse(text));
  if (fault === null) return;
  const path = `${root}${fault.path}`;
  throw new OrchestratorError(code, `${path} ${fault.message}`, { path });
}

/** The JSON text of a value that must be JSON of at most `max` UTF-16 units; throws with `code` otherwise. */
export function boundedText(
  value: unknown,
  { code, max, what }: { readonly code: string; readonly what: string; readonly max: number },
): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined && text.length <= max) return text;
  const got = text === undefined ? typeof value : `${text.length} characters`;
  throw new OrchestratorError(
    code,
    `${what} must be JSON of at most ${max} characters, got ${got}`,
    {},
    { cause },
  );
}
