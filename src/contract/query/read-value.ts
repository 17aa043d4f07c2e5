/** Values as they are written in a query, by the kind of the field. */
import { parseBytes } from '../../base/byte-size.ts';
import { parseDurationMs } from '../../base/duration.ts';
import { nearest } from '../../base/nearest.ts';
import { momentMs } from '../normalize.ts';
import { TASK_STATES } from '../task.ts';
import type { QueryValue } from './query-ast.ts';
import { QueryInvalidError } from './query-error.ts';
import type { FieldKind } from './query-fields.ts';
import type { RawValue } from './query-scanner.ts';

const DAY_MS = 86_400_000;
/** Years have four digits. */
const MOMENT_MS_MAX = Date.UTC(10_000, 0, 1);
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;
/** Digits that a number can have without losing any. */
const DIGITS_MAX = 15;
const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const RELATIVE = /^now(?:([+-])(.+))?$/;

/** The operator as it was written, and the kind of field that it is about. */
export interface ValueContext {
  readonly kind: FieldKind;
  readonly operator: string;
}

/** @throws QueryInvalidError with what would be right */
export function readValue(raw: RawValue, { kind, operator }: ValueContext): QueryValue {
  // Stars are stars only after `:`, else they are text.
  const pieces = operator === ':' ? withoutDoubles(raw.pieces) : [raw.pieces.join('*')];
  if (pieces.length === 2 && pieces.every((piece) => piece === '')) return { type: 'any' };
  const isText = kind === 'text' || kind === 'texts' || kind === 'label' || kind === 'metadata';
  if (pieces.length > 1 && isText) return { type: 'glob', pieces };
  const text = raw.pieces.join('*');
  if (kind === 'metadata' && !raw.isQuoted) {
    const value = plainNumber(text);
    if (value !== null) return { type: 'number', value };
  }
  if (isText) return { type: 'text', text };
  return readExact(text, raw, kind);
}

/**
 * The number that a text says plainly: without leading zeros or exponent, and not longer than a number
 * can tell apart; null for any other text.
 */
export function plainNumber(text: string): number | null {
  if (text.length > DIGITS_MAX + 2 || !NUMBER.test(text)) return null;
  if (text.replaceAll(/[-.]/g, '').length > DIGITS_MAX) return null;
  return Number(text) + 0;
}

function readExact(text: string, raw: RawValue, kind: FieldKind): QueryValue {
  switch (kind) {
    case 'state': {
      const state = TASK_STATES.find((name) => name === text);
      if (state !== undefined) return { type: 'text', text: state };
      const suggestion = nearest(text, TASK_STATES);
      throw fault(raw, `a state must be one of ${TASK_STATES.join(', ')}`, suggestion);
    }
    case 'number':
    case 'bytes': {
      const value = plainNumber(text) ?? (kind === 'bytes' ? parseBytes(text) : null);
      if (value !== null) return { type: 'number', value };
      const must =
        kind === 'bytes' ? 'a size must be like 512 or 64KiB' : 'a number must be like 4 or 0.5';
      throw fault(raw, must);
    }
    case 'duration': {
      const ms = parseDurationMs(text);
      if (ms !== null) return { type: 'duration', ms };
      throw fault(raw, 'a length of time must be like 250ms, 10m or 1h30m');
    }
    default: {
      const value = readMoment(text);
      if (value !== null) return value;
      const must = 'a moment must be like 2026-01-31, 2026-01-31T09:30Z, now or now-1h30m';
      throw fault(raw, must);
    }
  }
}

/** A moment without a zone is in UTC. */
function readMoment(text: string): QueryValue | null {
  const relative = RELATIVE.exec(text);
  if (relative !== null) {
    const [, sign, span] = relative;
    const ms = span === undefined ? 0 : parseDurationMs(span);
    if (ms === null) return null;
    return { type: 'relative', offsetMs: sign === '-' ? 0 - ms : ms };
  }
  const parts = MOMENT.exec(text);
  if (parts === null) return null;
  const [, time, seconds, fraction, zone] = parts;
  const fromMs = momentMs(time === undefined || zone !== undefined ? text : `${text}Z`);
  const lengthMs =
    time === undefined
      ? DAY_MS
      : seconds === undefined
        ? 60_000
        : fraction === undefined
          ? 1000
          : 1;
  const toMs = fromMs + lengthMs;
  return fromMs >= 0 && toMs <= MOMENT_MS_MAX ? { type: 'moment', fromMs, toMs } : null;
}

function withoutDoubles(pieces: readonly string[]): readonly string[] {
  return pieces.filter((piece, at) => piece !== '' || at === 0 || at === pieces.length - 1);
}

function fault(raw: RawValue, must: string, suggestion: string | null = null): QueryInvalidError {
  return new QueryInvalidError({ at: raw.at, must, got: raw.source, suggestion });
}
