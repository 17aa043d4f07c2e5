import type { AssignmentProblem } from './assignment-problem.ts';

/** An assignment with what a search asks of it all the time. Mutable; every task is always on some agent. */
export class AssignmentState {
  /** The agent of each task. */
  readonly agentOf: Int32Array;
  readonly loads: Float64Array;
  /** How many tasks of a group an agent has, at group × agents + agent. */
  readonly seats: Int32Array;
  cost: number = 0;
  conflicts: number = 0;
  readonly #problem: AssignmentProblem;
  /** The tasks of each agent, in no order. */
  readonly #tasksOf: number[][];
  readonly #placeOf: Int32Array;

  constructor(problem: AssignmentProblem, agentOf: Int32Array) {
    const { agents, tasks, groups } = problem;
    this.#problem = problem;
    this.agentOf = agentOf.slice();
    this.loads = new Float64Array(agents);
    this.#tasksOf = Array.from({ length: agents }, () => []);
    this.#placeOf = new Int32Array(tasks);
    let groupCount = 0;
    for (const group of groups ?? []) groupCount = Math.max(groupCount, group + 1);
    this.seats = new Int32Array(groupCount * agents);
    for (let t = 0; t < tasks; t++) this.#add(t, this.agentOf[t]);
  }

  tasksOf(agent: number): readonly number[] {
    return this.#tasksOf[agent];
  }

  groupOf(task: number): number {
    return this.#problem.groups?.[task] ?? -1;
  }

  move(task: number, agent: number): void {
    if (this.agentOf[task] === agent) return;
    this.#remove(task);
    this.#add(task, agent);
  }

  /** Moves every task to where it is in another assignment, and sums the loads afresh. */
  restore(agentOf: Int32Array): void {
    for (let t = 0; t < agentOf.length; t++) this.move(t, agentOf[t]);
    const { tasks, costs, weights } = this.#problem;
    this.cost = 0;
    this.loads.fill(0);
    for (let t = 0; t < tasks; t++) {
      const at = agentOf[t] * tasks + t;
      this.cost += costs[at];
      this.loads[agentOf[t]] += weights[at];
    }
  }

  /** Load beyond the capacities, in sum. */
  overload(): number {
    let overload = 0;
    for (let a = 0; a < this.loads.length; a++) {
      overload += Math.max(0, this.loads[a] - this.#problem.capacities[a]);
    }
    return overload;
  }

  #add(task: number, agent: number): void {
    const { agents, tasks, costs, weights } = this.#problem;
    const list = this.#tasksOf[agent];
    this.agentOf[task] = agent;
    this.#placeOf[task] = list.length;
    list.push(task);
    this.loads[agent] += weights[agent * tasks + task];
    this.cost += costs[agent * tasks + task];
    const group = this.groupOf(task);
    if (group >= 0) this.conflicts += this.seats[group * agents + agent]++;
  }

  #remove(task: number): void {
    const { agents, tasks, costs, weights } = this.#problem;
    const agent = this.agentOf[task];
    const list = this.#tasksOf[agent];
    const last = list[list.length - 1];
    list[this.#placeOf[task]] = last;
    this.#placeOf[last] = this.#placeOf[task];
    list.pop();
    this.loads[agent] -= weights[agent * tasks + task];
    this.cost -= costs[agent * tasks + task];
    const group = this.groupOf(task);
    if (group >= 0) this.conflicts -= --this.seats[group * agents + agent];
  }
}
