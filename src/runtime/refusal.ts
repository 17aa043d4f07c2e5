import { OrchestratorError } from '../base/errors.ts';
import type { CommandResult, Rejection } from '../core/index.ts';

/** A refusal of core as an error with the same code, for callers who asked for one thing. */
export function refusalError(rejection: Rejection): OrchestratorError {
  return new OrchestratorError(rejection.code, rejection.message, rejection.details);
}

/** Throws what core refused of a command about one thing. */
export function throwIfRefused(result: CommandResult): void {
  if (result.type === 'refused') throw refusalError(result.rejection);
  const first = result.type === 'taken' ? result.refused?.get(0) : undefined;
  if (first !== undefined) throw refusalError(first);
}
