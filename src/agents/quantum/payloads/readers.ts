/** Readers of values that payloads of the quantum agent have in common. */
import { describeValue, InvalidPayloadError, readInteger } from '../../payload.ts';

/** One of these texts. */
export function readChoice<Choice extends string>(
  value: unknown,
  path: string,
  choices: readonly Choice[],
): Choice {
  if (choices.includes(value as Choice)) return value as Choice;
  throw new InvalidPayloadError(path, `must be one of ${choices.join(', ')}`, describeValue(value));
}

/** A text of 1 to `lengthMax` UTF-16 units. */
export function readText(value: unknown, path: string, lengthMax: number): string {
  if (typeof value === 'string' && value !== '' && value.length <= lengthMax) return value;
  const got = typeof value === 'string' ? `${value.length} characters` : describeValue(value);
  throw new InvalidPayloadError(path, `must be a text of 1 to ${lengthMax} characters`, got);
}

/** A finite number of `min` to `max`. */
export function readNumber(
  value: unknown,
  path: string,
  { min = -Infinity, max = Infinity }: { readonly min?: number; readonly max?: number } = {},
): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) {
    return value;
  }
  const bounds = min === -Infinity && max === Infinity ? '' : ` of ${min} to ${max}`;
  throw new InvalidPayloadError(path, `must be a finite number${bounds}`, describeValue(value));
}

export function readBoolean(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new InvalidPayloadError(path, 'must be true or false', describeValue(value));
}

/** An array of at most `lengthMax` elements, each as `read` has it. */
export function readList<Element>(
  value: unknown,
  path: string,
  lengthMax: number,
  read: (element: unknown, path: string) => Element,
): readonly Element[] {
  if (!Array.isArray(value) || value.length > lengthMax) {
    const must = `must be an array of at most ${lengthMax} elements`;
    throw new InvalidPayloadError(path, must, describeValue(value));
  }
  return value.map((element: unknown, k) => read(element, `${path}[${k}]`));
}

/** An array of finite numbers, as doubles. */
export function readNumbers(value: unknown, path: string, lengthMax: number): Float64Array {
  if (!Array.isArray(value) || value.length > lengthMax) {
    const must = `must be an array of at most ${lengthMax} numbers`;
    throw new InvalidPayloadError(path, must, describeValue(value));
  }
  const numbers = new Float64Array(value.length);
  for (let k = 0; k < value.length; k++) numbers[k] = readNumber(value[k], `${path}[${k}]`);
  return numbers;
}

/** Numbers of qubits; whether the state has them is seen later. */
export function readQubits(value: unknown, path: string): readonly number[] {
  return readList(value, path, 1000, (element, at) =>
    readInteger(element, at, { min: 0, max: 1_000_000 }),
  );
}
