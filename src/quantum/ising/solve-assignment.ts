import type { Watch } from '../watch.ts';
import {
  assignmentQuality,
  checkAssignmentProblem,
  type AssignmentProblem,
} from './assignment/assignment-problem.ts';
import { searchAssignment } from './assignment/assignment-search.ts';
import { candidateAgents } from './assignment/candidate-agents.ts';
import { capacityPrices } from './assignment/capacity-prices.ts';
import { Effort, type SearchLimits, type StopReason } from './search/effort.ts';
import type { Improvement } from './search/incumbent.ts';

export interface AssignmentOptions extends SearchLimits {
  /** The search ends at a feasible cost of at most this. */
  readonly target?: number;
}

/** The best assignment found, and how. */
export interface AssignmentSolution {
  /** Sum of the costs; Infinity where a task is on an agent it must not be on. */
  readonly cost: number;
  /** Whether every capacity and group is kept. */
  readonly feasible: boolean;
  /** The agent of each task, from 0. */
  readonly assignment: Int32Array;
  /** Load beyond the capacities, in sum. */
  readonly overload: number;
  /** Pairs of a group on one agent. */
  readonly conflicts: number;
  /** No feasible assignment costs less; left out where a task has no agent to go to. */
  readonly bound?: number;
  /** Whether nothing feasible costs less. */
  readonly proven: boolean;
  readonly method: 'regrouping';
  readonly reason: string;
  /** Costs of feasible assignments as they improved, oldest first. */
  readonly history: readonly Improvement[];
  readonly steps: number;
  readonly timeMs: number;
  readonly stopped: StopReason;
}

const PRICING = { iterationsMax: 3000, share: 0.1 };

/**
 * Seeks the cheapest assignment of tasks to agents within capacities, until the limits are reached.
 *
 * Where none that is feasible is found, the one that breaks least is given. The same problem, options and
 * `stepsMax` give the same result, if `timeMs` does not end it first.
 *
 * @throws OrchestratorError QUANTUM_PROBLEM_INVALID, QUANTUM_OPTION_INVALID
 */
export function solveAssignment(
  problem: AssignmentProblem,
  options: AssignmentOptions,
  watch: Watch,
): AssignmentSolution {
  checkAssignmentProblem(problem);
  const effort = new Effort(options, watch);
  const finite = withFiniteCosts(problem);
  const { prices, bound } = capacityPrices(finite, effort, PRICING);
  const candidates = candidateAgents(finite, prices, effort);
  const target = Math.max(options.target ?? -Infinity, bound);
  const best = searchAssignment(finite, { prices, candidates, target }, effort);
  const quality = assignmentQuality(problem, best.agentOf);
  const proven = quality.feasible && quality.cost <= bound;
  return {
    ...quality,
    assignment: best.agentOf,
    bound: quality.feasible ? Math.min(bound, quality.cost) : bound,
    proven,
    method: 'regrouping',
    reason: `${problem.tasks} tasks on ${problem.agents} agents: priced capacities, then tasks of three agents regrouped at a time`,
    history: best.history,
    steps: effort.steps,
    timeMs: effort.elapsedMs(),
    stopped: proven ? 'proven' : (effort.stopped ?? 'done'),
  };
}

/** Costs of Infinity become so great that no sum of others reaches them. */
function withFiniteCosts(problem: AssignmentProblem): AssignmentProblem {
  if (!problem.costs.includes(Infinity)) return problem;
  let greatest = 0;
  for (const cost of problem.costs) {
    if (cost < Infinity) greatest = Math.max(greatest, Math.abs(cost));
  }
  const forbidden = 2 * (greatest + 1) * problem.tasks;
  return { ...problem, costs: problem.costs.map((cost) => Math.min(cost, forbidden)) };
}
