import { nearest } from '../../base/nearest.ts';
import {
  joinQueries,
  negateQuery,
  type QueryOperator,
  type QueryTerm,
  type TaskQueryAst,
} from './query-ast.ts';
import { QueryInvalidError } from './query-error.ts';
import {
  accessOf,
  findField,
  OPERATORS,
  QUERY_FIELD_NAMES,
  type QueryFieldName,
} from './query-fields.ts';
import { QueryScanner, type RawField } from './query-scanner.ts';
import { readValue } from './read-value.ts';

/** Longest text of a query, in UTF-16 units. */
export const QUERY_TEXT_MAX = 4096;
/** Terms of one query, at most. */
export const QUERY_TERMS_MAX = 100;
/** Brackets within brackets, at most. */
export const QUERY_DEPTH_MAX = 20;

const TERM = 'a term must be FIELD OPERATOR VALUE, such as state:failed';

/**
 * Reads a query, such as `state:failed type:mail.* age>10m error~timeout`.
 *
 * ```
 * query    = all { "or" all }
 * all      = one { [ "and" ] one }                   terms side by side must all hold
 * one      = { "-" | "not" } ( "(" query ")" | term )
 * term     = field operator value { "," value }      any of the values
 * field    = name { "." name }                       a name of `metadata` may be "quoted"
 * operator = ":" | "=" | "!=" | "~" | "<" | "<=" | ">" | ">="
 * value    = bare | '"' { character | escape } '"'   bare: no blank and none of ( ) " ,
 * escape   = "\" ( '"' | "\" | "*" | "n" | "r" | "t" | "u" 4·hex )
 * ```
 *
 * `:` equals, for texts with `*` for any characters; `=` equals, its stars are text; `!=` is the
 * negation of `=`; `~` contains, whatever the case. What a task does not have meets no term, so that
 * `-agent:*` finds those without an agent. A moment is as long as it is written: `created:2026-01-31`
 * is that day in UTC, and `created>2026-01-31` is after it. {@link QUERY_FIELDS} lists the fields.
 *
 * O(text). At most {@link QUERY_TEXT_MAX} long, {@link QUERY_TERMS_MAX} terms, {@link QUERY_DEPTH_MAX} deep.
 *
 * @throws QueryInvalidError `QUERY_INVALID`: what must stand where, what stands there, what was meant
 */
export function parseQuery(text: string): TaskQueryAst {
  if (text.length > QUERY_TEXT_MAX) {
    const must = `a query must have at most ${QUERY_TEXT_MAX} characters`;
    throw new QueryInvalidError({ at: QUERY_TEXT_MAX, must, got: `${text.length} characters` });
  }
  return new QueryParser(text).parse();
}

class QueryParser {
  readonly #scanner: QueryScanner;
  #terms = 0;
  #depth = 0;

  constructor(text: string) {
    this.#scanner = new QueryScanner(text);
  }

  parse(): TaskQueryAst {
    const query = this.#any();
    if (!this.#scanner.isAtEnd) throw this.#scanner.fault('a bracket must be opened first');
    return query;
  }

  #any(): TaskQueryAst {
    const terms = [this.#all()];
    while (this.#scanner.takeKeyword('or')) terms.push(this.#all());
    return joinQueries('or', terms);
  }

  /** Ends before `or`, before a closing bracket or at the end, all blanks behind it. */
  #all(): TaskQueryAst {
    const scanner = this.#scanner;
    const terms: TaskQueryAst[] = [];
    for (;;) {
      scanner.skipSpace();
      terms.push(this.#one());
      scanner.skipSpace();
      if (scanner.takeKeyword('and')) continue;
      const isEnd = scanner.isAtEnd || scanner.text[scanner.at] === ')';
      if (isEnd || scanner.peekKeyword() === 'or') return joinQueries('and', terms);
    }
  }

  #one(): TaskQueryAst {
    const scanner = this.#scanner;
    let isNegated = false;
    while (scanner.take('-') || scanner.takeKeyword('not')) {
      isNegated = !isNegated;
      scanner.skipSpace();
    }
    const query = scanner.text[scanner.at] === '(' ? this.#brackets() : this.#term();
    return isNegated ? negateQuery(query) : query;
  }

  #brackets(): TaskQueryAst {
    const scanner = this.#scanner;
    const { at } = scanner;
    this.#depth += 1;
    if (this.#depth > QUERY_DEPTH_MAX)
      throw scanner.fault(`brackets must be at most ${QUERY_DEPTH_MAX} deep`);
    scanner.take('(');
    const query = this.#any();
    if (!scanner.take(')')) throw scanner.fault('a bracket must be closed', at);
    this.#depth -= 1;
    return query;
  }

  #term(): TaskQueryAst {
    const scanner = this.#scanner;
    const { at } = scanner;
    this.#terms += 1;
    if (this.#terms > QUERY_TERMS_MAX)
      throw scanner.fault(`a query must have at most ${QUERY_TERMS_MAX} terms`);
    const keyword = scanner.peekKeyword();
    if (keyword !== null) throw scanner.fault(`a term must stand before and after "${keyword}"`);
    const raw = scanner.readField();
    const operatorAt = scanner.at;
    const written = raw === null ? null : scanner.readOperator();
    if (raw === null || written === null) throw scanner.fault(TERM, at);
    const { field, path } = resolve(raw);
    const operator = readOperator({ field, written, at: operatorAt });
    const values = this.#values(field, written);
    const isOrder = operator !== ':' && operator !== '~';
    if (isOrder && values.length > 1)
      throw scanner.fault(`one value only must follow ${operator}`, operatorAt);
    const term: QueryTerm = { type: 'term', field, path, operator, values };
    return written === '!=' ? negateQuery(term) : term;
  }

  #values(field: QueryFieldName, operator: string): QueryTerm['values'] {
    const scanner = this.#scanner;
    const { kind } = accessOf(field);
    const values = [readValue(scanner.readValue(), { kind, operator })];
    while (scanner.take(',')) {
      scanner.skipSpace();
      values.push(readValue(scanner.readValue(), { kind, operator }));
    }
    return values;
  }
}

function resolve({ at, names, source }: RawField): Pick<QueryTerm, 'field' | 'path'> {
  const [head = '', ...rest] = names;
  if (head === 'metadata' && rest.length > 0) return { field: head, path: rest };
  if (head === 'label' && rest.length > 0) return { field: head, path: [rest.join('.')] };
  const field = findField(source);
  if (field === 'metadata' || field === 'label') {
    const must = `${field} must have a name after a dot, such as ${field}.customer`;
    throw new QueryInvalidError({ at, must, got: source });
  }
  if (field !== null) return { field, path: [] };
  const suggestion = nearest(source, QUERY_FIELD_NAMES);
  throw new QueryInvalidError({ at, must: 'a field must be known', got: source, suggestion });
}

function readOperator(given: {
  readonly field: QueryFieldName;
  readonly written: string;
  readonly at: number;
}): QueryOperator {
  const { at, field, written } = given;
  const known = OPERATORS[accessOf(field).kind];
  const meant = written === '=' || written === '!=' ? ':' : written;
  const operator = known.find((each) => each === meant);
  if (operator !== undefined) return operator;
  const must = `${field} must be followed by one of ${['=', '!=', ...known].join(' ')}`;
  throw new QueryInvalidError({ at, must, got: written });
}
