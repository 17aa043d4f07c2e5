import { isOrchestratorError, OrchestratorError } from '../../base/errors.ts';

/** @throws OrchestratorError `CHECK_FAILED`: what must hold, then what was got */
export function expect(isTrue: boolean, rule: string, got?: unknown): asserts isTrue {
  if (isTrue) return;
  const shown = got === undefined ? '' : `, got ${JSON.stringify(got)}`;
  throw new OrchestratorError('CHECK_FAILED', `${rule}${shown}`);
}

/** The error that the call must end with. */
export async function expectRefusal(
  call: Promise<unknown>,
  code: string,
  status: number,
): Promise<OrchestratorError> {
  const answer = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in answer)) expect(false, `the call must be refused with ${code}`, answer.value);
  const { error } = answer;
  if (!isOrchestratorError(error)) throw error;
  const got = { code: error.code, status: error.details['status'] ?? null };
  expect(got.code === code && got.status === status, `the refusal must be ${status} ${code}`, got);
  return error;
}
