/** When a breaker opens, how long it stays so, and what closes it again. */
import type { CoreState } from './state.ts';

/** Whose calls a breaker counts. */
export const BREAKER_KINDS = ['agent', 'capability', 'downstream'] as const;
export type BreakerKind = (typeof BREAKER_KINDS)[number];

export interface BreakerSettings {
  readonly enabled: boolean;
  /** Part of the calls in the window that must have failed, above 0, at most 1. */
  readonly failureRate: number;
  /** Calls in the window before it judges at all, from 1. */
  readonly callsMin: number;
  /** Length of the sliding window, in milliseconds; it moves in tenths. */
  readonly windowMs: number;
  /** An attempt that ran at least so long counts as slow, in milliseconds; 0 for none. */
  readonly slowMs: number;
  /** Part of the calls that must have been slow, above 0, at most 1. */
  readonly slowRate: number;
  /** Time from opening to the first probes, in milliseconds; it doubles each time these fail. */
  readonly openMs: number;
  /** Most that it grows to, in milliseconds. */
  readonly openMsMax: number;
  /** Part of that time that is drawn at random, 0..1: 0.2 spreads a time d over [0.8·d, d]. */
  readonly jitter: number;
  /** Attempts that may run at once while it is half-open, from 1. */
  readonly probesMax: number;
  /** Probes in a row that must succeed before it closes, from 1. */
  readonly successesMin: number;
  /** Codes of failures that count although they are final. */
  readonly count: readonly string[];
  /** Codes of failures that never count. */
  readonly ignore: readonly string[];
}

export type BreakerChange = Partial<BreakerSettings>;

/** What an operator changed about all breakers of a kind. */
export type BreakerDefaults = Readonly<Partial<Record<BreakerKind, BreakerChange>>>;

const BASE: BreakerSettings = {
  enabled: true,
  failureRate: 0.5,
  callsMin: 20,
  windowMs: 60_000,
  slowMs: 0,
  slowRate: 0.8,
  openMs: 5_000,
  openMsMax: 120_000,
  jitter: 0.2,
  probesMax: 3,
  successesMin: 3,
  count: [],
  ignore: [],
};

/**
 * An agent is judged before what it offers: one bad agent that fails fast takes more than its share of
 * the work, and must be out of the way before the capability that others serve well is blamed for it.
 */
export const BREAKER_SETTINGS_DEFAULT: Readonly<Record<BreakerKind, BreakerSettings>> = {
  agent: { ...BASE, probesMax: 1, successesMin: 2 },
  capability: { ...BASE, callsMin: 50, failureRate: 0.8 },
  downstream: BASE,
};

/**
 * The settings of a breaker: its own over those of its kind over the built-in ones.
 *
 * Who asks for a longer time than it may grow to by what is built in has not said how far it may grow.
 */
export function breakerSettings(
  state: CoreState,
  kind: BreakerKind,
  own: BreakerChange | null,
): BreakerSettings {
  const ofKind = state.settings.breakers?.[kind];
  const base = BREAKER_SETTINGS_DEFAULT[kind];
  if (ofKind === undefined && own === null) return base;
  const settings = { ...base, ...ofKind, ...own };
  return { ...settings, openMsMax: Math.max(settings.openMs, settings.openMsMax) };
}
