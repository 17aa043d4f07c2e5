/** Checks of what peers put into frames. */
import {
  findJsonFault,
  InvalidRequestError,
  isName,
  type FailureTuple,
  type JsonFault,
} from '../../contract/index.ts';

/** Items in one frame, at most. */
export const FRAME_ITEMS_MAX = 20_000;

export function arrayAt(
  value: unknown,
  path: string,
  lengthMax: number = FRAME_ITEMS_MAX,
): readonly unknown[] {
  if (!Array.isArray(value)) throw new InvalidRequestError(path, 'must be an array');
  if (value.length > lengthMax) {
    throw new InvalidRequestError(
      path,
      `must have at most ${lengthMax} items, got ${value.length}`,
    );
  }
  return value as unknown[];
}

export function stringsAt(value: unknown, path: string): readonly string[] {
  const array = arrayAt(value, path);
  for (let i = 0; i < array.length; i++) {
    if (typeof array[i] !== 'string')
      throw new InvalidRequestError(`${path}/${i}`, 'must be a string');
  }
  return array as readonly string[];
}

/** Whole numbers in 0..`max`, as many as `length`. */
export function integersAt(
  value: unknown,
  path: string,
  bounds: { length: number; max: number },
): readonly number[] {
  const array = arrayAt(value, path);
  if (array.length !== bounds.length) {
    throw new InvalidRequestError(path, `must have ${bounds.length} items, got ${array.length}`);
  }
  for (let i = 0; i < array.length; i++) {
    const item = array[i];
    if (!(Number.isInteger(item) && 0 <= (item as number) && (item as number) <= bounds.max)) {
      throw new InvalidRequestError(`${path}/${i}`, `must be a whole number in 0..${bounds.max}`);
    }
  }
  return array as readonly number[];
}

export function integerAt(
  value: unknown,
  path: string,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && 0 <= (value as number) && (value as number) <= max)
    return value as number;
  throw new InvalidRequestError(path, `must be a whole number in 0..${max}`);
}

export function stringAt(value: unknown, path: string, lengthMax: number): string {
  if (typeof value !== 'string' || value.length > lengthMax) {
    throw new InvalidRequestError(path, `must be a string of at most ${lengthMax} characters`);
  }
  return value;
}

/** Checks that texts are JSON of a sane shape and size, so that whoever reads them later can. */
export function checkJsonTexts(texts: readonly string[], path: string, bytesMax: number): void {
  for (let i = 0; i < texts.length; i++) {
    const fault = findTextFault(texts[i] as string, bytesMax);
    if (fault !== null) throw new InvalidRequestError(`${path}/${i}${fault.path}`, fault.message);
  }
}

export interface TextFault extends JsonFault {
  /** What the fault makes of a result. */
  readonly code: 'RESULT_TOO_LARGE' | 'RESULT_NOT_SERIALISABLE';
}

/** What is wrong with a JSON text, or null. */
export function findTextFault(text: string, bytesMax: number): TextFault | null {
  // UTF-8 takes at most three bytes for each UTF-16 unit: most texts need no closer look.
  const bytes = text.length * 3 <= bytesMax ? 0 : Buffer.byteLength(text);
  if (bytes > bytesMax) {
    const message = `must be at most ${bytesMax} bytes of JSON, got ${bytes}`;
    return { code: 'RESULT_TOO_LARGE', path: '', message };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What JSON.parse says is about its own grammar; the place is what helps.
    return { code: 'RESULT_NOT_SERIALISABLE', path: '', message: 'must be JSON text' };
  }
  const fault = findJsonFault(value);
  return fault === null ? null : { code: 'RESULT_NOT_SERIALISABLE', ...fault };
}

export function failuresAt(value: unknown, path: string): readonly FailureTuple[] {
  const array = arrayAt(value, path);
  for (const [i, item] of array.entries()) {
    const at = `${path}/${i}`;
    if (!Array.isArray(item)) throw new InvalidRequestError(at, 'must be an array');
    const [taskId, token, code, message, retryable, retryAfterMs, critique, downstream] =
      item as unknown[];
    stringAt(taskId, `${at}/0`, 64);
    integerAt(token, `${at}/1`);
    stringAt(code, `${at}/2`, 100);
    stringAt(message, `${at}/3`, 1_000_000);
    if (typeof retryable !== 'boolean')
      throw new InvalidRequestError(`${at}/4`, 'must be true or false');
    integerAt(retryAfterMs, `${at}/5`, 2_592_000_000);
    if (critique != null) stringAt(critique, `${at}/6`, 65_536);
    if (downstream != null && !isName(stringAt(downstream, `${at}/7`, 200)))
      throw new InvalidRequestError(`${at}/7`, 'must be a name');
  }
  return array as readonly FailureTuple[];
}
