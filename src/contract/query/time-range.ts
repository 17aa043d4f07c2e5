/** Which moments a term allows. */
import type { QueryOperator, QueryValue } from './query-ast.ts';

/** From `fromMs` to before `toMs`, in milliseconds since 1970. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The moments that are `operator value`; for a duration, those that long before `nowMs`. */
export function timeRange(operator: QueryOperator, value: QueryValue, nowMs: number): TimeRange {
  if (value.type === 'duration') {
    const at = nowMs - value.ms;
    return rangeOf(MIRRORED[operator], { fromMs: at, toMs: at + 1 });
  }
  if (value.type === 'relative') {
    const fromMs = nowMs + value.offsetMs;
    return rangeOf(operator, { fromMs, toMs: fromMs + 1 });
  }
  return value.type === 'moment' ? rangeOf(operator, value) : ALWAYS;
}

const ALWAYS: TimeRange = { fromMs: -Infinity, toMs: Infinity };

/** The longer ago, the earlier. */
const MIRRORED: Readonly<Record<QueryOperator, QueryOperator>> = {
  ':': ':',
  '~': '~',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function rangeOf(operator: QueryOperator, { fromMs, toMs }: TimeRange): TimeRange {
  switch (operator) {
    case '<':
      return { fromMs: -Infinity, toMs: fromMs };
    case '<=':
      return { fromMs: -Infinity, toMs };
    case '>':
      return { fromMs: toMs, toMs: Infinity };
    case '>=':
      return { fromMs, toMs: Infinity };
    default:
      return { fromMs, toMs };
  }
}
