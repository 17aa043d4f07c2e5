import { OrchestratorError } from '../base/errors.ts';

/** Longest chunk of output, in UTF-16 units of its JSON text. */
export const CHUNK_MAX = 65_536;

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
 * @throws OrchestratorError `CHUNK_INVALID` for what JSON cannot carry or is too long
 */
export function chunkText(chunk: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(chunk);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined && text.length <= CHUNK_MAX) return text;
  const got = text === undefined ? typeof chunk : `${text.length} characters`;
  throw new OrchestratorError(
    'CHUNK_INVALID',
    `a chunk must be JSON of at most ${CHUNK_MAX} characters, got ${got}`,
    {},
    { cause },
  );
}
