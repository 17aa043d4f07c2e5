/**
 * The QUBO form of an assignment problem: a bit for each task on each agent, and bits for unused capacity.
 *
 * Value = Σ cost x + one-hot penalty Σₜ (Σₐ x − 1)² + capacity penalty Σₐ (Σₜ w x + slack − capacity)²
 * + conflict penalty for pairs of a group on one agent. With the default penalties the least value is the least
 * feasible cost, wherever one is feasible.
 */
import { OrchestratorError } from '../../../base/errors.ts';
import { quboProblem, type QuboProblem } from '../problem/qubo-problem.ts';
import { checkAssignmentProblem, type AssignmentProblem } from './assignment-problem.ts';

export interface AssignmentQubo {
  /** Bit a × tasks + t is task t on agent a; the bits of unused capacity follow, agent by agent. */
  readonly qubo: QuboProblem;
  /** The agent of each task from bits; −1 for a task on no agent, the first of several. */
  readonly decode: (bits: ArrayLike<number>) => Int32Array;
}

export interface QuboPenalties {
  /** Each default is one more than the greatest minus the least possible sum of costs. */
  readonly oneHot?: number;
  readonly capacity?: number;
  readonly conflict?: number;
}

/**
 * Builds the QUBO form. Weights and capacities must be integers, so that unused capacity has bits.
 *
 * O(agents · tasks²) pairs. @throws OrchestratorError QUANTUM_PROBLEM_INVALID
 */
export function assignmentToQubo(
  problem: AssignmentProblem,
  penalties: QuboPenalties = {},
): AssignmentQubo {
  checkAssignmentProblem(problem);
  checkWhole(problem);
  const { agents, tasks, capacities } = problem;
  const enough = spread(problem) + 1;
  const slackOf = Array.from(capacities, slackSizes);
  let size = agents * tasks;
  for (const slack of slackOf) size += slack.length;
  const form = new SquareSum(size);
  addCosts(form, problem, enough);
  for (let t = 0; t < tasks; t++) {
    const terms = Array.from({ length: agents }, (_, a): Term => [a * tasks + t, 1]);
    form.addSquare(terms, -1, penalties.oneHot ?? enough);
  }
  let slackBit = agents * tasks;
  for (let a = 0; a < agents; a++) {
    const terms: Term[] = slackOf[a].map((value) => [slackBit++, value]);
    for (let t = 0; t < tasks; t++) {
      if (problem.weights[a * tasks + t] > 0)
        terms.push([a * tasks + t, problem.weights[a * tasks + t]]);
    }
    form.addSquare(terms, -capacities[a], penalties.capacity ?? enough);
  }
  addConflicts(form, problem, penalties.conflict ?? enough);
  return { qubo: form.build(), decode: (bits) => decode(problem, bits) };
}

/** Index of a bit, and its coefficient. */
type Term = readonly [bit: number, coefficient: number];

/** Collects squares of linear forms. */
class SquareSum {
  readonly linear: Float64Array;
  readonly first: number[] = [];
  readonly second: number[] = [];
  readonly value: number[] = [];
  #offset = 0;

  constructor(size: number) {
    this.linear = new Float64Array(size);
  }

  addPair(first: number, second: number, value: number): void {
    this.first.push(first);
    this.second.push(second);
    this.value.push(value);
  }

  /** Adds factor × (Σ coefficient · bit + constant)². */
  addSquare(terms: readonly Term[], constant: number, factor: number): void {
    this.#offset += factor * constant * constant;
    for (const [k, [bit, coefficient]] of terms.entries()) {
      this.linear[bit] += factor * coefficient * (coefficient + 2 * constant);
      for (let l = 0; l < k; l++) {
        this.addPair(terms[l][0], bit, 2 * factor * coefficient * terms[l][1]);
      }
    }
  }

  build(): QuboProblem {
    const { first, second, value } = this;
    return quboProblem(this.linear, { first, second, value }, this.#offset);
  }
}

/** Powers of two and a rest, so that their sums are all the integers from 0 to the capacity. */
function slackSizes(capacity: number): number[] {
  const sizes: number[] = [];
  let left = capacity;
  for (let power = 1; left > 0; power *= 2) {
    sizes.push(Math.min(power, left));
    left -= Math.min(power, left);
  }
  return sizes;
}

/** A bound on how much costs of whole assignments can differ. */
function spread({ agents, tasks, costs }: AssignmentProblem): number {
  let sum = 0;
  for (let t = 0; t < tasks; t++) {
    let least = 0;
    let greatest = 0;
    for (let a = 0; a < agents; a++) {
      const cost = costs[a * tasks + t];
      if (cost === Infinity) continue;
      least = Math.min(least, cost);
      greatest = Math.max(greatest, cost);
    }
    sum += greatest - least;
  }
  return sum;
}

function addCosts(form: SquareSum, { costs }: AssignmentProblem, forbidden: number): void {
  for (let k = 0; k < costs.length; k++) {
    form.linear[k] += costs[k] === Infinity ? 2 * forbidden : costs[k];
  }
}

function addConflicts(form: SquareSum, problem: AssignmentProblem, penalty: number): void {
  const { agents, tasks, groups } = problem;
  if (groups === undefined) return;
  for (let t = 0; t < tasks; t++) {
    for (let u = 0; u < t; u++) {
      if (groups[t] < 0 || groups[t] !== groups[u]) continue;
      for (let a = 0; a < agents; a++) form.addPair(a * tasks + u, a * tasks + t, penalty);
    }
  }
}

function checkWhole({ weights, capacities }: AssignmentProblem): void {
  const whole = (value: number): boolean => Number.isSafeInteger(value);
  if (weights.every(whole) && capacities.every(whole)) return;
  throw new OrchestratorError(
    'QUANTUM_PROBLEM_INVALID',
    'the QUBO form must have integer weights and capacities, got fractions',
  );
}

function decode({ agents, tasks }: AssignmentProblem, bits: ArrayLike<number>): Int32Array {
  const agentOf = new Int32Array(tasks).fill(-1);
  for (let a = agents - 1; a >= 0; a--) {
    for (let t = 0; t < tasks; t++) if (bits[a * tasks + t] === 1) agentOf[t] = a;
  }
  return agentOf;
}
