import { metadataTest } from './match-metadata.ts';
import { textTest } from './match-text.ts';
import type { QueryOperator, QueryTerm, QueryValue, TaskQueryAst } from './query-ast.ts';
import { accessOf, type FieldAccess } from './query-fields.ts';
import type { SearchableTask } from './searchable-task.ts';
import { timeRange } from './time-range.ts';

/** Whether a task is one that the query means. */
export type TaskPredicate = (task: SearchableTask) => boolean;

export interface QueryMoment {
  /** What `now` and ages are counted from, in milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Makes a query into a test of tasks, to be run on many.
 *
 * A test takes some 10 ns a term, plus time linear in the texts that it looks into; it reads no field
 * that it does not need, terms in their order.
 */
export function compileQuery(query: TaskQueryAst, moment: QueryMoment): TaskPredicate {
  switch (query.type) {
    case 'not': {
      const test = compileQuery(query.term, moment);
      return (task) => !test(task);
    }
    case 'and':
      return every(query.terms.map((term) => compileQuery(term, moment)));
    case 'or':
      return some(query.terms.map((term) => compileQuery(term, moment)));
    default:
      return termPredicate(query, moment.nowMs);
  }
}

function every(tests: readonly TaskPredicate[]): TaskPredicate {
  return (task) => {
    for (const test of tests) if (!test(task)) return false;
    return true;
  };
}

function some(tests: readonly TaskPredicate[]): TaskPredicate {
  return (task) => {
    for (const test of tests) if (test(task)) return true;
    return false;
  };
}

function termPredicate(term: QueryTerm, nowMs: number): TaskPredicate {
  const access = accessOf(term.field);
  switch (access.kind) {
    case 'state':
    case 'text': {
      const test = textTest(term);
      const { read } = access;
      return (task) => {
        const text = read(task, nowMs);
        return text !== null && test(text);
      };
    }
    case 'texts': {
      const test = textTest(term);
      const { read } = access;
      return (task) => read(task, nowMs).some(test);
    }
    case 'label': {
      const test = textTest(term);
      const [name = ''] = term.path;
      return ({ labels }) => Object.hasOwn(labels, name) && test(labels[name] as string);
    }
    case 'metadata': {
      const test = metadataTest(term);
      return (task) => test(task.metadata);
    }
    default:
      return numberPredicate(term, access, nowMs);
  }
}

type NumberAccess = Extract<FieldAccess, { readonly read: (...args: never[]) => number }>;

/** No comparison with NaN holds: what a task does not have meets no term. */
function numberPredicate(
  { operator, values }: QueryTerm,
  access: NumberAccess,
  nowMs: number,
): TaskPredicate {
  const { read } = access;
  const tests = values.map((value) => numberTest(operator, value, nowMs));
  const [first] = tests;
  if (tests.length === 1 && first !== undefined) return (task) => first(read(task, nowMs));
  return (task) => {
    const number = read(task, nowMs);
    return tests.some((test) => test(number));
  };
}

function numberTest(
  operator: QueryOperator,
  value: QueryValue,
  nowMs: number,
): (number: number) => boolean {
  if (value.type === 'any') return (number) => !Number.isNaN(number);
  if (value.type === 'moment' || value.type === 'relative') {
    const { fromMs, toMs } = timeRange(operator, value, nowMs);
    return (ms) => ms >= fromMs && ms < toMs;
  }
  const wanted = value.type === 'number' ? value.value : value.type === 'duration' ? value.ms : NaN;
  switch (operator) {
    case '<':
      return (number) => number < wanted;
    case '<=':
      return (number) => number <= wanted;
    case '>':
      return (number) => number > wanted;
    case '>=':
      return (number) => number >= wanted;
    default:
      return (number) => number === wanted;
  }
}
