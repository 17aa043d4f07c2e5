/** Readers of option values; each throws commander's error, which exits with the code for usage. */
import { InvalidArgumentError } from 'commander';
import { parseDurationMs } from '../base/duration.ts';

export function durationValue(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== null) return ms;
  throw new InvalidArgumentError('It must be a duration such as 250ms, 30s or 1h30m.');
}

/** Digits, which underscores may part, and a power of ten: 250, 1_000, 1e9, 2.5e6. */
const WHOLE = /^\d+(?:_\d+)*(?:\.\d+)?(?:e\+?\d+)?$/i;

/** A reader of whole numbers from `min` to `max`: 1000, 1_000 and 1e3 are one number. */
export function integerValue(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = WHOLE.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`);
  };
}

export function numberValue(text: string): number {
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number.');
}

/** Gathers an option that may be given several times. */
export function repeated(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** Gathers `name=value` pairs. */
export function pair(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at > 0) return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  throw new InvalidArgumentError('It must be NAME=VALUE.');
}

const TASK_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function taskIdValue(text: string): string {
  if (TASK_ID.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be a task id, such as 0198c0de-7a11-7000-8000-000000000000.',
  );
}

/** Gathers several task ids. */
export function taskIdsValue(
  text: string,
  before: readonly string[] | undefined,
): readonly string[] {
  return [...(before ?? []), taskIdValue(text)];
}
