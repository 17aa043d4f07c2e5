/**
 * The memory of idempotency keys, oldest first.
 *
 * A key ends by the clock, whether it is forgotten then or later: what many keys that end together cost
 * is spread over commands, and no answer depends on how.
 */
import type { IdempotencyEntry } from './idempotency-keys.ts';
import type { CoreState } from './state.ts';

/** Keys forgotten by one `clock.advance`: some milliseconds; the leader proposes another. */
export const KEYS_FORGOTTEN_MAX = 2_000;

/** Whether a key counts no more at `nowMs`. */
export function isExpired(state: CoreState, entry: IdempotencyEntry, nowMs: number): boolean {
  return entry.createdAt + state.settings.idempotencyWindowMs <= nowMs;
}

/** Forgets the oldest keys that have expired, at most `countMax` of them. */
export function forgetKeys(state: CoreState, countMax: number): void {
  for (let forgotten = 0; forgotten < countMax; forgotten++) {
    const { oldest } = state.idempotency;
    if (oldest === undefined || !isExpired(state, oldest, state.nowMs)) return;
    state.idempotency.forgetOldest();
  }
}

/** How many keys have expired at `nowMs` and are not forgotten, counted up to `countMax`. */
export function countExpired(state: CoreState, countMax: number, nowMs: number): number {
  let expired = 0;
  if (countMax <= 0) return 0;
  for (const entry of state.idempotency.values()) {
    if (expired === countMax || !isExpired(state, entry, nowMs)) break;
    expired += 1;
  }
  return expired;
}
