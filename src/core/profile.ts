import type { Tracked } from './change-set.ts';
import type { GateUse } from './gate.ts';
import type { Queue } from './queue.ts';
import { requirementKey } from './requirement.ts';
import type { AgentSpec, RetryPolicy, TaskSpec, TaskTimeouts } from './spec.ts';

/** A {@link TaskSpec} held once for all live tasks that share it. */
export interface Profile extends Tracked {
  /** Never reused. */
  readonly id: number;
  readonly key: string;
  readonly spec: TaskSpec;
  /** Equal exactly for equal requirements; names a pool of agents. */
  readonly signature: string;
  readonly queue: Queue;
  /** Gates that all its tasks pass, or null; derived. */
  gates: readonly GateUse[] | null;
  /** Which specs of agents meet its requirement; a cache, kept by `agentMeets`. */
  readonly meets: Map<AgentSpec, boolean>;
  /** Live tasks that use it. */
  tasks: number;
}

/** Canonical text of a spec: equal exactly for equal specs, whatever the order of their keys. */
export function profileKey(spec: TaskSpec): string {
  const { retry, timeouts } = spec;
  return JSON.stringify([
    spec.namespace,
    spec.queue,
    spec.type,
    spec.priority,
    requirementKey(spec.requires),
    retry.attemptsMax,
    retry.strategy,
    retry.delayMs,
    retry.delayMsMax,
    retry.jitter,
    retry.nonRetryable,
    timeouts.queueMs ?? null,
    timeouts.runMs ?? null,
    timeouts.heartbeatMs ?? null,
    spec.rules ?? null,
    timeouts.totalMs ?? null,
  ]);
}

/**
 * Whether two specs are surely alike: what {@link profileKey} tells, for a tenth of its cost. Rules and labels,
 * which few have, are not looked into: false where there are any.
 */
export function isSameSpec(a: TaskSpec, b: TaskSpec): boolean {
  return (
    a.type === b.type &&
    a.queue === b.queue &&
    a.namespace === b.namespace &&
    a.priority === b.priority &&
    a.rules === undefined &&
    b.rules === undefined &&
    isSameRetry(a.retry, b.retry) &&
    isSameTimeouts(a.timeouts, b.timeouts) &&
    a.requires.agent === b.requires.agent &&
    isSameList(a.requires.capabilities, b.requires.capabilities) &&
    isEmpty(a.requires.labels) &&
    isEmpty(b.requires.labels)
  );
}

function isSameRetry(a: RetryPolicy, b: RetryPolicy): boolean {
  return (
    a.attemptsMax === b.attemptsMax &&
    a.strategy === b.strategy &&
    a.delayMs === b.delayMs &&
    a.delayMsMax === b.delayMsMax &&
    a.jitter === b.jitter &&
    isSameList(a.nonRetryable, b.nonRetryable)
  );
}

function isSameTimeouts(a: TaskTimeouts, b: TaskTimeouts): boolean {
  return (
    a.queueMs === b.queueMs &&
    a.runMs === b.runMs &&
    a.heartbeatMs === b.heartbeatMs &&
    a.totalMs === b.totalMs
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}

function isEmpty(labels: Readonly<Record<string, string>>): boolean {
  for (const name in labels) if (Object.hasOwn(labels, name)) return false;
  return true;
}
