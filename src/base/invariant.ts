/** A broken assumption of this program: a bug, never a user's mistake. Nothing catches it on purpose. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Throws an {@link InvariantError} unless `condition` holds. Stays on in production.
 *
 * @param message - what must hold and what was got; a function where building it costs something
 */
export function invariant(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === 'string' ? message : message());
}

/** Closes a switch over a union: a forgotten case does not compile. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable value ${JSON.stringify(value)}`);
}
