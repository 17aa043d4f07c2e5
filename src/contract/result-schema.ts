/** What a task asks of its result: the same JSON Schemas, under the same rules, as of answers. */
import { Errors } from 'typebox/schema';
import { budgetedSchema, findSchemaFault } from './answer-schema.ts';
import { InvalidRequestError } from './check.ts';

/** Longest schema of a result, in UTF-16 units of its JSON text. */
export const RESULT_SCHEMA_MAX = 65_536;

/** Longest result that is held against a schema, in UTF-16 units of its JSON text: it holds up everything else. */
export const RESULT_CHECKED_MAX: number = 1024 * 1024;

/** Faults of a result that are told of. */
const FAULTS_MAX = 5;

/** The newest schema that was found good: most submits come with the one before. */
let known = '';

/**
 * The JSON text of a schema that results can be held against.
 *
 * @throws InvalidRequestError for anything else, with the path of what is wrong
 */
export function resultSchemaText(schema: unknown): string {
  const text = (JSON.stringify(schema) as string | undefined) ?? '';
  if (text === known && text !== '') return text;
  if (text.length > RESULT_SCHEMA_MAX) {
    const message = `must have at most ${RESULT_SCHEMA_MAX} characters as JSON, got ${text.length}`;
    throw new InvalidRequestError('/resultSchema', message);
  }
  const fault = findSchemaFault(schema);
  if (fault !== null) throw new InvalidRequestError(`/resultSchema${fault.path}`, fault.message);
  known = text;
  return text;
}

/** What is wrong with a result, one line a fault, the first few of them; null where it meets the schema. */
export function resultFaults(schema: unknown, result: string): string | null {
  if (result.length > RESULT_CHECKED_MAX) {
    return `/result must have at most ${RESULT_CHECKED_MAX} characters as JSON to be held against its schema, got ${result.length}`;
  }
  try {
    const bounded = budgetedSchema(schema) as Readonly<Record<string, unknown>>;
    const [isGood, errors] = Errors(bounded, JSON.parse(result));
    if (isGood) return null;
    const lines = errors.map(({ instancePath, message }) => `/result${instancePath} ${message}`);
    return [...new Set(lines)].slice(0, FAULTS_MAX).join('\n');
  } catch {
    return '/result must be of a shape that its schema can be held against';
  }
}
