/** Whether a value of metadata fits: numbers and texts by what they say, lists by any of their items. */
import { textTest } from './match-text.ts';
import type { QueryTerm, QueryValue } from './query-ast.ts';
import { plainNumber } from './read-value.ts';

type ValueTest = (value: unknown) => boolean;

/** A test of a task's metadata for a term of the field `metadata`. */
export function metadataTest(
  term: QueryTerm,
): (metadata: Readonly<Record<string, unknown>> | null) => boolean {
  const test = valueTest(term);
  const { path } = term;
  return (metadata) => {
    const value = metadata === null ? undefined : valueAt(metadata, path);
    if (value === undefined) return false;
    return Array.isArray(value) ? value.some(test) : test(value);
  };
}

function valueAt(metadata: object, path: readonly string[]): unknown {
  let value: unknown = metadata;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function valueTest(term: QueryTerm): ValueTest {
  const { operator, values } = term;
  if (operator === '~') {
    const contains = textTest({ operator, values: values.map(asText) });
    return (value) => {
      const text = textOf(value);
      return text !== null && contains(text);
    };
  }
  if (operator !== ':') return orderTest(term);
  if (values.some(({ type }) => type === 'any')) return () => true;
  const numbers = new Set(values.flatMap((value) => (value.type === 'number' ? value.value : [])));
  const texts = values.filter(({ type }) => type !== 'number');
  const equals = textTest({ operator, values: texts });
  return (value) => {
    if (numbers.size > 0) {
      const number = numberOf(value);
      if (number !== null && numbers.has(number)) return true;
    }
    const text = texts.length === 0 ? null : textOf(value);
    return text !== null && equals(text);
  };
}

/** A number is before and after numbers and texts that say one; a text before and after texts. */
function orderTest({ operator, values }: QueryTerm): ValueTest {
  const [wanted] = values as readonly [QueryValue];
  const fits = ORDER_TESTS[operator as keyof typeof ORDER_TESTS];
  if (wanted.type === 'number') {
    return (value) => {
      const number = numberOf(value);
      return number !== null && fits(number - wanted.value);
    };
  }
  const text = wanted.type === 'text' ? wanted.text : '';
  return (value) => typeof value === 'string' && fits(value < text ? -1 : value === text ? 0 : 1);
}

const ORDER_TESTS = {
  '<': (difference: number): boolean => difference < 0,
  '<=': (difference: number): boolean => difference <= 0,
  '>': (difference: number): boolean => difference > 0,
  '>=': (difference: number): boolean => difference >= 0,
} as const;

function asText(value: QueryValue): QueryValue {
  return value.type === 'number' ? { type: 'text', text: String(value.value) } : value;
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? plainNumber(value) : null;
}

/** Null for an object or a list: those are not texts. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? null : String(value);
}
