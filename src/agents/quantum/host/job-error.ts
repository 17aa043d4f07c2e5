import { OrchestratorError, type ErrorDetails } from '../../../base/errors.ts';
import type { JobFault } from './job-protocol.ts';

/** Codes after which another attempt may end otherwise: what failed was the surroundings. */
const TRANSIENT = new Set([
  'QUANTUM_THREAD_LOST',
  'QUANTUM_TEAM_LOST',
  'QUANTUM_HOST_BUSY',
  'QUANTUM_HOST_CLOSED',
]);

/** A job that failed; `retryable` says whether another attempt could end otherwise. */
export class QuantumJobError extends OrchestratorError {
  override readonly name = 'QuantumJobError';
  readonly retryable: boolean;

  constructor(code: string, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(code, message, details, options);
    this.retryable = TRANSIENT.has(code);
  }
}

/** The error of a thread, with what it threw as its cause. */
export function jobError({ code, details, message, stack }: JobFault): QuantumJobError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new QuantumJobError(code, message, details, { cause });
}
