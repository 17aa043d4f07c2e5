/**
 * Brings an assignment within the capacities: along chains of moves that cost least.
 *
 * The solver's search walks along the border of the feasible. Where many agents are alike, each gets a task or
 * two too many while its twins have room, and the next feasible assignment costs next to nothing more. A chain moves
 * a task from an overloaded agent to a second one, one of that to a third, and so on to an agent with room.
 */
import { APART_COST } from './wish-cost.ts';
import type { WindowProblem } from './window-problem.ts';

/** The cheapest move of a task from one agent to another. */
interface Move {
  readonly task: number;
  readonly cost: number;
}

/**
 * An assignment within the capacities, near `found`; one that is within them already stays as it is. O(tasks · agents
 * + agents²) for each task that an agent has too many.
 *
 * @param found - an agent of the problem for each task
 */
export function fitCapacities(problem: WindowProblem, found: ArrayLike<number>): Int32Array {
  const assignment = Int32Array.from(found);
  const loads = new Float64Array(problem.agents);
  for (const agent of assignment) loads[agent] = (loads[agent] as number) + 1;
  const { capacities } = problem;
  for (let from = 0; from < problem.agents; from++) {
    while ((loads[from] as number) > (capacities[from] as number)) {
      const moves = cheapestMoves(problem, assignment);
      const chain = cheapestChain(problem, moves, from, loads);
      loads[from] = (loads[from] as number) - 1;
      const last = chain.at(-1) as number;
      loads[last] = (loads[last] as number) + 1;
      let agent = from;
      for (const next of chain) {
        assignment[(moves[agent * problem.agents + next] as Move).task] = next;
        agent = next;
      }
    }
  }
  return assignment;
}

/** By pair of agents, null where the first has no task. O(tasks · agents). */
function cheapestMoves(problem: WindowProblem, assignment: Int32Array): (Move | null)[] {
  const { agents, costs, groups, tasks } = problem;
  const moves: (Move | null)[] = Array.from({ length: agents * agents }, () => null);
  const seats = new Map<number, number>();
  const seated = (task: number, agent: number): number => {
    const group = groups[task] as number;
    return group < 0 ? 0 : (seats.get(group * agents + agent) ?? 0);
  };
  for (let task = 0; task < tasks; task++) {
    const agent = assignment[task] as number;
    const group = groups[task] as number;
    if (group >= 0) seats.set(group * agents + agent, seated(task, agent) + 1);
  }
  for (let task = 0; task < tasks; task++) {
    const from = assignment[task] as number;
    const own = (costs[from * tasks + task] as number) + APART_COST * (seated(task, from) - 1);
    const stays = (groups[task] as number) < 0 ? own + APART_COST : own;
    for (let to = 0; to < agents; to++) {
      const cost = (costs[to * tasks + task] as number) + APART_COST * seated(task, to) - stays;
      const known = moves[from * agents + to];
      if (to !== from && (known == null || cost < known.cost))
        moves[from * agents + to] = { task, cost };
    }
  }
  return moves;
}

/** By agent: what the cheapest chain of some length to it costs, and its agents without the first. */
interface Chains {
  readonly costs: Float64Array;
  readonly agents: readonly (readonly number[])[];
}

/** The agents of the cheapest chain to one with room, without the first (Bellman and Ford). O(agents²). */
function cheapestChain(
  { agents, capacities }: WindowProblem,
  moves: readonly (Move | null)[],
  from: number,
  loads: Float64Array,
): readonly number[] {
  const costs = new Float64Array(agents).fill(Infinity);
  costs[from] = 0;
  let chains: Chains = { costs, agents: Array.from({ length: agents }, () => []) };
  let best: readonly number[] = [];
  let least = Infinity;
  for (let length = 1; length <= CHAIN_MAX; length++) {
    chains = lengthened(chains, moves, from);
    for (const [agent, cost] of chains.costs.entries()) {
      const hasRoom = (loads[agent] as number) < (capacities[agent] as number);
      if (!hasRoom || cost >= least) continue;
      least = cost;
      best = chains.agents[agent] ?? [];
    }
  }
  return best;
}

/** The chains that are one move longer and visit no agent twice. */
function lengthened(
  { agents: chains, costs }: Chains,
  moves: readonly (Move | null)[],
  from: number,
): Chains {
  const count = costs.length;
  const longer = new Float64Array(count).fill(Infinity);
  const agents = [...chains];
  for (const [index, move] of moves.entries()) {
    if (move === null) continue;
    const a = Math.floor(index / count);
    const b = index % count;
    const cost = (costs[a] as number) + move.cost;
    if (cost >= (longer[b] as number) || b === from) continue;
    const chain = chains[a] ?? [];
    if (chain.includes(b)) continue;
    longer[b] = cost;
    agents[b] = [...chain, b];
  }
  return { costs: longer, agents };
}

/** Moves of a chain, at most: longer ones hardly ever cost less. */
const CHAIN_MAX = 4;
