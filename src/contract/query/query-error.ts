import { OrchestratorError } from '../../base/errors.ts';

/** What was wrong in the text of a query. */
export interface QueryFault {
  /** Where, in UTF-16 units from 0. */
  readonly at: number;
  /** What must hold: `a field must be known`. */
  readonly must: string;
  /** What stands there; empty at the end of the text. */
  readonly got: string;
  /** What may have been meant. */
  readonly suggestion?: string | null;
}

/** Text of a query that is told back, in UTF-16 units. */
const GOT_MAX = 40;

/** A query that cannot be understood: `code` QUERY_INVALID, `details.at` where, from 0. */
export class QueryInvalidError extends OrchestratorError {
  override readonly name = 'QueryInvalidError';

  constructor({ at, got, must, suggestion = null }: QueryFault) {
    const short = got.length > GOT_MAX ? `${got.slice(0, GOT_MAX)}…` : got;
    const what = got === '' ? 'the end' : JSON.stringify(short);
    const meant = suggestion === null ? '' : `; did you mean ${suggestion}?`;
    super('QUERY_INVALID', `${must}, got ${what} at character ${at + 1}${meant}`, {
      at,
      got: short,
      ...(suggestion === null ? {} : { suggestion }),
    });
  }
}
