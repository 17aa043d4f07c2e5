import { isOrchestratorError } from '../base/errors.ts';
import type { Problem } from '../contract/index.ts';
import { errorRow, hasErrorRow } from './error-status.ts';

/** Every error answer has this type. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** An error as it is answered. */
export interface ProblemAnswer {
  readonly problem: Problem;
  readonly retryAfterSeconds: number | null;
  /** True when the cause must go to the log, because the answer does not tell it. */
  readonly isFailure: boolean;
}

/** What fastify's own errors are called here. */
const FRAMEWORK_CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Turns anything that was thrown into its answer. Failures of this server never tell their cause. */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const { code, detail } = factsOf(error);
  const { status, title, retryAfterSeconds } = errorRow(code);
  const isFailure = status === 500;
  const details = isOrchestratorError(error) ? error.details : {};
  const { at, floor, level, path, retryAfterMs } = details;
  const problem = {
    type: 'about:blank',
    title,
    status,
    code: hasErrorRow(code) ? code : 'INTERNAL',
    detail: isFailure ? `the log has more under request ${requestId}` : detail,
    ...(typeof path === 'string' ? { path } : {}),
    ...(typeof at === 'number' ? { at } : {}),
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    ...(typeof level === 'string' ? { level } : {}),
    ...(typeof floor === 'number' ? { floor } : {}),
  };
  const wait = typeof retryAfterMs === 'number' ? Math.ceil(retryAfterMs / 1000) : null;
  return { problem, retryAfterSeconds: wait ?? retryAfterSeconds ?? null, isFailure };
}

function factsOf(error: unknown): { readonly code: string; readonly detail: string } {
  if (isOrchestratorError(error)) return { code: error.code, detail: error.message };
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') {
    return { code: 'INTERNAL', detail: '' };
  }
  const status = 'statusCode' in error ? error.statusCode : undefined;
  const known = FRAMEWORK_CODES[error.code];
  const isRequestFault = typeof status === 'number' && status >= 400 && status < 500;
  const code = known ?? (isRequestFault ? 'INVALID_REQUEST' : 'INTERNAL');
  return { code, detail: error.message };
}
