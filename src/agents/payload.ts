/** Reading of untrusted payloads: every fault names its path, what must hold and what was got. */
import { OrchestratorError } from '../base/errors.ts';

/** Largest magnitude of a number taken as one: its square times a million still is finite. */
export const NUMBER_MAGNITUDE_MAX = 1e150;

/** A payload's object, of which nothing is known yet. */
export type PayloadObject = Readonly<Record<string, unknown>>;

/** A payload that breaks a rule, code `INVALID_PAYLOAD`. Another attempt would end the same. */
export class InvalidPayloadError extends OrchestratorError {
  override readonly name = 'InvalidPayloadError';
  readonly retryable = false;

  constructor(path: string, mustHold: string, got: string) {
    super('INVALID_PAYLOAD', `${path} ${mustHold}, got ${got}`, { path });
  }
}

/** A value in a few words, never longer than 60 characters of its own text. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return JSON.stringify(shorten(value, 60));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The text, cut to `lengthMax` characters with an ellipsis where it was longer. */
export function shorten(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}

/** A plain object with no keys but `known`. */
export function readObject(value: unknown, path: string, known: readonly string[]): PayloadObject {
  if (!isPlainObject(value)) {
    throw new InvalidPayloadError(path, 'must be an object', describeValue(value));
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      const got = describeValue(key);
      throw new InvalidPayloadError(path, `must have no field but ${known.join(', ')}`, got);
    }
  }
  return value;
}

/** True for an object that is neither null nor an array. */
export function isPlainObject(value: unknown): value is PayloadObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An array of `min` to `max` elements. */
export function readArray(
  value: unknown,
  path: string,
  { min, max }: { readonly min: number; readonly max: number },
): readonly unknown[] {
  if (!Array.isArray(value) || value.length < min || max < value.length) {
    throw new InvalidPayloadError(
      path,
      `must be an array of ${min} to ${max} elements`,
      describeValue(value),
    );
  }
  return value;
}

/** An integer of `min` to `max`. */
export function readInteger(
  value: unknown,
  path: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || max < value) {
    throw new InvalidPayloadError(
      path,
      `must be an integer of ${min} to ${max}`,
      describeValue(value),
    );
  }
  return value;
}

/** `read` of a value that may be absent; absent means undefined, not null. */
export function readOptional<Value>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => Value,
): Value | undefined {
  return value === undefined ? undefined : read(value, path);
}
