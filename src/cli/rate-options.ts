import { formatDuration } from '../base/duration.ts';
import { durationValue } from './option-values.ts';
import { usageError } from './usage-error.ts';

/** `--rate 100 --per 1m --burst 20` */
export interface RateOptions {
  readonly rate?: number;
  readonly per?: string;
  readonly burst?: number;
}

export interface Rate {
  readonly units: number;
  readonly perMs: number;
  readonly burst?: number;
}

/** The rate that options describe; undefined without `--rate`. */
export function rateOf({ burst, per, rate }: RateOptions): Rate | undefined {
  if (rate === undefined) {
    if (burst === undefined && per === undefined) return undefined;
    throw usageError('SETTING_MISSING', '--per and --burst must come with --rate');
  }
  const perMs = durationValue(per ?? '1s');
  return { units: rate, perMs, ...(burst === undefined ? {} : { burst }) };
}

/** How people read a rate: `100 / 1m`; null for none. */
export function rateText({ rate }: { readonly rate?: Rate }): string | null {
  return rate === undefined ? null : `${rate.units} / ${formatDuration(rate.perMs)}`;
}
