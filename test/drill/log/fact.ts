/** What a log says, entry by entry, flat and without the state behind it: all that proofs look at. */
import type {
  BreakerChange,
  BreakerKind,
  BreakerState,
  Dependency,
  LimitSettings,
  NewTask,
  ScheduleSettings,
  TaskSpec,
} from '../../../src/core/index.ts';

/** What an attempt took: tokens, and millionths of a dollar. */
export interface Taken {
  readonly tokens: number;
  readonly micros: number;
}

/** A task as it was asked for. */
export interface AskedTask {
  readonly id: string;
  readonly spec: TaskSpec;
  readonly item: Omit<NewTask, 'id' | 'spec' | 'payloadBytes'>;
  readonly flowId: string | null;
  readonly dependsOn: readonly Dependency[];
  /** The task that core made it a copy of. */
  readonly copyOf: { readonly taskId: string; readonly kind: 'redundant' | 'hedge' } | null;
}

export type LeaseEnd = 'completed' | 'failed' | 'canceled' | 'released';

/** One kind of fact for each name. */
type Named<Name extends string, Fields> = Name extends string
  ? { readonly type: Name } & Fields
  : never;

type FactKind =
  | { readonly type: 'submitted'; readonly task: AskedTask }
  /** A submit that was answered with an earlier task. */
  | { readonly type: 'repeated'; readonly taskId: string; readonly item: NewTask }
  | { readonly type: 'flow'; readonly flowId: string; readonly budget: NewTask['budget'] | null }
  | {
      readonly type: 'started';
      readonly taskId: string;
      readonly token: number;
      readonly agentId: string;
      readonly queue: string;
      readonly capabilities: readonly string[];
    }
  /** The attempt waits for a person, or goes on. */
  | Named<'asked' | 'answered', { readonly taskId: string; readonly token: number }>
  /** A lease is over. `taken`: what the agent reported; null for nothing. */
  | {
      readonly type: 'ended';
      readonly taskId: string;
      readonly token: number;
      readonly agentId: string;
      readonly how: LeaseEnd;
      readonly code: string | null;
      readonly taken: Taken | null;
    }
  /** A task is over. `result`: JSON text of a completed one. */
  | {
      readonly type: 'settled';
      readonly taskId: string;
      readonly state: 'completed' | 'failed' | 'canceled' | 'purged';
      readonly reason: string | null;
      readonly code: string | null;
      readonly result: string | null;
    }
  | {
      readonly type: 'redriven';
      readonly taskId: string;
      readonly by: string;
      readonly why: string | null;
    }
  /** An agent said something of an attempt. */
  | {
      readonly type: 'reported';
      readonly what: string;
      readonly taskId: string;
      readonly token: number;
      readonly isTaken: boolean;
    }
  | {
      readonly type: 'output';
      readonly taskId: string;
      readonly token: number;
      readonly from: number | null;
      readonly chunks: readonly string[];
    }
  | {
      readonly type: 'answer';
      readonly taskId: string;
      readonly key: string;
      readonly answer: string;
    }
  | {
      readonly type: 'agent';
      readonly agentId: string;
      readonly slots: number;
      readonly capabilities: readonly string[];
    }
  | { readonly type: 'limit'; readonly name: string; readonly settings: LimitSettings | null }
  | { readonly type: 'queue'; readonly name: string; readonly settings: QueueBounds }
  | {
      readonly type: 'schedule';
      readonly key: string;
      readonly settings: ScheduleSettings;
      readonly nextAt: number;
    }
  | { readonly type: 'schedule-resumed'; readonly key: string; readonly nextAt: number }
  | { readonly type: 'schedule-paused'; readonly key: string }
  /** A moment was taken: its task, or `missed` moments passed over. */
  | {
      readonly type: 'moment';
      readonly key: string;
      readonly nominalAt: number;
      readonly nextAt: number;
      readonly taskId: string | null;
      readonly missed: number;
    }
  | Named<
      'fired' | 'waiting',
      {
        readonly key: string;
        readonly nominalAt: number;
        readonly taskId: string;
        readonly outcome: string;
      }
    >
  | {
      readonly type: 'skipped';
      readonly key: string;
      readonly nominalAt: number;
      readonly reason: string;
    }
  /** A tree, a flow or a task was canceled with all that came from it. */
  | { readonly type: 'cut'; readonly target: string }
  | Named<
      'killed' | 'restored',
      {
        readonly kind: 'agent' | 'namespace';
        readonly target: string;
      }
    >
  | { readonly type: 'operated'; readonly operationId: string; readonly taskId: string }
  | CallFact;

/**
 * What breakers see, in the very order in which core did it within an entry: other facts of starts and ends
 * stand by themselves.
 */
type CallFact =
  | {
      readonly type: 'call-began';
      readonly taskId: string;
      readonly token: number;
      readonly agentId: string;
      readonly capabilities: readonly string[];
      readonly downstreams: readonly string[];
    }
  /** `over`: neither well nor badly. `blames`: the service that the agent blames. */
  | {
      readonly type: 'call-ended';
      readonly taskId: string;
      readonly token: number;
      readonly how: 'completed' | 'failed' | 'over';
      readonly code: string | null;
      readonly isRetryable: boolean;
      readonly blames: string | null;
    }
  /** What holds for one breaker, or with a name of null for all of a kind. */
  | {
      readonly type: 'breaker-set';
      readonly kind: BreakerKind;
      readonly name: string | null;
      readonly settings: BreakerChange | null;
    }
  /** Somebody brought it there, or with `auto` lets it go. */
  | {
      readonly type: 'breaker-forced';
      readonly kind: BreakerKind;
      readonly name: string;
      readonly to: 'open' | 'closed' | 'auto';
    }
  /** `openUntil`: null unless it is known, and open by itself. */
  | {
      readonly type: 'breaker-changed';
      readonly kind: BreakerKind;
      readonly name: string;
      readonly from: BreakerState;
      readonly to: BreakerState;
      readonly openUntil: number | null;
    }
  | { readonly type: 'breaker-forgotten'; readonly kind: BreakerKind; readonly name: string };

/** What is known of a queue's bounds after a change. */
export interface QueueBounds {
  readonly concurrencyMax: number | null;
  readonly rate: NonNullable<LimitSettings['rate']> | null;
  readonly isPaused: boolean;
}

/** `index`: of its log entry; `at`: time of the log, in milliseconds since 1970, which never goes back. */
export type Fact = { readonly index: number; readonly at: number } & FactKind;
export type FactOf<Type extends Fact['type']> = Extract<Fact, { readonly type: Type }>;

/** A log, replayed from its first entry. */
export interface ReadLog {
  readonly facts: readonly Fact[];
  readonly entries: number;
  /** Tasks that are neither finished nor dead letters at the end, with their state. */
  readonly pending: ReadonlyMap<string, string>;
  /** Time of the log at its end. */
  readonly endedAt: number;
  /** Fingerprint of the state at the entry of the last checkpoint, replayed and as the store restored it. */
  readonly digest: string;
  readonly storeDigest: string;
}

export function ofType<Type extends Fact['type']>(
  facts: readonly Fact[],
  type: Type,
): FactOf<Type>[] {
  return facts.filter((fact): fact is FactOf<Type> => fact.type === type);
}
