/** A named limit that tasks can pass, for all of them together or for each key of theirs. */
import type { CoreRecord } from './record.ts';
import type { LimitSettings } from './spec.ts';

export interface Limit extends CoreRecord {
  readonly table: 'limits';
  settings: LimitSettings;
}

/** Named limits, at most. */
export const LIMITS_MAX = 10_000;

export function limitFields({ settings }: Limit): readonly unknown[] {
  return [settings];
}

export function readLimit(fields: readonly unknown[]): Pick<Limit, 'settings'> {
  return { settings: fields[0] as LimitSettings };
}
