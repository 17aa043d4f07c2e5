import type { WindowProblem } from '../../scheduling/index.ts';

/** What the planner sends to its thread. */
export interface PlanOrder {
  readonly number: number;
  readonly problem: WindowProblem;
  readonly budgetMs: number;
}

export interface PlanReply {
  readonly number: number;
  /** The agent of each task; null where something was wrong. */
  readonly assignment: Int32Array | null;
  readonly fault: string | null;
}
