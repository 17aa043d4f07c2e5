/** Queries as texts again. */
import { formatDuration } from '../../base/duration.ts';
import type { QueryTerm, QueryValue, TaskQueryAst } from './query-ast.ts';
import { plainNumber } from './read-value.ts';

/** Decimals that a number of a query can have. */
const DECIMALS_MAX = 15;
const BARE_NAME = /^[\p{L}\p{N}_/$-]+$/u;
const BARE_VALUE = /^[\p{L}\p{N}_.:@/+#%-]+$/u;
/** What cannot stand in quotes as it is: control characters and halves of characters. */
const SPECIAL = /["\\*]|[\p{Cc}\p{Cs}]/gu;

/**
 * The canonical text of a query: {@link parseQuery} reads the same query back, if the text is not
 * longer than it takes. Equal queries have equal texts.
 */
export function printQuery(query: TaskQueryAst): string {
  switch (query.type) {
    case 'and':
      return query.terms.map((term) => inBrackets(term, term.type === 'or')).join(' ');
    case 'or':
      return query.terms.map((term) => printQuery(term)).join(' or ');
    case 'not':
      return `-${inBrackets(query.term, query.term.type !== 'term')}`;
    default:
      return printTerm(query);
  }
}

function inBrackets(query: TaskQueryAst, isNeeded: boolean): string {
  return isNeeded ? `(${printQuery(query)})` : printQuery(query);
}

function printTerm({ field, operator, path, values }: QueryTerm): string {
  const names = [field, ...path.map((name) => (BARE_NAME.test(name) ? name : quoted(name)))];
  const texts = values.map((value) => printValue(value, field === 'metadata'));
  return `${names.join('.')}${operator}${texts.join(',')}`;
}

function printValue(value: QueryValue, isMetadata: boolean): string {
  switch (value.type) {
    case 'any':
      return '*';
    case 'number':
      return numberText(value.value);
    case 'duration':
      return formatDuration(value.ms);
    case 'relative':
      return relativeText(value.offsetMs);
    case 'moment':
      return momentText(value.fromMs, value.toMs);
    case 'glob': {
      const isBare = value.pieces.every((piece) => piece === '' || BARE_VALUE.test(piece));
      return isBare ? value.pieces.join('*') : `"${value.pieces.map(escaped).join('*')}"`;
    }
    default: {
      const isNumber = isMetadata && plainNumber(value.text) !== null;
      return BARE_VALUE.test(value.text) && !isNumber ? value.text : quoted(value.text);
    }
  }
}

/** Never with an exponent: {@link plainNumber} reads none. */
function numberText(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(DECIMALS_MAX).replace(/0+$/, '') : text;
}

function relativeText(offsetMs: number): string {
  if (offsetMs === 0) return 'now';
  return `now${offsetMs < 0 ? '-' : '+'}${formatDuration(Math.abs(offsetMs))}`;
}

function momentText(fromMs: number, toMs: number): string {
  const iso = new Date(fromMs).toISOString();
  const lengthMs = toMs - fromMs;
  if (lengthMs === 1) return iso;
  if (lengthMs === 1000) return `${iso.slice(0, 19)}Z`;
  return lengthMs === 60_000 ? `${iso.slice(0, 16)}Z` : iso.slice(0, 10);
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return text.replaceAll(SPECIAL, (char) => {
    const isPlain = char === '"' || char === '\\' || char === '*';
    return isPlain ? `\\${char}` : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
