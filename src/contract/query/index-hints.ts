import { TASK_STATES, type TaskStateName } from '../task.ts';
import type { QueryMoment } from './compile-query.ts';
import type { QueryTerm, TaskQueryAst } from './query-ast.ts';
import { timeRange, type TimeRange } from './time-range.ts';

/**
 * What every task that a query means is sure to have; what is absent the query does not say. A search
 * may leave all other tasks out, and must still test those that are left.
 */
export interface IndexHints {
  readonly states?: readonly TaskStateName[];
  readonly types?: readonly string[];
  readonly queues?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly ids?: readonly string[];
  /** When it was created. */
  readonly created?: TimeRange;
}

/** Values of one field, at most: with more a look at each task costs less. */
const VALUES_MAX = 256;

const LIST_OF = {
  state: 'states',
  type: 'types',
  queue: 'queues',
  namespace: 'namespaces',
  id: 'ids',
} as const;
const LISTS = Object.values(LIST_OF);

/** What an index can use of a query. O(terms · values). */
export function indexHints(query: TaskQueryAst, { nowMs }: QueryMoment): IndexHints {
  switch (query.type) {
    case 'and':
      return query.terms.map((term) => indexHints(term, { nowMs })).reduce(both);
    case 'or':
      return query.terms.map((term) => indexHints(term, { nowMs })).reduce(either);
    case 'not':
      return hintsOfNot(query.term);
    default:
      return hintsOfTerm(query, nowMs);
  }
}

/** States are the only field whose other values are known. */
function hintsOfNot(query: TaskQueryAst): IndexHints {
  if (query.type === 'and') return query.terms.map(hintsOfNot).reduce(either);
  if (query.type === 'or') return query.terms.map(hintsOfNot).reduce(both);
  if (query.type !== 'term' || query.field !== 'state') return {};
  const states = exactTexts(query);
  return { states: TASK_STATES.filter((state) => states?.includes(state) === false) };
}

function hintsOfTerm(term: QueryTerm, nowMs: number): IndexHints {
  switch (term.field) {
    case 'state':
    case 'type':
    case 'queue':
    case 'namespace':
    case 'id': {
      const texts = exactTexts(term);
      return texts === null || texts.length > VALUES_MAX ? {} : { [LIST_OF[term.field]]: texts };
    }
    case 'created':
    case 'age':
      return { created: createdRange(term, nowMs) };
    case 'updated':
    case 'idle':
      // Nothing enters a state before it was created.
      return { created: { fromMs: -Infinity, toMs: createdRange(term, nowMs).toMs } };
    default:
      return {};
  }
}

/** Null where the term takes other values too. */
function exactTexts({ operator, values }: QueryTerm): readonly string[] | null {
  if (operator !== ':') return null;
  const texts = values.flatMap((value) => (value.type === 'text' ? value.text : []));
  return texts.length === values.length ? [...new Set(texts)] : null;
}

function createdRange({ operator, values }: QueryTerm, nowMs: number): TimeRange {
  return values.map((value) => timeRange(operator, value, nowMs)).reduce(widest);
}

function widest(a: TimeRange, b: TimeRange): TimeRange {
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) };
}

function both(a: IndexHints, b: IndexHints): IndexHints {
  const hints: Record<string, unknown> = { ...a, ...b };
  for (const list of LISTS) {
    const [left, right] = [a[list], b[list]];
    if (left === undefined || right === undefined) continue;
    const known = new Set<string>(right);
    hints[list] = left.filter((text: string) => known.has(text));
  }
  if (a.created !== undefined && b.created !== undefined) {
    const fromMs = Math.max(a.created.fromMs, b.created.fromMs);
    hints['created'] = { fromMs, toMs: Math.min(a.created.toMs, b.created.toMs) };
  }
  return hints;
}

function either(a: IndexHints, b: IndexHints): IndexHints {
  const hints: Record<string, unknown> = {};
  for (const list of LISTS) {
    const [left, right] = [a[list], b[list]];
    if (left === undefined || right === undefined) continue;
    const texts = [...new Set<string>([...left, ...right])];
    if (texts.length <= VALUES_MAX) hints[list] = texts;
  }
  if (a.created !== undefined && b.created !== undefined) {
    hints['created'] = widest(a.created, b.created);
  }
  return hints;
}
