import type { LastError, LeaseExtra } from '../contract/index.ts';
import type { AgentId, AttemptFailure, Task, TaskExtra, TaskId } from '../core/index.ts';

/** How an agent takes its tasks. */
export type LinkKind = 'in-process' | 'channel' | 'poll' | 'webhook';

/** A lease on its way to an agent. */
export interface Lease {
  readonly agentId: AgentId;
  readonly taskId: TaskId;
  readonly fencingToken: number;
  readonly attempt: number;
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
  /** Moment the attempt times out, or 0 for never. */
  readonly runUntil: number;
  /** What few leases carry. */
  readonly extra: LeaseExtra | null;
}

/**
 * The way to one or many agents: their handlers, their WebSocket, or their open poll request.
 *
 * `lease`, `revoke` and `answer` may gather; everything leaves at the latest with the `flush` that follows.
 */
export interface AgentLink {
  readonly kind: LinkKind;
  /**
   * When anything was last heard over this link, on the monotonic clock; it speaks for all its agents.
   * Infinity: its agents are present as long as it serves them, and cost no watching.
   */
  readonly lastHeardMs: number;
  /** Of a link that calls its agent: when it does again after calls failed, in milliseconds since 1970; null for now. */
  readonly restsUntil?: number | null;
  lease(lease: Lease): void;
  revoke(agentId: AgentId, taskId: TaskId, fencingToken: number, reason: string): void;
  /** A question of an attempt was answered; `answer` is JSON text. */
  answer(attempt: HeldLease, key: string, answer: string): void;
  /** The attempt should end by itself: past `until`, in milliseconds since 1970, it loses its lease. */
  cancelRequested(attempt: HeldLease, reason: string, until: number): void;
  flush(): void;
  /** Another link took over this one's agent: it must not serve it any more. */
  replaced(agentId: AgentId): void;
}

/** Names a lease, such as one that its agent says it still works on after a reconnect. */
export interface HeldLease {
  readonly taskId: TaskId;
  readonly fencingToken: number;
}

/** @param parents - how the tasks it depended on ended, as JSON text; null without any */
export function leaseOf(task: Task, payload: string, parents: string | null): Lease {
  return {
    agentId: task.agentId as AgentId,
    taskId: task.id,
    fencingToken: task.fencingToken,
    attempt: task.attempt,
    type: task.profile.spec.type,
    payload,
    runUntil: task.runUntil,
    extra: task.extra === null && task.failures.length === 0 ? null : extraOf(task, parents),
  };
}

function extraOf({ extra, failures }: Task, parents: string | null): LeaseExtra | null {
  const { details = null, traceparent = null, critique = null, cancel = null } = extra ?? NONE;
  const lastError = lastErrorOf(failures.at(-1));
  const isPlain = details === null && traceparent === null && parents === null;
  if (isPlain && lastError === null && cancel === null) return null;
  const hint = critique === null ? {} : { critique };
  const wish = cancel === null ? {} : { cancel: { reason: cancel.reason, until: cancel.until } };
  return {
    details,
    traceparent,
    ...(parents === null ? {} : { parents }),
    ...(lastError === null ? {} : { lastError }),
    ...hint,
    ...wish,
  };
}

const NONE: Partial<TaskExtra> = {};

function lastErrorOf(failure: AttemptFailure | undefined): LastError | null {
  if (failure === undefined) return null;
  const { agentId, attempt, error } = failure;
  return { ...error, attempt, agentId };
}
