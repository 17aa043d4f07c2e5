/**
 * What a single cell is: missing, a number, a truth value, a date, or text.
 *
 * Text that looks like a number but is a name stays text: digits with a leading zero (`00123`) and
 * integers too long to be exact. Thousands separators and currency signs are not read.
 */
import { NUMBER_MAGNITUDE_MAX } from '../payload.ts';

/** A cell as it came. */
export type Cell = string | number | boolean | null;

export type CellKind = 'missing' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime' | 'text';

/** A cell read: `value` is the number, 0 or 1, or milliseconds since 1970 UTC; NaN for the others. */
export interface ReadCell {
  readonly kind: CellKind;
  readonly value: number;
}

const MISSING: ReadCell = { kind: 'missing', value: Number.NaN };
const TEXT: ReadCell = { kind: 'text', value: Number.NaN };

/** Texts that stand for nothing, besides blanks. */
const MISSING_WORDS: ReadonlySet<string> = new Set([
  'NA',
  'N/A',
  'n/a',
  'NaN',
  'nan',
  'null',
  'NULL',
]);

const BOOLEAN_WORDS: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['yes', 1],
  ['false', 0],
  ['no', 0],
]);

const NUMBER_PATTERN = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/u;
const DATE_PATTERN = /^(\d{4})-(\d{2})-(\d{2})$/u;
const DATETIME_PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d{2}):?(\d{2}))?$/u;

/** No number, date or truth value is longer; saves the patterns from long texts. */
const LITERAL_LENGTH_MAX = 64;

const MINUTE_MS = 60_000;

/** Kind and value of a cell. Blanks around a text do not count. */
export function readCell(cell: Cell): ReadCell {
  if (cell === null) return MISSING;
  if (typeof cell === 'number') return readNumber(cell);
  if (typeof cell === 'boolean') return { kind: 'boolean', value: Number(cell) };
  const text = cell.trim();
  if (text === '' || MISSING_WORDS.has(text)) return MISSING;
  if (text.length > LITERAL_LENGTH_MAX) return TEXT;
  if (NUMBER_PATTERN.test(text)) return readNumberText(text);
  const truth = BOOLEAN_WORDS.get(text.toLowerCase());
  if (truth !== undefined) return { kind: 'boolean', value: truth };
  return readDate(text) ?? readDatetime(text) ?? TEXT;
}

function readNumber(value: number): ReadCell {
  if (!(Math.abs(value) <= NUMBER_MAGNITUDE_MAX)) return TEXT;
  return { kind: Number.isInteger(value) ? 'integer' : 'number', value };
}

function readNumberText(text: string): ReadCell {
  const value = Number(text);
  if (/^[+-]?\d+$/u.test(text)) {
    return Number.isSafeInteger(value) ? { kind: 'integer', value } : TEXT;
  }
  return Math.abs(value) <= NUMBER_MAGNITUDE_MAX ? { kind: 'number', value } : TEXT;
}

function readDate(text: string): ReadCell | null {
  const match = DATE_PATTERN.exec(text);
  if (match === null) return null;
  const value = midnightMs(match);
  return value === null ? null : { kind: 'date', value };
}

function readDatetime(text: string): ReadCell | null {
  const match = DATETIME_PATTERN.exec(text);
  if (match === null) return null;
  const dayMs = midnightMs(match);
  const [, , , , hour, minute, second = '0', fraction = '0', sign, offsetHour, offsetMinute] =
    match;
  if (dayMs === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return null;
  const offset = Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0);
  const minutes = Number(hour) * 60 + Number(minute) + (sign === '-' ? offset : -offset);
  // A time without an offset is taken as UTC: the table does not say where it was written.
  const value = dayMs + minutes * MINUTE_MS + Number(`${second}.${fraction}`) * 1000;
  return { kind: 'datetime', value };
}

/** Start of a `YYYY-MM-DD` match in milliseconds; null for a day no calendar has. */
function midnightMs(match: RegExpExecArray): number | null {
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(0);
  // Not Date.UTC: that takes the years 0 to 99 for the 1900s.
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() : null;
}
