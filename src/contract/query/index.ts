export { compileQuery, type QueryMoment, type TaskPredicate } from './compile-query.ts';
export { indexHints, type IndexHints } from './index-hints.ts';
export { parseQuery, QUERY_DEPTH_MAX, QUERY_TERMS_MAX, QUERY_TEXT_MAX } from './parse-query.ts';
export { printQuery } from './print-query.ts';
export {
  joinQueries,
  negateQuery,
  type QueryOperator,
  type QueryTerm,
  type QueryValue,
  type TaskQueryAst,
} from './query-ast.ts';
export { QueryInvalidError } from './query-error.ts';
export { QUERY_FIELD_NAMES, type QueryFieldName } from './query-fields.ts';
export type { SearchableTask } from './searchable-task.ts';
export type { TimeRange } from './time-range.ts';
