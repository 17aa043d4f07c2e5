import type { BreakerChange, BreakerDefaults, BreakerKind } from './breaker-settings.ts';
import type { Dependency, ParentEnd } from './flow.ts';
import type { Budget, Usage } from './tree.ts';
import type { AgentId, TaskId } from './ids.ts';
import type { FailureGroupState } from './failure-group.ts';
import type { NewOperation } from './operation.ts';
import type { RedriveItem, RedriveOrder } from './redrive.ts';
import type { Dedupe, Estimate, LimitUse, TaskPlacement } from './control.ts';
import type { FairnessSettings } from './fairness.ts';
import type { AgentSpec, LimitSettings, QueueChange, QueueSettings, TaskSpec } from './spec.ts';
import type { OverlapPolicy, ScheduleSettings } from './schedule.ts';
import type { SessionRef } from './session.ts';
import type { TaskError } from './task.ts';

/** One task of a submit; `spec` points into the command's `specs`. */
export interface NewTask {
  readonly id: TaskId;
  readonly spec: number;
  readonly payloadBytes: number;
  /** Moment before which it must not start, in milliseconds since 1970; absent means at once. */
  readonly runAt?: number;
  readonly deadlineAt?: number;
  readonly affinityKey?: string;
  readonly idempotencyKey?: string;
  /** Hash of everything the caller sent; tells a repeat from a conflict. Present with the key. */
  readonly bodyHash?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** W3C trace context of whoever submitted it. */
  readonly traceparent?: string;
  /** Tasks of this submit or known ones that must end before it starts. */
  readonly dependsOn?: readonly Dependency[];
  /** Its name among the tasks of this submit, for messages and for those that depend on it. */
  readonly ref?: string;
  /** The running task that it comes from. */
  readonly parentId?: TaskId;
  /** Token of the attempt that submits it; absent where that is not known. */
  readonly parentToken?: number;
  /** Hash of its payload; present with a parent. */
  readonly hash?: string;
  /** Hash of its parent's payload; only a parent that has no parent itself needs it. */
  readonly parentHash?: string;
  /** May come from a task with the same type and payload. */
  readonly allowsLoop?: boolean;
  /** What it and all that comes from it may take. */
  readonly budget?: Budget;
  /** Its namespace's tasks of this key are held to `rules.concurrency`, one at a time without that. */
  readonly concurrencyKey?: string;
  /** Tasks of its namespace are dealt out fairly between their keys. */
  readonly fairnessKey?: string;
  readonly limits?: readonly LimitUse[];
  readonly dedupe?: Dedupe;
  readonly estimate?: Estimate;
  readonly placement?: TaskPlacement;
}

/** A set of tasks submitted together under a name of its own. */
export interface NewFlow {
  readonly id: string;
  readonly name?: string;
  readonly budget?: Budget;
}

/** Names one attempt: the task and the token it was given. */
export interface LeaseRef {
  readonly taskId: TaskId;
  readonly fencingToken: number;
}

export interface Completion extends LeaseRef {
  readonly resultBytes: number;
  /** What the attempt took; absent, its estimate counts. */
  readonly usage?: Usage;
  /** Of a redundant copy's result: equal for results that count as the same. */
  readonly hash?: string;
}

export interface AttemptError extends LeaseRef {
  readonly error: TaskError;
  readonly retryable: boolean;
  /** Shortest wait before the next attempt that the agent asks for, in milliseconds. */
  readonly retryAfterMs?: number;
  /** What the attempt took; absent, its estimate counts. */
  readonly usage?: Usage;
  /** What the next attempt should know to do better. */
  readonly critique?: string;
  /** The service whose fault it was: then nobody else is blamed. */
  readonly downstream?: string;
}

/** Chunks of an attempt's output, one after the other; their texts go beside the command. */
export interface OutputItem extends LeaseRef {
  /** Ordinal of the first among the attempt's chunks, from 0; null to follow the last one taken. */
  readonly from: number | null;
  /** UTF-16 units of each chunk's JSON text. */
  readonly lengths: readonly number[];
}

/** What an attempt says of how far it is. */
export interface DetailsItem extends LeaseRef {
  /** JSON text. */
  readonly details: string;
}

/** A question of an attempt; see `Question` for its fields. */
export interface AskItem extends LeaseRef {
  /** Null for its ordinal among the attempt's questions. */
  readonly key: string | null;
  readonly message: string;
  readonly schema: string | null;
  readonly default: string | null;
  readonly answerers: readonly string[] | null;
  /** How long it is waited for, in milliseconds; 0 for ever. */
  readonly expiresMs: number;
}

/** An answer to the question that the attempt with that token asked under that key. */
export interface AnswerItem extends LeaseRef {
  readonly key: string;
  /** JSON text. */
  readonly answer: string;
  readonly by: string | null;
}

/** A moment of a schedule that has come. */
export interface FiringItem {
  readonly key: string;
  /** Must be the schedule's next one. */
  readonly nominalAt: number;
  /** The one that follows; 0 for none. */
  readonly nextAt: number;
  /** Id of its task; null where it is passed over, because it is too late or a later one stands for it. */
  readonly taskId: TaskId | null;
  /** Moments passed over, from `nominalAt` to before `nextAt`; 0 with a task. */
  readonly missed: number;
}

/** A moment of the past that a schedule fires for. */
export interface BackfillItem {
  readonly nominalAt: number;
  readonly taskId: TaskId;
  /** Moment before which the task must not start; absent means at once. */
  readonly runAt?: number;
}

/** Changes of schedules; see `schedules.ts` and `firings.ts`. */
export type ScheduleCommand =
  | {
      readonly type: 'schedule.set';
      readonly namespace: string;
      readonly name: string;
      readonly settings: ScheduleSettings;
      /** Its first moment; 0 for none. */
      readonly nextAt: number;
    }
  | { readonly type: 'schedule.remove'; readonly key: string }
  | {
      readonly type: 'schedule.pause';
      readonly key: string;
      readonly reason: string | null;
      readonly by: string | null;
    }
  | { readonly type: 'schedule.resume'; readonly key: string; readonly nextAt: number }
  | { readonly type: 'schedule.fire'; readonly items: readonly FiringItem[] }
  | {
      readonly type: 'schedule.trigger';
      readonly key: string;
      readonly taskId: TaskId;
      /** Its own when null. */
      readonly overlap: OverlapPolicy | null;
    }
  /** Taken whole or not at all. */
  | {
      readonly type: 'schedule.backfill';
      readonly key: string;
      readonly overlap: OverlapPolicy;
      readonly items: readonly BackfillItem[];
    };

/** A submit too large for one entry, in parts; see `staging.ts`. */
export type StageCommand =
  | {
      readonly type: 'stage.add';
      readonly stageId: string;
      /** From 0. */
      readonly index: number;
      readonly specs: readonly TaskSpec[];
      /** Each stands after those that it depends on, of this part and of those before it. */
      readonly tasks: readonly NewTask[];
      /** JSON texts. */
      readonly payloads: readonly string[];
    }
  | {
      readonly type: 'stage.commit';
      readonly stageId: string;
      /** How many there must be. */
      readonly parts: number;
      readonly ends?: readonly ParentEnd[];
      readonly flow?: NewFlow;
      readonly session?: SessionRef;
    }
  | { readonly type: 'stage.drop'; readonly stageId: string };

/** Bounds that core keeps; part of the replicated state so that every replica keeps the same. */
export interface CoreSettings {
  /** How long an idempotency key is remembered, in milliseconds. */
  readonly idempotencyWindowMs: number;
  readonly idempotencyKeysMax: number;
  readonly queuesMax: number;
  readonly agentsMax: number;
  /** Tasks that one step tells of the end of another, at most; the rest follows with the clock. */
  readonly flowStepMax: number;
  /** Generations of tasks that come from one another, at most. */
  readonly depthMax: number;
  /** Tasks that one task may submit, at most. */
  readonly fanOutMax: number;
  /** Different agents that a task may lose before it is held back as poison; 0 for any. Absent: 3. */
  readonly poisonAgents?: number;
  /** How long a session is kept that is not used, in milliseconds, and how many are. Absent: an hour, 100,000. */
  readonly sessionMs?: number;
  readonly sessionsMax?: number;
  /** Settings of a queue that its first task creates. */
  readonly queueDefaults: QueueSettings;
  /** How work is shared between namespaces; absent for the defaults. */
  readonly fairness?: FairnessSettings;
  /** What is set for all breakers of a kind; absent for the defaults. */
  readonly breakers?: BreakerDefaults;
}

/**
 * A change asked of core. Plain data: what the log keeps and replicas replay.
 *
 * Those with `items` or `ids` are judged item by item; `task.submit` is taken whole or not at all.
 */
export type Command =
  | {
      readonly type: 'task.submit';
      readonly specs: readonly TaskSpec[];
      readonly tasks: readonly NewTask[];
      /** How parents ended that core may hold no more. */
      readonly ends?: readonly ParentEnd[];
      /** Makes the tasks a flow. */
      readonly flow?: NewFlow;
      /** Whose it is: a repeat gets what the first got, whatever its tasks. */
      readonly session?: SessionRef;
    }
  | { readonly type: 'session.open'; readonly sessionId: string }
  | {
      readonly type: 'task.assign';
      readonly taskIds: readonly TaskId[];
      readonly agentIds: readonly AgentId[];
    }
  | { readonly type: 'task.complete'; readonly items: readonly Completion[] }
  | { readonly type: 'task.fail'; readonly items: readonly AttemptError[] }
  | { readonly type: 'task.release'; readonly items: readonly LeaseRef[]; readonly reason: string }
  /** Takes leases back because their agents fell silent about them; the tasks are retried at once. */
  | {
      readonly type: 'task.break';
      readonly items: readonly LeaseRef[];
      readonly error: TaskError;
      readonly reason: string;
    }
  | { readonly type: 'task.extend'; readonly items: readonly LeaseRef[]; readonly runMs: number }
  | { readonly type: 'task.details'; readonly items: readonly DetailsItem[] }
  | { readonly type: 'task.ask'; readonly items: readonly AskItem[] }
  | { readonly type: 'task.answer'; readonly items: readonly AnswerItem[] }
  /** Ends a task and all that came from it, or a flow. */
  | { readonly type: 'tree.cancel'; readonly target: string; readonly reason: string }
  | {
      readonly type: 'tree.kill' | 'agent.kill' | 'namespace.kill';
      readonly target: string;
      readonly reason: string;
      /** Who says so; null for nobody. */
      readonly by: string | null;
    }
  | { readonly type: 'agent.restore' | 'namespace.restore'; readonly target: string }
  /** `graceMs`: how long a running attempt may go on to end by itself; absent for not at all. */
  | {
      readonly type: 'task.cancel';
      readonly taskIds: readonly TaskId[];
      readonly reason: string;
      readonly graceMs?: number;
    }
  | { readonly type: 'task.output'; readonly items: readonly OutputItem[] }
  /** Starts a copy of each beside its running attempt. */
  | { readonly type: 'task.hedge'; readonly items: readonly LeaseRef[] }
  | { readonly type: 'task.retry'; readonly taskIds: readonly TaskId[] }
  | { readonly type: 'dead-letter.purge'; readonly taskIds: readonly TaskId[] }
  /** The entry has the payloads of the items that come with a size of one: all of them do, or none. */
  | ({ readonly type: 'task.redrive'; readonly items: readonly RedriveItem[] } & RedriveOrder)
  | {
      readonly type: 'failure-group.set';
      readonly key: string;
      readonly state: FailureGroupState;
      readonly by: string;
      readonly note: string | null;
    }
  | { readonly type: 'operation.start'; readonly operation: NewOperation }
  | {
      readonly type: 'operation.act';
      readonly operationId: string;
      /** The operation's cursor, and what it becomes: empty after the last task. */
      readonly from: string;
      readonly to: string;
      /** Newest first. */
      readonly taskIds: readonly TaskId[];
      /** Sizes of the payloads that the entry has for them; absent where they keep their own. */
      readonly payloadBytes?: readonly number[];
    }
  | {
      readonly type: 'operation.end';
      readonly operationId: string;
      readonly state: 'aborted' | 'failed';
      readonly by: string | null;
      readonly reason: string | null;
    }
  | {
      readonly type: 'agent.register';
      readonly agentId: AgentId;
      readonly incarnation: string;
      readonly spec: AgentSpec;
    }
  | {
      /** Registers the agents of one process: those alike share a spec. */
      readonly type: 'agent.enroll';
      readonly incarnation: string;
      readonly specs: readonly AgentSpec[];
      readonly agentIds: readonly AgentId[];
      /** For each agent the position of its spec. */
      readonly specOf: readonly number[];
    }
  | {
      readonly type: 'agent.drain' | 'agent.lost' | 'agent.back' | 'agent.remove';
      readonly agentId: AgentId;
    }
  | {
      readonly type: 'queue.set';
      readonly queue: string;
      readonly settings: QueueChange;
    }
  | { readonly type: 'limit.set'; readonly limit: string; readonly settings: LimitSettings }
  | { readonly type: 'limit.remove'; readonly limit: string }
  /** What is absent stays; a weight of null goes back to 1. */
  | {
      readonly type: 'fairness.set';
      readonly weights?: Readonly<Record<string, number | null>>;
      readonly tokensPerSlot?: number;
      readonly usdPerSlot?: number;
    }
  /** `name`: null for all of the kind; `settings`: null for none of its own. */
  | {
      readonly type: 'breaker.set';
      readonly kind: BreakerKind;
      readonly name: string | null;
      readonly settings: BreakerChange | null;
    }
  | {
      readonly type: 'breaker.force';
      readonly kind: BreakerKind;
      readonly name: string;
      readonly to: 'open' | 'closed' | 'auto';
      readonly reason: string | null;
      readonly by: string | null;
    }
  | { readonly type: 'queue.pause' | 'queue.resume' | 'queue.remove'; readonly queue: string }
  | ScheduleCommand
  | StageCommand
  | { readonly type: 'settings.set'; readonly settings: CoreSettings }
  | { readonly type: 'clock.advance' };

/** The commands of one log entry, with the moment its leader gave them. */
export interface CommandBatch {
  /** Milliseconds since 1970. A value below the state's time is lifted to it. */
  readonly at: number;
  readonly commands: readonly Command[];
}
