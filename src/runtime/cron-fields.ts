/** What is wrong with a cron expression, told by its field: the reader behind it says less. */
import { OrchestratorError } from '../base/errors.ts';

interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
  /** Further forms, for the message. */
  readonly also: string;
  readonly extra: RegExp | null;
}

const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const DAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
const field = (name: string, min: number, max: number): FieldRule => {
  return { name, min, max, names: [], also: '', extra: null };
};

const FIELDS: readonly FieldRule[] = [
  field('second', 0, 59),
  field('minute', 0, 59),
  field('hour', 0, 23),
  { ...field('day of month', 1, 31), also: ', or L for the last day', extra: /^L$/ },
  { ...field('month', 1, 12), names: MONTHS, also: ' or JAN-DEC' },
  {
    ...field('day of week', 0, 7),
    names: DAYS,
    also: ' or SUN-SAT (0 and 7 are Sunday), with #2 for the second or L for the last of a month',
    extra: /^(?:[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:#[1-5]|L)$/,
  },
];

const NICKNAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** Longest expression, in UTF-16 units. */
const EXPRESSION_MAX = 500;

/**
 * Checks an expression of five fields, six with seconds first, or a nickname such as `@daily`.
 *
 * @throws OrchestratorError `SCHEDULE_INVALID`, `details` with the `field` and its `position` from 1
 */
export function checkCronFields(expression: string): void {
  if (expression.startsWith('@')) {
    if (NICKNAMES.includes(expression)) return;
    throw invalidCron(expression, `must be a nickname of ${NICKNAMES.join(', ')}`);
  }
  const parts = expression.trim().split(/\s+/);
  if (expression.length > EXPRESSION_MAX || parts.length < 5 || parts.length > 6) {
    throw invalidCron(
      expression.slice(0, EXPRESSION_MAX),
      `must have 5 fields (minute hour day month weekday), or 6 with seconds first`,
      { fields: expression.trim() === '' ? 0 : parts.length },
    );
  }
  const rules = parts.length === 5 ? FIELDS.slice(1) : FIELDS;
  for (const [index, part] of parts.entries()) {
    const rule = rules[index] as FieldRule;
    const fault = part.split(',').find((item) => !isItem(item.toUpperCase(), rule));
    if (fault === undefined) continue;
    throw invalidCron(
      expression,
      `must have a ${rule.name} in field ${index + 1} that is *, or of ${rule.min}-${rule.max}${rule.also}, with ranges 1-5, lists 1,3 and steps */5, got "${fault}"`,
      { field: rule.name, position: index + 1, got: fault },
    );
  }
}

export function invalidCron(
  expression: string,
  message: string,
  details: Readonly<Record<string, string | number>> = {},
  cause?: unknown,
): OrchestratorError {
  return new OrchestratorError(
    'SCHEDULE_INVALID',
    `cron "${expression}" ${message}`,
    { path: '/cron', ...details },
    { cause },
  );
}

function isItem(item: string, rule: FieldRule): boolean {
  if (rule.extra?.test(item) === true) return true;
  const [range = '', step, ...more] = item.split('/');
  if (more.length > 0) return false;
  if (step !== undefined && !(/^\d{1,2}$/.test(step) && isStep(Number(step), rule))) return false;
  if (range === '*') return true;
  const ends = range.split('-');
  const [from, to] = ends.map((end) => valueOf(end, rule));
  if (ends.length > 2 || from === undefined || Number.isNaN(from)) return false;
  if (ends.length === 1) return step === undefined;
  return to !== undefined && from <= to;
}

function isStep(step: number, { max, min }: FieldRule): boolean {
  return step >= 1 && step <= max - min + 1;
}

function valueOf(text: string, { max, min, names }: FieldRule): number {
  const place = names.indexOf(text);
  if (place >= 0) return place + min;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : Number.NaN;
}
