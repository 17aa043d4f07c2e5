/**
 * The question that a plan answers: which of the waiting tasks in a window had best go to which agents.
 *
 * A generalised assignment problem in the terms of `quantum/ising`: each task takes one place, and each agent
 * gets so many of the window as its slots are of all slots. Pure numbers, fit to be sent to a thread.
 */
import type { AgentId, AgentSpec, TaskPlacement } from '../../core/index.ts';
import { APART_COST, wishCost } from './wish-cost.ts';

export interface WindowProblem {
  readonly agents: number;
  readonly tasks: number;
  /** Length agents × tasks: of task t on agent a at a × tasks + t. Finite. */
  readonly costs: Float64Array;
  /** All 1; laid out as the costs. */
  readonly weights: Float64Array;
  /** Length agents: tasks of the window that each is expected to take; whole, in sum at least `tasks`. */
  readonly capacities: Float64Array;
  /** Length tasks: tasks of one number had best be apart; −1 is no group. */
  readonly groups: Int32Array;
}

export interface WindowTask {
  readonly wish: TaskPlacement;
  readonly group: string | null;
}

export interface WindowAgent {
  readonly id: AgentId;
  readonly spec: AgentSpec;
}

/**
 * Builds the problem. O(tasks · agents).
 *
 * @param tasks - in the order of their turns; at least one
 * @param agents - at least one
 * @param neighbours - tasks of a group that an agent has now
 */
export function windowProblem(
  tasks: readonly WindowTask[],
  agents: readonly WindowAgent[],
  neighbours: (group: string | null, agentId: AgentId) => number,
): WindowProblem {
  const costs = new Float64Array(agents.length * tasks.length);
  let slots = 0;
  for (const [a, { id, spec }] of agents.entries()) {
    slots += spec.slots;
    for (const [t, { group, wish }] of tasks.entries()) {
      costs[a * tasks.length + t] = wishCost(wish, spec, neighbours(group, id));
    }
  }
  const share = tasks.length / slots;
  const capacities = Float64Array.from(agents, ({ spec }) => Math.ceil(spec.slots * share));
  return {
    agents: agents.length,
    tasks: tasks.length,
    costs,
    weights: new Float64Array(costs.length).fill(1),
    capacities,
    groups: numbersOf(tasks),
  };
}

/** Whether each task has an agent, and no agent more than it is expected to take. O(tasks + agents). */
export function keepsCapacities(problem: WindowProblem, assignment: ArrayLike<number>): boolean {
  if (assignment.length !== problem.tasks) return false;
  const loads = new Float64Array(problem.agents);
  for (let t = 0; t < problem.tasks; t++) {
    const agent = assignment[t] as number;
    if (!Number.isInteger(agent) || agent < 0 || agent >= problem.agents) return false;
    loads[agent] = (loads[agent] as number) + 1;
  }
  return loads.every((load, agent) => load <= (problem.capacities[agent] as number));
}

/** What an assignment (the agent of each task) costs, with each pair of a group on one agent. O(tasks). */
export function windowCost(problem: WindowProblem, assignment: ArrayLike<number>): number {
  const seats = new Map<number, number>();
  let cost = 0;
  for (let t = 0; t < problem.tasks; t++) {
    const agent = assignment[t] as number;
    cost += problem.costs[agent * problem.tasks + t] as number;
    cost += APART_COST * seat(seats, problem, t, agent);
  }
  return cost;
}

/**
 * What comes of it without a plan: slots become free in turn, one of each agent after the other, and whoever
 * is first in the line takes the next one. O(tasks + agents).
 */
export function firstCome({ agents, capacities, tasks }: WindowProblem): Int32Array {
  const assignment = new Int32Array(tasks);
  let next = 0;
  for (let round = 0; next < tasks; round++) {
    for (let a = 0; a < agents && next < tasks; a++) {
      if ((capacities[a] as number) > round) assignment[next++] = a;
    }
  }
  return assignment;
}

/** Each task in turn takes the cheapest agent that has room for it. O(tasks · agents). */
export function cheapestFirst(problem: WindowProblem): Int32Array {
  const { agents, capacities, costs, tasks } = problem;
  const left = capacities.slice();
  const seats = new Map<number, number>();
  const assignment = new Int32Array(tasks);
  for (let t = 0; t < tasks; t++) {
    let best = -1;
    let least = Infinity;
    for (let a = 0; a < agents; a++) {
      if ((left[a] as number) < 1) continue;
      const group = problem.groups[t] as number;
      const near = group < 0 ? 0 : (seats.get(group * agents + a) ?? 0);
      const cost = (costs[a * tasks + t] as number) + APART_COST * near;
      if (cost >= least) continue;
      best = a;
      least = cost;
    }
    left[best] = (left[best] as number) - 1;
    seat(seats, problem, t, best);
    assignment[t] = best;
  }
  return assignment;
}

/** Seats a task, and says how many of its group the agent had before. */
function seat(
  seats: Map<number, number>,
  { agents, groups }: WindowProblem,
  task: number,
  agent: number,
): number {
  const group = groups[task] as number;
  if (group < 0) return 0;
  const key = group * agents + agent;
  const before = seats.get(key) ?? 0;
  seats.set(key, before + 1);
  return before;
}

function numbersOf(tasks: readonly WindowTask[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(tasks, ({ group }) => {
    if (group === null) return -1;
    const known = numbers.get(group) ?? numbers.size;
    numbers.set(group, known);
    return known;
  });
}
