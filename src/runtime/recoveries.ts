import type { RecoveryView } from '../contract/index.ts';
import type { Clock } from './clock.ts';
import type { EventFeed } from './event-feed.ts';
import type { Learner } from './learned.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import { iso } from './views.ts';

/** Recoveries kept, at most. */
export const RECOVERIES_MAX = 200;

/** The same that happens again so soon is counted, not listed anew. */
const SAME_MS = 300_000;

export type RecoveryKind =
  | 'task.stuck'
  | 'agent.lost'
  | 'agent.restarted'
  | 'breaker'
  | 'check.log'
  | 'check.store'
  | 'check.disk'
  | 'clock.stepped'
  | 'loop.stalled';

export interface Recovery {
  readonly kind: RecoveryKind;
  readonly subject: string;
  readonly cause: string;
  readonly outcome: string;
  readonly isResolved: boolean;
}

interface Kept extends Recovery {
  readonly firstAt: number;
  readonly at: number;
  readonly count: number;
}

export interface RecoveriesParts {
  readonly clock: Clock;
  readonly feed: EventFeed;
  readonly logger: RuntimeLogger;
}

/** What went wrong by itself and was dealt with, newest last: bounded, and learned anew after a crash. */
export class Recoveries implements Learner {
  readonly #parts: RecoveriesParts;
  readonly #counts = new Map<RecoveryKind, number>();
  #kept: Kept[] = [];

  constructor(parts: RecoveriesParts) {
    this.#parts = parts;
  }

  /** Keeps it, logs it and tells followers. */
  record(recovery: Recovery): void {
    const { clock, feed, logger } = this.#parts;
    const at = clock.now();
    const { cause, isResolved, kind, outcome, subject } = recovery;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const same = this.#kept.findLast((one) => one.kind === kind && one.subject === subject);
    const isAgain = same !== undefined && at - same.at <= SAME_MS;
    const before = isAgain ? same : { firstAt: at, count: 0 };
    if (isAgain) this.#kept = this.#kept.filter((one) => one !== same);
    this.#kept.push({ ...recovery, at, firstAt: before.firstAt, count: before.count + 1 });
    if (this.#kept.length > RECOVERIES_MAX) this.#kept.shift();
    const fields = { kind, subject, cause, outcome };
    if (isResolved) logger.info('something went wrong and is well again', fields);
    else logger.warn('something went wrong', fields);
    const state = isResolved ? 'resolved' : 'open';
    feed.tell({
      at,
      type: 'recovery',
      state,
      key: subject,
      reason: kind,
      message: cause,
      note: outcome,
    });
  }

  /** Newest first. */
  list(limit: number = RECOVERIES_MAX): RecoveryView[] {
    const newest = this.#kept.slice(-limit).toReversed();
    return newest.map(({ at, firstAt, ...rest }) => ({
      at: iso(at),
      firstAt: iso(firstAt),
      ...rest,
    }));
  }

  remember(): readonly Kept[] {
    return this.#kept;
  }

  /** What was counted stays with the process that counted. */
  recall(known: unknown): void {
    if (!Array.isArray(known)) return;
    this.#kept = [...known.filter(isKept), ...this.#kept].slice(-RECOVERIES_MAX);
  }

  /** How often each kind happened since the start. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}

const TEXTS = ['kind', 'subject', 'cause', 'outcome'] as const;
const NUMBERS = ['at', 'firstAt', 'count'] as const;

function isKept(value: unknown): value is Kept {
  const fields = (value ?? {}) as Partial<Record<keyof Kept, unknown>>;
  return (
    TEXTS.every((name) => typeof fields[name] === 'string') &&
    NUMBERS.every((name) => Number.isSafeInteger(fields[name])) &&
    typeof fields.isResolved === 'boolean'
  );
}
