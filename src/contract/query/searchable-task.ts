import type { ErrorInfo, TaskStateName } from '../task.ts';

/**
 * A task as queries see it, live or finished. Give it as getters: a query reads what it asks for only.
 *
 * Moments are milliseconds since 1970, 0 where there is none.
 */
export interface SearchableTask {
  readonly id: string;
  readonly state: TaskStateName;
  readonly type: string;
  readonly queue: string;
  readonly namespace: string;
  readonly priority: number;
  /** Attempts started so far. */
  readonly attempt: number;
  /** Agent of the newest attempt. */
  readonly agentId: string | null;
  readonly reason: string | null;
  /** Its own error, or else that of its newest failed attempt. */
  readonly error: ErrorInfo | null;
  readonly affinityKey: string | null;
  readonly idempotencyKey: string | null;
  readonly concurrencyKey?: string | null;
  /** Labels that it requires of its agent. */
  readonly labels: Readonly<Record<string, string>>;
  /** Capabilities that it requires of its agent. */
  readonly capabilities: readonly string[];
  readonly createdAt: number;
  /** When it entered its state. */
  readonly stateAt: number;
  /** When the newest attempt started. */
  readonly startedAt: number;
  /** When the newest attempt ended; 0 while it runs. */
  readonly endedAt: number;
  readonly runAt: number;
  readonly deadlineAt: number;
  readonly payloadBytes: number;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** The flow it is a step of. */
  readonly flow?: string | null;
  /** The task that submitted it. */
  readonly parent?: string | null;
  /** The schedule that made it. */
  readonly schedule?: string | null;
}
