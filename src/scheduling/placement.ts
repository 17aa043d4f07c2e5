import type {
  AgentId,
  GateUse,
  Requirement,
  StrategyName,
  Task,
  TaskControl,
  TaskId,
} from '../core/index.ts';

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
  /** Of the queue, where it has limits. */
  readonly queueGate: GateUse | null;
  /** Of the profile, where it has any. */
  readonly gates: readonly GateUse[] | null;
}

/** A task of the batch at hand that core will queue at once. */
export interface Arrival {
  readonly id: TaskId;
  /** Share the object among arrivals that are alike: its pool is then looked up once. */
  readonly profile: ArrivalProfile;
  readonly affinityKey: string | null;
  /** Keys, limits and cost of its own; null for nearly all. */
  readonly control: TaskControl | null;
  /** The gates that its control names; they need not be core's yet. */
  readonly gates: readonly GateUse[] | null;
}

export interface PlaceRequest {
  /** One entry for each slot that completions of the batch will free; agents may repeat. */
  readonly freed: readonly AgentId[];
  /** Tasks whose attempt the batch will end: what they hold of gates and shares is given back. */
  readonly ended: readonly Task[];
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
