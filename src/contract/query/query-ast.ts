/** What a query says, free of how it was written. */
import type { QueryFieldName } from './query-fields.ts';

/** `:` equals (`=` is read as it), `~` contains; `!=` is read as the negation of `:`. */
export type QueryOperator = ':' | '~' | '<' | '<=' | '>' | '>=';

export type QueryValue =
  | { readonly type: 'text'; readonly text: string }
  /** The texts between the stars: two at least, of which only the first and the last may be empty. */
  | { readonly type: 'glob'; readonly pieces: readonly string[] }
  /** `*`: whatever it is, if it is there. */
  | { readonly type: 'any' }
  /** A number; bytes for sizes. */
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'duration'; readonly ms: number }
  /** A moment as exactly as it was written, in milliseconds since 1970: a day is its whole day. */
  | { readonly type: 'moment'; readonly fromMs: number; readonly toMs: number }
  /** A moment that many milliseconds after the one of the search; negative for before. */
  | { readonly type: 'relative'; readonly offsetMs: number };

/** `field operator value,value`: true when it is of any of the values. */
export interface QueryTerm {
  readonly type: 'term';
  readonly field: QueryFieldName;
  /** `['a', 'b']` of `metadata.a.b`, `['NAME']` of `label.NAME`; empty for other fields. */
  readonly path: readonly string[];
  readonly operator: QueryOperator;
  /** One at least, and exactly one for `<`, `<=`, `>`, `>=`. */
  readonly values: readonly QueryValue[];
}

/**
 * A query. As {@link parseQuery} makes it, `and` and `or` have two terms at least and none of their own
 * kind, and no `not` is of a `not`: queries that say the same in other brackets are equal.
 */
export type TaskQueryAst =
  | QueryTerm
  | { readonly type: 'and'; readonly terms: readonly TaskQueryAst[] }
  | { readonly type: 'or'; readonly terms: readonly TaskQueryAst[] }
  | { readonly type: 'not'; readonly term: TaskQueryAst };

/** All of `terms`, one at least; those that are such a list themselves are taken apart. */
export function joinQueries(type: 'and' | 'or', terms: readonly TaskQueryAst[]): TaskQueryAst {
  const flat = terms.flatMap((term) => (term.type === type ? term.terms : [term]));
  return flat.length === 1 ? (flat[0] as TaskQueryAst) : { type, terms: flat };
}

export function negateQuery(term: TaskQueryAst): TaskQueryAst {
  return term.type === 'not' ? term.term : { type: 'not', term };
}
