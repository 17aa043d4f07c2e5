/**
 * The move of the assignment search: a handful of tasks of two or three agents, put back in the best of all ways.
 *
 * All 3⁶ (or 2⁹) ways are visited in the order of a reflected Gray code, so that each costs a few additions. This contains shifts, swaps, and every ejection chain among the chosen tasks.
 */
import type { Rng } from '../../../base/rng.ts';
import type { AssignmentProblem } from './assignment-problem.ts';
import { ENTRIES, grayWalk, type GrayWalk } from './gray-walk.ts';
import type { AssignmentState } from './assignment-state.ts';

/** What one unit of breaking each constraint costs in the search. Mutable. */
export interface Penalties {
  /** For each agent: cost of a unit of overload. */
  readonly overload: Float64Array;
  /** Cost of a pair of one group on one agent. */
  conflict: number;
}

export interface RegroupContext {
  readonly problem: AssignmentProblem;
  readonly prices: Float64Array;
  readonly penalties: Penalties;
  readonly state: AssignmentState;
  readonly rng: Rng;
  readonly scale: number;
}

const TWO: GrayWalk = grayWalk(2, 9);
const THREE: GrayWalk = grayWalk(3, 6);
const TASKS_MAX = Math.max(TWO.tasksMax, THREE.tasksMax);

/** The chosen tasks and what they come to: of task k on the g-th agent at 3 k + g. */
export class Regrouping {
  readonly #task: Int32Array = new Int32Array(TASKS_MAX);
  readonly #rank: Float64Array = new Float64Array(TASKS_MAX);
  readonly #cost: Float64Array = new Float64Array(TASKS_MAX * ENTRIES);
  /** What an entry adds to the load of the first, second and third agent. */
  readonly #loadA: Float64Array = new Float64Array(TASKS_MAX * ENTRIES);
  readonly #loadB: Float64Array = new Float64Array(TASKS_MAX * ENTRIES);
  readonly #loadC: Float64Array = new Float64Array(TASKS_MAX * ENTRIES);
  #count = 0;
  #countMax = 0;

  /**
   * Takes up tasks of these agents (two or three different ones) and puts them back, noisily at `heat` above 0.
   *
   * @returns about the steps it took
   */
  run(context: RegroupContext, agents: readonly number[], heat: number): number {
    const walk = agents.length === 2 ? TWO : THREE;
    this.#countMax = walk.tasksMax;
    const looked = this.#choose(context, agents);
    if (this.#count === 0) return looked;
    this.#tabulate(context, agents, heat);
    const ways = agents.length ** this.#count;
    const best = this.#bestWay(context, agents, walk.from.subarray(0, ways), walk.to);
    if (best < 0) return looked + ways;
    for (let k = 0; k < this.#count; k++) {
      context.state.move(this.#task[k], agents[walk.digits[best * walk.tasksMax + k]]);
    }
    return looked + ways;
  }

  /** Prefers tasks that would cost little more elsewhere; chance keeps the choice different each time. */
  #choose(
    { problem, prices, state, rng, scale }: RegroupContext,
    agents: readonly number[],
  ): number {
    const { tasks, costs, weights } = problem;
    let looked = 0;
    this.#count = 0;
    const priced = (agent: number, task: number): number =>
      costs[agent * tasks + task] + prices[agent] * weights[agent * tasks + task];
    for (let g = 0; g < agents.length; g++) {
      const home = agents[g];
      const other = agents[(g + 1) % agents.length];
      const third = agents[(g + 2) % agents.length];
      for (const task of state.tasksOf(home)) {
        let elsewhere = priced(other, task);
        if (third !== home) elsewhere = Math.min(elsewhere, priced(third, task));
        const loss = Math.max(0, elsewhere - priced(home, task) + scale);
        this.#insert(task, loss * (0.3 + rng.unit()));
      }
      looked += 9 * state.tasksOf(home).length;
    }
    return looked;
  }

  #insert(task: number, rank: number): void {
    const last = this.#countMax - 1;
    if (this.#count > last && rank >= this.#rank[last]) return;
    let place = this.#count > last ? last : this.#count++;
    for (; place > 0 && this.#rank[place - 1] > rank; place--) {
      this.#rank[place] = this.#rank[place - 1];
      this.#task[place] = this.#task[place - 1];
    }
    this.#rank[place] = rank;
    this.#task[place] = task;
  }

  #tabulate(
    { problem, state, rng }: RegroupContext,
    agents: readonly number[],
    heat: number,
  ): void {
    const { tasks, costs, weights } = problem;
    const loads = [this.#loadA, this.#loadB, this.#loadC];
    for (const load of loads) load.fill(0);
    for (let k = 0; k < this.#count; k++) {
      const task = this.#task[k];
      for (let g = 0; g < agents.length; g++) {
        const at = agents[g] * tasks + task;
        const noise = state.agentOf[task] === agents[g] ? 0 : heat * (rng.unit() - 0.5);
        this.#cost[ENTRIES * k + g] = costs[at] + noise;
        loads[g][ENTRIES * k + g] = weights[at];
      }
    }
  }

  /** Index of the best way, or −1 where none is better than what is. */
  #bestWay(
    context: RegroupContext,
    agents: readonly number[],
    from: Uint8Array,
    to: Uint8Array,
  ): number {
    const { problem, penalties, state } = context;
    const cost = this.#cost;
    const loadA = this.#loadA;
    const loadB = this.#loadB;
    const loadC = this.#loadC;
    const [a, b, c = -1] = agents;
    // Excess loads, once every chosen task is put on the first agent.
    let excessA = state.loads[a] - problem.capacities[a];
    let excessB = state.loads[b] - problem.capacities[b];
    let excessC = c < 0 ? -1 : state.loads[c] - problem.capacities[c];
    const penaltyA = penalties.overload[a];
    const penaltyB = penalties.overload[b];
    const penaltyC = c < 0 ? 0 : penalties.overload[c];
    const now =
      penaltyA * Math.max(0, excessA) +
      penaltyB * Math.max(0, excessB) +
      penaltyC * Math.max(0, excessC);
    // Rounding must not look like an improvement.
    let best = now - 1e-13 * (1 + Math.abs(state.cost));
    let bestWay = -1;
    let change = 0;
    const seats = problem.groups === undefined ? undefined : new LocalSeats(state, agents);
    for (let k = 0; k < this.#count; k++) {
      const home = agents.indexOf(state.agentOf[this.#task[k]]);
      const base = ENTRIES * k;
      change += cost[base] - cost[base + home];
      excessA += loadA[base] - loadA[base + home];
      excessB -= loadB[base + home];
      excessC -= loadC[base + home];
      seats?.move(this.#task[k], home, 0);
    }
    for (let way = 0; way < from.length; way++) {
      // Way 0 is where it begins: its step goes from entry 0 to entry 0.
      const out = from[way];
      const into = to[way];
      change += cost[into] - cost[out];
      excessA += loadA[into] - loadA[out];
      excessB += loadB[into] - loadB[out];
      excessC += loadC[into] - loadC[out];
      let value = change;
      if (seats !== undefined) {
        seats.move(this.#task[Math.floor(into / ENTRIES)], out % ENTRIES, into % ENTRIES);
        value += penalties.conflict * seats.change;
      }
      if (value >= best) continue;
      if (excessA > 0) value += penaltyA * excessA;
      if (excessB > 0) value += penaltyB * excessB;
      if (excessC > 0) value += penaltyC * excessC;
      if (value >= best) continue;
      best = value;
      bestWay = way;
    }
    return bestWay;
  }
}

/** Tasks of each group on the agents at hand, while tasks are moved about in thought. */
class LocalSeats {
  /** Conflicts more than there were. */
  change = 0;
  readonly #state: AssignmentState;
  readonly #agents: readonly number[];
  readonly #taken = new Map<number, Int32Array>();

  constructor(state: AssignmentState, agents: readonly number[]) {
    this.#state = state;
    this.#agents = agents;
  }

  move(task: number, from: number, to: number): void {
    const group = this.#state.groupOf(task);
    if (group < 0 || from === to) return;
    let taken = this.#taken.get(group);
    if (taken === undefined) {
      const { seats, loads } = this.#state;
      taken = Int32Array.from(this.#agents, (agent) => seats[group * loads.length + agent]);
      this.#taken.set(group, taken);
    }
    this.change -= --taken[from];
    this.change += taken[to]++;
  }
}
