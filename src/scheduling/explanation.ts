import type { AgentId, Requirement, StrategyName, TaskId, TaskState } from '../core/index.ts';
import type { Standing } from './agent-table.ts';

/** Reasons for which a matching agent is passed over. */
export type PassedOverReason = Exclude<Standing, 'available'>;

/** One thing a task requires, and how many agents have it. */
export interface RequirementExplanation {
  /** `capability NAME` or `label NAME=VALUE`. */
  readonly requirement: string;
  readonly agentsMatching: number;
  /** What some agent has that reads most like it, where no agent has it and anything is like it. */
  readonly nearest?: string;
}

/** Why a task is where it is, and what would happen to it now; plain JSON. */
export interface Explanation {
  readonly taskId: TaskId;
  readonly state: TaskState;
  readonly queue: string;
  /** Signature of the pool of agents that could take it. */
  readonly pool: string;
  readonly requires: Requirement;
  readonly strategy: StrategyName;
  /** Waiting tasks of its pool and queue whose turn comes first. */
  readonly waitingAhead: number;
  /** One sentence a person can act on, without its stop. */
  readonly verdict: string;
  readonly requirements: readonly RequirementExplanation[];
  readonly agents: {
    /** Agents that have all that is required; the sum of the counts below. */
    readonly matching: number;
    /** Ready, connected or asking, with a free slot. */
    readonly available: number;
    /** Each agent under the first of: lost, draining, full, noCredit (not connected, not asking). */
    readonly passedOver: Readonly<Record<PassedOverReason, number>>;
    /** Up to five agents for each reason. */
    readonly examples: Readonly<Record<Standing, readonly AgentId[]>>;
  };
  /** What the strategy would choose now, and why; null while no agent is available. */
  readonly pick: { readonly agentId: AgentId; readonly reason: string } | null;
}
