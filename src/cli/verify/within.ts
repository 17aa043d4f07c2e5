import { OrchestratorError } from '../../base/errors.ts';

/** The value, unless it takes longer than `ms`. @throws OrchestratorError `TOO_SLOW` */
export async function within<Value>(
  ms: number,
  what: string,
  value: Promise<Value>,
): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new OrchestratorError('TOO_SLOW', `${what} must take at most ${ms} ms`));
  }, ms);
  try {
    return await Promise.race([value, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
