/** Schemas that answers must meet: they come from handlers, so they are read and never compiled. */
import { Check, Errors } from 'typebox/schema';
import { OrchestratorError } from '../base/errors.ts';
import { describeFault } from './check.ts';
import { findJsonFault, type JsonFault } from './json.ts';

type Schema = Readonly<Record<string, unknown>>;
type Rule = (value: unknown) => string | null;

const TYPES = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string']);

const isNatural = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
const must =
  (holds: (value: unknown) => boolean, what: string): Rule =>
  (value) =>
    holds(value) ? null : `must be ${what}`;

const NATURAL = must(isNatural, 'a whole number from 0 on');
const NUMBER = must((value) => typeof value === 'number', 'a number');

/** What stands under a keyword, where it is no schema itself. */
const RULES: Readonly<Record<string, Rule>> = {
  type: must(
    (value) => [value].flat().every((name) => TYPES.has(name as string)),
    `of ${[...TYPES].join(', ')}`,
  ),
  enum: must(Array.isArray, 'a list'),
  required: must(isTexts, 'a list of texts'),
  dependentRequired: must(
    (value) => isObject(value) && Object.values(value).every(isTexts),
    'lists of texts',
  ),
  pattern: must(isPattern, 'a regular expression'),
  format: must((value) => typeof value === 'string', 'a text'),
  minimum: NUMBER,
  maximum: NUMBER,
  exclusiveMinimum: NUMBER,
  exclusiveMaximum: NUMBER,
  multipleOf: must((value) => typeof value === 'number' && value > 0, 'a number above 0'),
  minLength: NATURAL,
  maxLength: NATURAL,
  minItems: NATURAL,
  maxItems: NATURAL,
  minContains: NATURAL,
  maxContains: NATURAL,
  minProperties: NATURAL,
  maxProperties: NATURAL,
  uniqueItems: must((value) => typeof value === 'boolean', 'true or false'),
};

const ONE = new Set([
  'additionalItems',
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
const LISTS = new Set(['allOf', 'anyOf', 'items', 'oneOf', 'prefixItems']);
const MAPS = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** Finds the first place where a value is no JSON Schema that answers can be held against, or null. */
export function findSchemaFault(schema: unknown): JsonFault | null {
  const shape = findJsonFault(schema);
  if (shape !== null) return shape;
  const open: { readonly schema: unknown; readonly path: string }[] = [{ schema, path: '' }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { path } = place;
    if (typeof place.schema === 'boolean') continue;
    if (!isObject(place.schema)) return { path, message: 'must be a schema' };
    for (const [keyword, value] of Object.entries(place.schema)) {
      const at = `${path}/${keyword}`;
      const message = faultOf(keyword, value, schema);
      if (message !== null) return { path: at, message };
      for (const [name, inner] of innerSchemas(keyword, value))
        open.push({ schema: inner, path: `${at}${name}` });
    }
  }
  return endlessFault(schema);
}

/**
 * Holds an answer against a schema that {@link findSchemaFault} found nothing in.
 *
 * @throws OrchestratorError `INPUT_INVALID` with the path of what is wrong
 */
export function checkAnswer(schema: unknown, answer: unknown): void {
  let errors: Parameters<typeof describeFault>[0];
  try {
    if (Check(schema as Schema, answer)) return;
    [, errors] = Errors(schema as Schema, answer);
  } catch (error) {
    throw new OrchestratorError(
      'INPUT_INVALID',
      '/answer must be of a shape that the schema of the question can be held against',
      { path: '/answer' },
      { cause: error },
    );
  }
  const fault = describeFault(errors, '/answer');
  throw new OrchestratorError('INPUT_INVALID', fault.message, fault.details);
}

function faultOf(keyword: string, value: unknown, root: unknown): string | null {
  if (keyword === '$ref') return isWithin(root, value) ? null : 'must point into this schema';
  // Names of the validator's own, which JSON has no values for.
  if (keyword.startsWith('~') || keyword === '$dynamicRef' || keyword === '$recursiveRef')
    return 'is not supported';
  if (keyword === 'patternProperties' && isObject(value) && !Object.keys(value).every(isPattern))
    return 'must have regular expressions for names';
  const isSchemas = ONE.has(keyword) || LISTS.has(keyword) || MAPS.has(keyword);
  if (isSchemas && innerSchemas(keyword, value) === NONE) return 'must be made of schemas';
  return Object.hasOwn(RULES, keyword) ? ((RULES[keyword] as Rule)(value) ?? null) : null;
}

const NONE: readonly [string, unknown][] = [];

/** The schemas under a keyword with their names as paths; `NONE` where there should be some and are not. */
function innerSchemas(keyword: string, value: unknown): readonly [string, unknown][] {
  if (LISTS.has(keyword) && Array.isArray(value)) return value.map((inner, i) => [`/${i}`, inner]);
  if (MAPS.has(keyword) && isObject(value))
    return Object.entries(value).map(([name, inner]) => [`/${name}`, inner]);
  if (ONE.has(keyword) && !Array.isArray(value)) return [['', value]];
  return NONE;
}

/** A schema that refers to itself without getting any further would never be done. */
function endlessFault(schema: unknown): JsonFault | null {
  try {
    Check(schema as Schema, null);
    return null;
  } catch {
    return { path: '', message: 'must not refer to itself without end' };
  }
}

function isPattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp;
  } catch {
    // What the engine says of it is about its own grammar; the place is what helps.
    return false;
  }
}

/** Whether a reference is a JSON Pointer to something in `root`. */
function isWithin(root: unknown, reference: unknown): boolean {
  if (reference === '#') return true;
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return false;
  let value: unknown = root;
  for (const part of reference.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false;
    value = (value as Record<string, unknown>)[name];
  }
  return isObject(value) || typeof value === 'boolean';
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
