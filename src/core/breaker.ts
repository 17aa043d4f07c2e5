/** What is known of the calls of one agent, capability or downstream service, and whether it is used. */
import type { BreakerChange, BreakerKind } from './breaker-settings.ts';
import type { CallWindow } from './breaker-window.ts';
import type { CoreRecord } from './record.ts';

/** `half-open`: few attempts at a time go through, to see whether it works again. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface Breaker extends CoreRecord, BreakerFields {
  readonly table: 'breakers';
}

export interface BreakerFields {
  readonly kind: BreakerKind;
  readonly name: string;
  state: BreakerState;
  stateAt: number;
  /** What an operator holds it at, against all counts; null for automatic. */
  forced: 'open' | 'closed' | null;
  /** Why it is in its state, as part of a sentence; null where it never opened. */
  why: string | null;
  /** Who brought it there; null for nobody. */
  by: string | null;
  /** Moment of the next probes; 0 unless it is open by itself. */
  openUntil: number;
  /** Times it opened since it was last closed. */
  opens: number;
  /** Times it opened ever. */
  trips: number;
  /** Attempts with at least this token are probes; the index of the entry that let them through. */
  probeFrom: number;
  /** Probes that run, and how many may. */
  probes: number;
  probesMax: number;
  /** Probes that succeeded since it let them through. */
  successes: number;
  /** When it last counted a call. */
  lastAt: number;
  /** When it is looked at next: kept, so that a restored one is looked at when the others are. */
  alarmAt: number;
  /** What was set for this one alone, or null. */
  settings: BreakerChange | null;
  window: CallWindow;
}

/** The key of its record. */
export function breakerKey(kind: BreakerKind, name: string): string {
  return `${kind} ${name}`;
}

/** What it is called in messages and as a gate. */
export function breakerTitle({ kind, name }: { kind: BreakerKind; name: string }): string {
  return `breaker of ${kind} ${name}`;
}

/** Whether another attempt may start now, `startsAhead` more being on their way. */
export function letsPass(breaker: Breaker, startsAhead = 0): boolean {
  if (breaker.state === 'half-open') return breaker.probes + startsAhead < breaker.probesMax;
  return breaker.state === 'closed';
}

/** Why it lets no more pass, as part of a sentence. */
export function describeBreaker(breaker: Breaker, nowMs: number): string {
  const { by, forced, openUntil, probes, probesMax, state, stateAt, why } = breaker;
  if (state === 'closed') return 'closed';
  const since = new Date(stateAt).toISOString();
  if (state === 'half-open') {
    return `half-open since ${since}: ${probes} of ${probesMax} probes running`;
  }
  const cause = why === null ? '' : `: ${why}`;
  if (forced === 'open') return `held open since ${since}${by === null ? '' : ` by ${by}`}${cause}`;
  const waitMs = Math.max(0, openUntil - nowMs);
  return `open since ${since}${cause}; next probe in ${spanText(waitMs)}`;
}

function spanText(spanMs: number): string {
  return spanMs < 1_000 ? `${spanMs} ms` : `${Math.ceil(spanMs / 1_000)} s`;
}

export function breakerFields(breaker: Breaker): readonly unknown[] {
  const { alarmAt, by, forced, kind, lastAt, name, openUntil, opens, settings, state } = breaker;
  const { probeFrom, probes, probesMax, stateAt, successes, trips, why, window } = breaker;
  const standing = [state, stateAt, forced, why, by];
  const counts = [openUntil, opens, trips, probeFrom, probes, probesMax, successes];
  // Counted in place: an image of it must not change with it.
  const counted = [
    window.bucketMs,
    window.newest,
    [...window.calls],
    [...window.failed],
    [...window.slow],
  ];
  return [kind, name, standing, counts, [lastAt, alarmAt], settings, counted];
}

export function readBreaker(fields: readonly unknown[]): BreakerFields {
  const [kind, name, standing, counts, [lastAt, alarmAt], settings, counted] = fields as [
    BreakerKind,
    string,
    [BreakerState, number, 'open' | 'closed' | null, string | null, string | null],
    [number, number, number, number, number, number, number],
    [number, number],
    BreakerChange | null,
    [number, number, number[], number[], number[]],
  ];
  const [state, stateAt, forced, why, by] = standing;
  const [openUntil, opens, trips, probeFrom, probes, probesMax, successes] = counts;
  const [bucketMs, newest, calls, failed, slow] = counted;
  return {
    kind,
    name,
    state,
    stateAt,
    forced,
    why,
    by,
    openUntil,
    opens,
    trips,
    probeFrom,
    probes,
    probesMax,
    successes,
    lastAt,
    alarmAt,
    settings,
    window: { bucketMs, newest, calls: [...calls], failed: [...failed], slow: [...slow] },
  };
}
