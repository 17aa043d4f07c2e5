import type { Tracked } from './change-set.ts';
import type { GateUse } from './gate.ts';
import type { Queue } from './queue.ts';
import { requirementKey } from './requirement.ts';
import type { AgentSpec, TaskSpec } from './spec.ts';

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
