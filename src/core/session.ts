/** What core remembers of a submitter, so that what it sends again makes no second task. */
import type { TaskId } from './ids.ts';
import type { CoreRecord } from './record.ts';

/** Names a submit of a session. */
export interface SessionRef {
  readonly id: string;
  /** Of the submit among those of the session, from 1. A repeat has that of the first. */
  readonly sequence: number;
  /** The submitter has seen the answers of all up to this one, and repeats none of them. */
  readonly acknowledged: number;
  /** Opens the session where it is not known: for who can be sure that it is new. */
  readonly opens?: true;
}

export interface Session extends CoreRecord, SessionFields {
  readonly table: 'sessions';
  /** Ids in its outcomes. Derived. */
  ids: number;
}

interface SessionFields {
  /** Outcomes up to this sequence number are not known any more. */
  forgottenThrough: number;
  /** Task ids of submits by sequence number, in the order in which they were taken. */
  readonly outcomes: Map<number, readonly TaskId[]>;
  /** When it was opened, or took a submit last. */
  usedAt: number;
  /** Place among all uses of sessions; greater is later. */
  usedSeq: number;
  /** When it is looked at next: kept, so that a restored one is looked at when the others are. */
  alarmAt: number;
}

/** Outcomes kept of one session, and task ids in them, at most. */
export const SESSION_OUTCOMES_MAX = 1_024;
export const SESSION_IDS_MAX = 120_000;
/** Task ids kept of all sessions, at most. */
export const SESSIONS_IDS_MAX = 1_000_000;
/** Where the settings say nothing: how long an unused session is kept, in milliseconds, and how many are. */
export const SESSION_MS = 3_600_000;
export const SESSIONS_MAX = 100_000;

export function sessionFields(session: Session): readonly unknown[] {
  const { alarmAt, forgottenThrough, outcomes, usedAt, usedSeq } = session;
  return [forgottenThrough, [...outcomes], usedAt, usedSeq, alarmAt];
}

export function readSession(fields: readonly unknown[]): SessionFields & Pick<Session, 'ids'> {
  const [forgottenThrough, kept, usedAt, usedSeq, alarmAt] = fields as [
    number,
    readonly (readonly [number, readonly TaskId[]])[],
    number,
    number,
    number,
  ];
  const outcomes = new Map(kept);
  let ids = 0;
  for (const outcome of outcomes.values()) ids += outcome.length;
  return { forgottenThrough, outcomes, usedAt, usedSeq, alarmAt, ids };
}
