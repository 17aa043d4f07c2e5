import type { WindowProblem } from '../../scheduling/index.ts';

/** Number of the first reply of a thread, which says that it has started. */
export const STARTED: number = -1;

/** What the planner sends to its thread. */
export interface PlanOrder {
  readonly number: number;
  readonly problem: WindowProblem;
  readonly budgetMs: number;
}

export interface PlanReply {
  /** Of the order, or {@link STARTED}. */
  readonly number: number;
  /** The agent of each task; null where something was wrong. */
  readonly assignment: Int32Array | null;
  readonly fault: string | null;
}
