import type { AgentId, TaskId } from './ids.ts';
import type { AgentSpec, QueueSettings, TaskSpec } from './spec.ts';
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
}

/** Names one attempt: the task and the token it was given. */
export interface LeaseRef {
  readonly taskId: TaskId;
  readonly fencingToken: number;
}

export interface Completion extends LeaseRef {
  readonly resultBytes: number;
}

export interface AttemptError extends LeaseRef {
  readonly error: TaskError;
  readonly retryable: boolean;
  /** Shortest wait before the next attempt that the agent asks for, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Bounds that core keeps; part of the replicated state so that every replica keeps the same. */
export interface CoreSettings {
  /** How long an idempotency key is remembered, in milliseconds. */
  readonly idempotencyWindowMs: number;
  readonly idempotencyKeysMax: number;
  readonly queuesMax: number;
  readonly agentsMax: number;
  /** Settings of a queue that its first task creates. */
  readonly queueDefaults: QueueSettings;
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
    }
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
  | { readonly type: 'task.cancel'; readonly taskIds: readonly TaskId[]; readonly reason: string }
  | { readonly type: 'task.retry'; readonly taskIds: readonly TaskId[] }
  | { readonly type: 'dead-letter.purge'; readonly taskIds: readonly TaskId[] }
  | {
      readonly type: 'agent.register';
      readonly agentId: AgentId;
      readonly incarnation: string;
      readonly spec: AgentSpec;
    }
  | {
      readonly type: 'agent.drain' | 'agent.lost' | 'agent.back' | 'agent.remove';
      readonly agentId: AgentId;
    }
  | {
      readonly type: 'queue.set';
      readonly queue: string;
      readonly settings: Partial<QueueSettings>;
    }
  | { readonly type: 'queue.pause' | 'queue.resume'; readonly queue: string }
  | { readonly type: 'settings.set'; readonly settings: CoreSettings }
  | { readonly type: 'clock.advance' };

/** The commands of one log entry, with the moment its leader gave them. */
export interface CommandBatch {
  /** Milliseconds since 1970. A value below the state's time is lifted to it. */
  readonly at: number;
  readonly commands: readonly Command[];
}
