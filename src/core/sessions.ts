/**
 * Sessions: a submitter numbers its submits, so that one that it sends again, because it never saw the
 * answer, gets the answer of the first.
 *
 * A session ends by the clock, whether it is forgotten then or later, so that no answer depends on when.
 * Where too many are known, or their outcomes are too large, those go first that were not used for longest.
 * What is not known any more is refused, never taken: whoever asks learns that the outcome is not known.
 */
import { UNTRACKED } from './change-set.ts';
import type { TaskId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import {
  SESSION_IDS_MAX,
  SESSION_MS,
  SESSION_OUTCOMES_MAX,
  SESSIONS_IDS_MAX,
  SESSIONS_MAX,
  type Session,
  type SessionRef,
} from './session.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';

/** Sessions are looked at for whether they have expired at whole multiples of this, so that few entries do. */
const EXPIRY_CHECKED_MS = 1_000;

/** Opens a session; one that is open stays as it is. */
export function openSession({ state }: Step, id: string): null {
  useSession(state, liveSession(state, id, state.nowMs) ?? createSession(state, id));
  return null;
}

/** The task ids of a submit that was taken before; null for one to be taken now. O(1). */
export function recallOutcome(
  state: CoreState,
  ref: SessionRef,
  nowMs: number,
): readonly TaskId[] | Rejection | null {
  const session = liveSession(state, ref.id, nowMs);
  if (session === undefined) return ref.opens === true ? null : sessionExpired(ref);
  if (ref.sequence <= session.forgottenThrough) return sessionExpired(ref);
  return session.outcomes.get(ref.sequence) ?? null;
}

/** Keeps what became of a submit, and lets go of what its submitter has seen. Amortised O(log sessions). */
export function keepOutcome(state: CoreState, ref: SessionRef, taskIds: readonly TaskId[]): void {
  const session = liveSession(state, ref.id, state.nowMs) ?? createSession(state, ref.id);
  useSession(state, session);
  session.forgottenThrough = Math.max(session.forgottenThrough, ref.acknowledged);
  const { outcomes } = session;
  if (!outcomes.has(ref.sequence)) {
    outcomes.set(ref.sequence, taskIds);
    session.ids += taskIds.length;
    state.sessionIds += taskIds.length;
  }
  trimOutcomes(state, session);
  while (state.sessionIds > SESSIONS_IDS_MAX && state.sessionsByUse.size > 1) forgetOldest(state);
}

/** The alarm of a session went off. */
export function checkSession(state: CoreState, session: Session): void {
  if (isExpired(state, session, state.nowMs)) {
    removeSession(state, session);
    return;
  }
  state.records.sessions.touch(session);
  armCheck(state, session);
}

/** Builds what is derived of sessions. O(sessions · log sessions). */
export function restoreSessions(state: CoreState): void {
  const sessions = [...state.records.sessions.values()];
  for (const session of sessions.toSorted((a, b) => a.usedSeq - b.usedSeq)) {
    state.sessionsByUse.set(session.key, session);
    state.sessionIds += session.ids;
    state.alarms.arm(session, session.alarmAt);
  }
}

function liveSession(state: CoreState, id: string, nowMs: number): Session | undefined {
  const session = state.records.sessions.get(id);
  return session === undefined || isExpired(state, session, nowMs) ? undefined : session;
}

function isExpired(state: CoreState, { usedAt }: Session, nowMs: number): boolean {
  return usedAt + (state.settings.sessionMs ?? SESSION_MS) <= nowMs;
}

function createSession(state: CoreState, key: string): Session {
  const { sessions } = state.records;
  const expired = sessions.get(key);
  if (expired !== undefined) removeSession(state, expired);
  while (sessions.size > 0 && sessions.size >= (state.settings.sessionsMax ?? SESSIONS_MAX)) {
    forgetOldest(state);
  }
  state.recordSeq += 1;
  const session: Session = {
    table: 'sessions',
    key,
    seq: state.recordSeq,
    forgottenThrough: 0,
    outcomes: new Map(),
    ids: 0,
    usedAt: state.nowMs,
    usedSeq: state.recordSeq,
    alarmAt: 0,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  sessions.add(session);
  armCheck(state, session);
  return session;
}

/** Told before the session changes. */
function useSession(state: CoreState, session: Session): void {
  state.records.sessions.touch(session);
  session.usedAt = state.nowMs;
  // Nothing was made or used since: it stands at the end.
  if (session.usedSeq === state.recordSeq && state.sessionsByUse.has(session.key)) return;
  state.recordSeq += 1;
  session.usedSeq = state.recordSeq;
  state.sessionsByUse.delete(session.key);
  state.sessionsByUse.set(session.key, session);
}

/**
 * Lets go of outcomes that were seen, and of the oldest beyond the bounds. One that was taken out of turn
 * goes when those before it have gone; what it holds meanwhile is told to nobody.
 */
function trimOutcomes(state: CoreState, session: Session): void {
  const { outcomes } = session;
  for (const [sequence, taskIds] of outcomes) {
    const isSeen = sequence <= session.forgottenThrough;
    const isFull = outcomes.size > SESSION_OUTCOMES_MAX || session.ids > SESSION_IDS_MAX;
    if (!isSeen && !isFull) return;
    outcomes.delete(sequence);
    session.ids -= taskIds.length;
    state.sessionIds -= taskIds.length;
    session.forgottenThrough = Math.max(session.forgottenThrough, sequence);
  }
}

function armCheck(state: CoreState, session: Session): void {
  const expiresAt = session.usedAt + (state.settings.sessionMs ?? SESSION_MS);
  const step = EXPIRY_CHECKED_MS;
  session.alarmAt =
    Math.max(Math.floor(state.nowMs / step) + 1, Math.ceil(expiresAt / step)) * step;
  state.alarms.arm(session, session.alarmAt);
}

function forgetOldest(state: CoreState): void {
  const [oldest] = state.sessionsByUse.values();
  if (oldest !== undefined) removeSession(state, oldest);
}

function removeSession(state: CoreState, session: Session): void {
  state.alarms.arm(session, 0);
  state.sessionIds -= session.ids;
  state.sessionsByUse.delete(session.key);
  state.records.sessions.remove(session);
}

function sessionExpired({ id, sequence }: SessionRef): Rejection {
  return reject(
    'SESSION_EXPIRED',
    'a submit must belong to a session that is known, and its outcome must not have been let go: whether it was taken is not known',
    { session: id, sequence },
  );
}
