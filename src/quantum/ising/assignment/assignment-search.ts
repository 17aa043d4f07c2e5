/**
 * Local search for assignments: regroups tasks of a few agents at a time, under penalties that adapt.
 *
 * Penalties for overload rise where an agent stays overloaded and fall where it does not (after Yagiura, Ibaraki,
 * Glover, European Journal of Operational Research 169 (2006) 548–569), so that the search walks along the border of
 * the feasible. It goes in cycles: noise fades to nothing over each, and the next begins from the best so far.
 */
import { Rng } from '../../../base/rng.ts';
import type { Effort } from '../search/effort.ts';
import type { Improvement } from '../search/incumbent.ts';
import type { AssignmentProblem } from './assignment-problem.ts';
import { AssignmentState } from './assignment-state.ts';
import type { CandidateAgents } from './candidate-agents.ts';
import { Regrouping, type RegroupContext } from './regroup.ts';

/** The best assignment so far: least violation, then least cost. */
export class BestAssignment {
  readonly agentOf: Int32Array;
  cost: number = Infinity;
  /** Overload and conflicts in sum; 0 is feasible. */
  violation: number = Infinity;
  readonly history: Improvement[] = [];
  readonly #effort: Effort;

  constructor(tasks: number, effort: Effort) {
    this.agentOf = new Int32Array(tasks);
    this.#effort = effort;
  }

  offer(state: AssignmentState): void {
    // Nothing infeasible is of interest any more once something feasible is known.
    if (this.violation === 0 && state.cost >= this.cost) return;
    const violation = state.overload() + state.conflicts;
    const better =
      violation < this.violation || (violation === this.violation && state.cost < this.cost);
    if (!better) return;
    this.agentOf.set(state.agentOf);
    this.cost = state.cost;
    this.violation = violation;
    if (violation > 0) return;
    this.history.push({
      timeMs: this.#effort.elapsedMs(),
      steps: this.#effort.steps,
      value: this.cost,
    });
  }
}

export interface AssignmentGuide {
  readonly prices: Float64Array;
  readonly candidates: CandidateAgents;
  /** The search ends at a feasible cost of at most this. */
  readonly target: number;
}

/** Rounds from the noisiest to the quiet of one cycle. */
const ROUNDS = 40;

/** Noise at the beginning of a cycle, in units of the candidates' scale. */
const HEAT_FIRST = 0.5;

/** Turns of a round, for each agent: few at first, so that something good is there early, then ever more. */
const TURNS_FIRST = 4;
const TURNS_GROWTH = 1.3;

/** How often three agents are regrouped, and not two. */
const THREE_SHARE = 0.9;

/** How often a cycle begins from the best, and not from where the last one ended. */
const RESTORE_SHARE = 0.7;

const PENALTY_RISE = 1.2;
const PENALTY_FALL = 0.98;

/** Runs until the effort is spent or the target is reached. */
export function searchAssignment(
  problem: AssignmentProblem,
  guide: AssignmentGuide,
  effort: Effort,
): BestAssignment {
  const { agents, tasks } = problem;
  const { candidates, prices } = guide;
  const start = Int32Array.from(
    { length: tasks },
    (_, t) => candidates.agent[t * candidates.width],
  );
  const state = new AssignmentState(problem, start);
  const best = new BestAssignment(tasks, effort);
  best.offer(state);
  if (agents === 1) return best;
  const rng = Rng.fromSeed(effort.seed);
  const floor = priceFloor(problem, guide);
  const penalties = {
    overload: prices.map((price) => 2 * Math.max(price, 3 * floor)),
    conflict: Math.max(candidates.scale, 1e-9),
  };
  const { scale } = candidates;
  const context: RegroupContext = { problem, prices, penalties, state, rng, scale };
  const regrouping = new Regrouping();
  let turns = TURNS_FIRST * agents;
  for (let round = 0; ; round++) {
    const heat = HEAT_FIRST * scale * (1 - (round % ROUNDS) / (ROUNDS - 1));
    for (let turn = 0; turn < turns; turn++) {
      const chosen = chooseAgents(context, candidates);
      const steps = chosen.length < 2 ? 1 : regrouping.run(context, chosen, heat);
      best.offer(state);
      if (best.violation === 0 && best.cost <= guide.target) effort.stop('target');
      if (effort.spend(steps)) return best;
    }
    adapt(context, floor);
    if (round % ROUNDS < ROUNDS - 1) continue;
    turns *= TURNS_GROWTH;
    if (rng.unit() < RESTORE_SHARE) state.restore(best.agentOf);
  }
}

/** The least that overload may cost, where capacity has no price: a tenth of what weight costs on average. */
function priceFloor({ agents, tasks, weights }: AssignmentProblem, guide: AssignmentGuide): number {
  let prices = 0;
  for (const price of guide.prices) prices += price;
  let taken = 0;
  for (const weight of weights) taken += weight;
  const exchange = (guide.candidates.scale * agents * tasks) / (taken || 1);
  return 0.1 * Math.max(prices / agents, exchange, 1e-9);
}

/** An agent that a task is on, one it might be on instead, and one that a task of the latter might go to. */
function chooseAgents({ state, rng }: RegroupContext, candidates: CandidateAgents): number[] {
  const first = rng.below(state.agentOf.length);
  const from = state.agentOf[first];
  const to = candidateOf(candidates, first, rng);
  if (to === from) return [];
  if (rng.unit() >= THREE_SHARE) return [from, to];
  const there = state.tasksOf(to);
  if (there.length === 0) return [from, to];
  const further = candidateOf(candidates, there[rng.below(there.length)], rng);
  return further === from || further === to ? [from, to] : [from, to, further];
}

/** Cheap candidates are drawn more often. */
function candidateOf({ agent, count, width }: CandidateAgents, task: number, rng: Rng): number {
  const draw = rng.unit();
  return agent[task * width + Math.floor(draw * Math.sqrt(draw) * count[task])];
}

function adapt({ problem, prices, penalties, state }: RegroupContext, floor: number): void {
  const { overload } = penalties;
  for (let a = 0; a < overload.length; a++) {
    const isOver = state.loads[a] > problem.capacities[a];
    overload[a] = isOver
      ? overload[a] * PENALTY_RISE
      : Math.max(prices[a], floor, overload[a] * PENALTY_FALL);
  }
  penalties.conflict *= state.conflicts > 0 ? PENALTY_RISE : PENALTY_FALL;
  penalties.conflict = Math.max(penalties.conflict, floor);
}
