/**
 * Prices of capacity and the lower bound they prove, by subgradient steps on the Lagrangian dual.
 *
 * With prices p the bound is Σₜ minₐ (c + p w) − Σₐ p·capacity, whose maximum is that of the linear relaxation. Groups are
 * left out, which only lowers it.
 *
 * Source: Held, Wolfe, Crowder, Mathematical Programming 6 (1974) 62–88, with Polyak's step.
 */
import type { Effort } from '../search/effort.ts';
import type { AssignmentProblem } from './assignment-problem.ts';

export interface CapacityPrices {
  /** Cost per unit of weight, at least 0; one for each agent. */
  readonly prices: Float64Array;
  /** No feasible assignment costs less; Infinity where a task has nowhere to go. */
  readonly bound: number;
}

export interface PricingLimits {
  readonly iterationsMax: number;
  /** Share of the planned steps. */
  readonly share: number;
}

/** Iterations without a better bound until steps are halved. */
const PATIENCE = 15;
const STEP_MIN = 1e-4;

/** O(agents · tasks) for each iteration. */
export function capacityPrices(
  problem: AssignmentProblem,
  effort: Effort,
  limits: PricingLimits,
): CapacityPrices {
  const { agents, capacities } = problem;
  const prices = new Float64Array(agents);
  const trial = new Float64Array(agents);
  const excess = new Float64Array(agents);
  const cheapest = new Int32Array(problem.tasks);
  const stepsMax = effort.steps + limits.share * effort.stepsPlanned;
  let bound = -Infinity;
  let step = 1;
  for (let k = 0, idle = 0; k < limits.iterationsMax && step > STEP_MIN; k++) {
    const value = dual(problem, trial, cheapest, excess);
    if (value === Infinity) return { prices, bound: Infinity };
    idle += 1;
    if (value > bound) {
      if (value > bound + 1e-4 * Math.abs(bound)) idle = 0;
      bound = value;
      prices.set(trial);
    } else if (idle >= PATIENCE) {
      step /= 2;
      idle = 0;
      trial.set(prices);
      dual(problem, trial, cheapest, excess);
    }
    const over = effort.spend(agents * problem.tasks) || effort.steps > stepsMax;
    if (over || !climb(trial, excess, { step, value, capacities })) break;
  }
  return { prices, bound: roundedUp(problem, bound) };
}

/** The dual value; leaves the cheapest agent of each task, and what each agent is asked beyond its capacity. */
function dual(
  { agents, tasks, costs, weights, capacities }: AssignmentProblem,
  prices: Float64Array,
  cheapest: Int32Array,
  excess: Float64Array,
): number {
  let value = 0;
  for (let a = 0; a < agents; a++) {
    excess[a] = -capacities[a];
    value -= prices[a] * capacities[a];
  }
  for (let t = 0; t < tasks; t++) {
    let best = 0;
    let least = Infinity;
    for (let a = 0, at = t; a < agents; a++, at += tasks) {
      const priced = costs[at] + prices[a] * weights[at];
      if (priced >= least) continue;
      least = priced;
      best = a;
    }
    value += least;
    cheapest[t] = best;
    excess[best] += weights[best * tasks + t];
  }
  return value;
}

interface Climb {
  readonly step: number;
  readonly value: number;
  readonly capacities: Float64Array;
}

/** Expected rise of the dual above where it stands, for the length of a step. */
const RISE = 0.05;

/** False where the prices are already the best. */
function climb(trial: Float64Array, excess: Float64Array, { step, value }: Climb): boolean {
  let squares = 0;
  for (let a = 0; a < trial.length; a++) {
    // A price of zero cannot fall.
    if (trial[a] > 0 || excess[a] > 0) squares += excess[a] * excess[a];
  }
  if (squares === 0) return false;
  const length = (step * RISE * (Math.abs(value) + 1)) / squares;
  for (let a = 0; a < trial.length; a++) trial[a] = Math.max(0, trial[a] + length * excess[a]);
  return true;
}

/** Costs that are all integers have integer sums. */
function roundedUp({ costs }: AssignmentProblem, bound: number): number {
  const whole = costs.every((cost) => Number.isInteger(cost) || cost === Infinity);
  return whole ? Math.ceil(bound - 1e-9 * (1 + Math.abs(bound))) : bound - 1e-9 * Math.abs(bound);
}
