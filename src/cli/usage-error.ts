import { OrchestratorError } from '../base/errors.ts';

/** A mistake in how the command line was called or configured; exits with the code for usage. */
export class UsageError extends OrchestratorError {
  override readonly name = 'UsageError';
  /** What to do about it, or null where the message says it all. */
  readonly hint: string | null;

  constructor(code: string, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(code, message, {}, options);
    this.hint = hint;
  }
}

export function usageError(
  code: string,
  message: string,
  hint: string | null = null,
  options?: ErrorOptions,
): UsageError {
  return new UsageError(code, message, hint, options);
}
