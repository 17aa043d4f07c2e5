import { OrchestratorError } from '../../../base/errors.ts';

/**
 * Tasks to be put on agents, each on one, at the least cost and within the agents' capacities.
 *
 * The generalised assignment problem, with tasks that keep apart besides. Treat it as immutable.
 */
export interface AssignmentProblem {
  readonly agents: number;
  readonly tasks: number;
  /** Length agents × tasks: of task t on agent a at a × tasks + t. Infinity where t must not go. */
  readonly costs: Float64Array;
  /** What a task takes of the agent's capacity, at least 0; laid out as the costs. */
  readonly weights: Float64Array;
  /** Length agents, at least 0. */
  readonly capacities: Float64Array;
  /** Length tasks: no two tasks of one group, numbered from 0, may share an agent; −1 is no group. */
  readonly groups?: Int32Array;
}

/** The most costs a problem may have: 8 bytes each, the weights as much again. */
export const COSTS_MAX = 20_000_000;

/** Refuses arrays that do not fit, and numbers out of range. @throws OrchestratorError QUANTUM_PROBLEM_INVALID */
export function checkAssignmentProblem(problem: AssignmentProblem): void {
  const { agents, tasks, costs, weights, capacities, groups } = problem;
  const size = agents * tasks;
  const whole = Number.isInteger(agents) && Number.isInteger(tasks) && agents > 0 && tasks > 0;
  if (!whole || size > COSTS_MAX) {
    throw invalid(
      `agents × tasks must be 1 to ${COSTS_MAX}, both positive integers, got ${agents} × ${tasks}`,
    );
  }
  if (costs.length !== size || weights.length !== size || capacities.length !== agents) {
    throw invalid(
      `costs, weights and capacities must have ${size}, ${size} and ${agents} entries, got ${costs.length}, ${weights.length} and ${capacities.length}`,
    );
  }
  if (groups !== undefined && groups.length !== tasks) {
    throw invalid(`groups must have one entry for each of ${tasks} tasks, got ${groups.length}`);
  }
  checkEach(costs, 'a cost must be a finite number or Infinity', (cost) => cost > -Infinity);
  const amount = (value: number): boolean => value >= 0 && value < Infinity;
  checkEach(weights, 'a weight must be finite and at least 0', amount);
  checkEach(capacities, 'a capacity must be finite and at least 0', amount);
  checkEach(groups ?? [], `a group must be from -1 to ${tasks - 1}`, (g) => g >= -1 && g < tasks);
}

function checkEach(
  values: ArrayLike<number>,
  rule: string,
  holds: (value: number) => boolean,
): void {
  for (let k = 0; k < values.length; k++) {
    if (!holds(values[k])) throw invalid(`${rule}, got ${values[k]} at index ${k}`);
  }
}

function invalid(message: string): OrchestratorError {
  return new OrchestratorError('QUANTUM_PROBLEM_INVALID', message);
}

/** What an assignment comes to. */
export interface AssignmentQuality {
  readonly cost: number;
  /** What agents carry beyond their capacities, in sum. */
  readonly overload: number;
  /** Pairs of a group that share an agent. */
  readonly conflicts: number;
  readonly feasible: boolean;
}

/** Loads are sums of floats: this share of a capacity is taken for rounding. */
const LOAD_SLACK = 1e-12;

/** Computes the quality of an assignment (the agent of each task) from scratch. O(agents + tasks). */
export function assignmentQuality(
  problem: AssignmentProblem,
  assignment: ArrayLike<number>,
): AssignmentQuality {
  const { agents, tasks, costs, weights, capacities, groups } = problem;
  const loads = new Float64Array(agents);
  const seats = new Map<number, number>();
  let cost = 0;
  let conflicts = 0;
  for (let t = 0; t < tasks; t++) {
    const agent = assignment[t];
    cost += costs[agent * tasks + t];
    loads[agent] += weights[agent * tasks + t];
    const group = groups?.[t] ?? -1;
    if (group < 0) continue;
    const sharing = seats.get(group * agents + agent) ?? 0;
    conflicts += sharing;
    seats.set(group * agents + agent, sharing + 1);
  }
  let overload = 0;
  for (let a = 0; a < agents; a++) {
    const excess = loads[a] - capacities[a];
    if (excess > LOAD_SLACK * capacities[a]) overload += excess;
  }
  const feasible = overload === 0 && conflicts === 0 && cost < Infinity;
  return { cost, overload, conflicts, feasible };
}
