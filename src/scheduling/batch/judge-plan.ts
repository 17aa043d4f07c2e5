import {
  cheapestFirst,
  firstCome,
  keepsCapacities,
  windowCost,
  type WindowProblem,
} from './window-problem.ts';

/** What became of a question: the assignment to follow, or that there is none worth following. */
export interface Judgement {
  /** The agent of each task; null where no assignment beats what happens without one. */
  readonly assignment: Int32Array | null;
  /** Whose assignment it is. */
  readonly source: 'solver' | 'cheapest first' | 'none';
  /** What it costs; without one, what happens without one. */
  readonly cost: number;
  /** What happens without a plan: first come, first served. */
  readonly greedyCost: number;
}

/** Costs are sums of floats: less of a difference than this share is none. */
const SLACK = 1e-9;

/**
 * Chooses what to follow: what the solver found, or where that is no better the cheapest agent for each task
 * in turn; and neither unless it costs less than the order that tasks and slots come in. O(tasks · agents).
 *
 * @param found - the solver's assignment; null where it has none, and anything unsound counts as none
 */
export function judgePlan(problem: WindowProblem, found: ArrayLike<number> | null): Judgement {
  const greedyCost = windowCost(problem, firstCome(problem));
  let judgement: Judgement = { assignment: null, source: 'none', cost: greedyCost, greedyCost };
  const offer = (assignment: Int32Array, source: Judgement['source']): void => {
    const cost = windowCost(problem, assignment);
    if (cost < judgement.cost - SLACK * Math.abs(judgement.cost)) {
      judgement = { assignment, source, cost, greedyCost };
    }
  };
  offer(cheapestFirst(problem), 'cheapest first');
  if (found !== null && keepsCapacities(problem, found)) offer(Int32Array.from(found), 'solver');
  return judgement;
}
