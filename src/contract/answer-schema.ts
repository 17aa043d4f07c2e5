/** Schemas that answers must meet: they come from handlers, so they are read and never compiled. */
import { Check, Errors } from 'typebox/schema';
import { isOrchestratorError, OrchestratorError } from '../base/errors.ts';
import { describeFault } from './check.ts';
import { findJsonFault, type JsonFault } from './json.ts';
import { BoundedPattern, PatternBudget } from './pattern/bounded-pattern.ts';
import { costOfPattern, PATTERNS_WEIGHT_MAX } from './pattern/pattern-cost.ts';

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
  pattern: (value) => patternFault(value),
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
  for (const { inner, path } of places(schema)) {
    if (typeof inner === 'boolean') continue;
    if (!isObject(inner)) return { path, message: 'must be a schema' };
    for (const [keyword, value] of Object.entries(inner)) {
      // Elsewhere it would change what references of other schemas mean.
      const isMoved = keyword === '$id' && path !== '';
      const message = isMoved ? 'is supported at the root only' : faultOf(keyword, value, schema);
      if (message !== null) return { path: `${path}/${keyword}`, message };
    }
  }
  return namesFault(schema) ?? endlessFault(schema);
}

interface Place {
  readonly inner: unknown;
  readonly path: string;
}

/** Every schema in a schema, each once: also what only a reference makes one. Faults are the caller's to find. */
function* places(root: unknown): Generator<Place> {
  const open: Place[] = [{ inner: root, path: '' }];
  const seen = new Set<unknown>();
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { inner, path } = place;
    if (isObject(inner) && seen.has(inner)) continue;
    seen.add(inner);
    yield place;
    if (!isObject(inner)) continue;
    for (const [keyword, value] of Object.entries(inner)) {
      const at = `${path}/${keyword}`;
      if (keyword === '$ref') open.push({ inner: targetOf(root, value), path: at });
      for (const [name, next] of innerSchemas(keyword, value))
        open.push({ inner: next, path: `${at}${name}` });
    }
  }
}

/**
 * Patterns of names are held against every name of an object, by the library and not within a budget:
 * together they may be no more than what is little for the longest answer.
 */
function namesFault(schema: unknown): JsonFault | null {
  let weight = 0;
  for (const { inner, path } of places(schema)) {
    const patterns = isObject(inner) ? inner['patternProperties'] : undefined;
    if (!isObject(patterns)) continue;
    const at = `${path}/patternProperties`;
    for (const pattern of Object.keys(patterns)) {
      const cost = costOfPattern(pattern);
      if ('fault' in cost) return { path: at, message: `${cost.fault} in names` };
      if (cost.degree > 1)
        return { path: at, message: 'must begin with ^ and repeat only what ends clearly' };
      weight += cost.weight;
    }
    if (weight > PATTERNS_WEIGHT_MAX)
      return { path: at, message: 'must have fewer or shorter patterns for names' };
  }
  return null;
}

/** A copy whose patterns stop at a budget that they share. */
export function budgetedSchema(schema: unknown): unknown {
  const copy = structuredClone(schema);
  const budget = new PatternBudget();
  for (const { inner } of places(copy)) {
    if (!isObject(inner) || typeof inner['pattern'] !== 'string') continue;
    (inner as Record<string, unknown>)['pattern'] = new BoundedPattern(inner['pattern'], budget);
  }
  return copy;
}

/**
 * Holds an answer against a schema that {@link findSchemaFault} found nothing in.
 *
 * @throws OrchestratorError `INPUT_INVALID` with the path of what is wrong, or where its texts are so
 *   long that the patterns could take too much time
 */
export function checkAnswer(schema: unknown, answer: unknown): void {
  let errors: Parameters<typeof describeFault>[0];
  try {
    const bounded = budgetedSchema(schema) as Schema;
    if (Check(bounded, answer)) return;
    [, errors] = Errors(bounded, answer);
  } catch (error) {
    if (isOrchestratorError(error)) throw error;
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
  if (keyword === '$ref')
    return targetOf(root, value) === undefined ? 'must point into this schema' : null;
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

function patternFault(value: unknown): string | null {
  if (!isPattern(value)) return 'must be a regular expression';
  const cost = costOfPattern(value as string);
  return 'fault' in cost ? cost.fault : null;
}

function isPattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp;
  } catch {
    // What the engine says of it is about its own grammar; the place is what helps.
    return false;
  }
}

/** The schema in `root` that a reference is a JSON Pointer to, or undefined. */
function targetOf(root: unknown, reference: unknown): unknown {
  if (reference === '#') return root;
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return undefined;
  let value: unknown = root;
  for (const part of reference.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return isObject(value) || typeof value === 'boolean' ? value : undefined;
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
