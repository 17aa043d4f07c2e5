import type { AgentId, Requirement, StrategyName, TaskId, TaskState } from '../core/index.ts';
import type { Standing } from './agent-table.ts';

/** Reasons for which a matching agent is passed over. */
export type PassedOverReason = Exclude<Standing, 'available'>;

/** One thing a task requires, and how many agents have it. */
export interface RequirementExplanation {
  /** `capability NAME`, `label NAME=VALUE`, or `agent ID` for the only one that may have it. */
  readonly requirement: string;
  readonly agentsMatching: number;
  /** What some agent has that reads most like it, where no agent has it and anything is like it. */
  readonly nearest?: string;
}

/** What a namespace or fairness key has of the work, for comparison. */
export interface ShareView {
  readonly name: string;
  readonly weight: number;
  /** Tasks that run. */
  readonly running: number;
  /** What they count for: a slot each, and what they are estimated to use. */
  readonly cost: number;
  readonly waiting: number;
}

/** How the task's share stands among those that it is compared with. */
export interface FairnessExplanation {
  readonly namespace: ShareView;
  /** Part of all running cost that is the namespace's, 0..1. */
  readonly part: number;
  /** Namespaces with waiting tasks that are served before it; 0 when it is next. */
  readonly namespacesAhead: number;
  /** Its fairness key; null for a task without one. */
  readonly key: ShareView | null;
  /** What one attempt of the task counts for. */
  readonly cost: number;
}

/** A closed gate that holds the task back. */
export interface GateExplanation {
  readonly gate: string;
  readonly description: string;
  /** Moment it opens by itself, in ISO 8601; null where something must end or change. */
  readonly opensAt: string | null;
}

/** How the agent of a task with wishes was chosen, or what is planned for one that waits. */
export interface WishExplanation {
  /** `greedy`: the cheapest that was free. Null where nothing was chosen or planned. */
  readonly by: 'plan' | 'greedy' | null;
  /** A sentence without its stop. */
  readonly reason: string;
  /** What the agent cost by the task's wishes when it was chosen; null before. */
  readonly cost: number | null;
  /** The agent that it has, or is meant for. */
  readonly agentId: AgentId | null;
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
  /** The first gate that is closed to it; null where none is. */
  readonly gate: GateExplanation | null;
  readonly fairness: FairnessExplanation;
  /** Null for a task without wishes. */
  readonly placement: WishExplanation | null;
  readonly requirements: readonly RequirementExplanation[];
  readonly agents: {
    /** Agents that have all that is required; the sum of the counts below. */
    readonly matching: number;
    /** Ready, connected or asking, with a free slot. */
    readonly available: number;
    /** Each agent under the first of: lost, killed, draining, full, breaker, noCredit (not connected, not asking), asleep (as agreed). */
    readonly passedOver: Readonly<Record<PassedOverReason, number>>;
    /** Up to five agents for each reason. */
    readonly examples: Readonly<Record<Standing, readonly AgentId[]>>;
    /** When the first of those that are asleep is expected, in ISO 8601; absent where that is not known. */
    readonly wakesAt?: string;
  };
  /** What the strategy would choose now, and why; null while no agent is available. */
  readonly pick: { readonly agentId: AgentId; readonly reason: string } | null;
}
