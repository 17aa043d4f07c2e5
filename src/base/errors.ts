/** Facts about an error, for programs and logs. Never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * A failure of the world outside (disk, network, a caller's request), told by a stable `code`.
 *
 * Match on `code`, never on `message`. HTTP statuses and exit codes are tables of `api` and `cli`.
 */
export class OrchestratorError extends Error {
  override readonly name: string = 'OrchestratorError';
  readonly code: string;
  readonly details: ErrorDetails;

  constructor(code: string, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** True for any {@link OrchestratorError}, also one of another copy of this package. */
export function isOrchestratorError(error: unknown): error is OrchestratorError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'details' in error
  );
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
