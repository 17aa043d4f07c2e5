/** Values of a parsed JSON document, each with the path by which a message can name it. */
import { OrchestratorError } from '../../../base/errors.ts';

export interface JsonPlace {
  readonly value: unknown;
  /** Like `noise.gates[2].channel`. */
  readonly path: string;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** @throws OrchestratorError QUANTUM_NOISE_INVALID always */
export function mustBe(place: JsonPlace, what: string): never {
  throw new OrchestratorError(
    'QUANTUM_NOISE_INVALID',
    `${place.path} must be ${what}, got ${shown(place.value)}`,
    { path: place.path },
  );
}

/** The fields of an object that has no others than those named. */
export function fieldsOf(
  place: JsonPlace,
  names: readonly string[],
): (name: string) => JsonPlace | null {
  const { value, path } = place;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    mustBe(place, 'an object');
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) {
      mustBe({ value: name, path: `every field of ${path}` }, `one of ${names.join(', ')}`);
    }
  }
  const fields = value as Readonly<Record<string, unknown>>;
  return (name) =>
    Object.hasOwn(fields, name) ? { value: fields[name], path: `${path}.${name}` } : null;
}

/** A field that must be there. */
export function required(
  fields: (name: string) => JsonPlace | null,
  name: string,
  of: JsonPlace,
): JsonPlace {
  return fields(name) ?? mustBe(of, `an object with the field ${name}`);
}

export function itemsOf(place: JsonPlace): readonly JsonPlace[] {
  const { value, path } = place;
  if (!Array.isArray(value)) mustBe(place, 'a list');
  return (value as readonly unknown[]).map((item, i) => ({ value: item, path: `${path}[${i}]` }));
}

export function numberIn(place: JsonPlace, min: number, max: number): number {
  const { value } = place;
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    mustBe(
      place,
      max === Infinity ? `a number of at least ${min}` : `a number of ${min} to ${max}`,
    );
  }
  return value;
}

/** A qubit's number. */
export function qubitOf(place: JsonPlace): number {
  const { value } = place;
  if (!Number.isSafeInteger(value) || (value as number) < 0) mustBe(place, 'a qubit, 0 or more');
  return value as number;
}
