import type { AgentId, Requirement, StrategyName, TaskId } from '../core/index.ts';

/** The part of a task's profile that placement depends on. */
export interface ArrivalProfile {
  /** As in core's profile: equal exactly for equal requirements. */
  readonly signature: string;
  readonly requires: Requirement;
  /** Across namespaces, as core names its queues. */
  readonly queueName: string;
  readonly strategy: StrategyName;
  readonly paused: boolean;
  /** 0..9, 9 first. */
  readonly priority: number;
}

/** A task of the batch at hand that core will queue at once. */
export interface Arrival {
  readonly id: TaskId;
  /** Share the object among arrivals that are alike: its pool is then looked up once. */
  readonly profile: ArrivalProfile;
  readonly affinityKey: string | null;
}

export interface PlaceRequest {
  /** One entry for each slot that completions of the batch will free; agents may repeat. */
  readonly freed: readonly AgentId[];
  /** In order of submission. */
  readonly arrivals: readonly Arrival[];
  readonly nowMs: number;
  readonly assignmentsMax: number;
}

/** Proposed assignments: the task at a position goes to the agent at the same position. */
export interface Placement {
  readonly taskIds: TaskId[];
  readonly agentIds: AgentId[];
}

/** Sizes for metrics. */
export interface SchedulerCounts {
  readonly agents: number;
  /** Ready, with a free slot and credit. */
  readonly availableAgents: number;
  readonly pools: number;
  readonly lanes: number;
  readonly waiting: number;
}
