/** Small random problems, and the dumb twins that try out everything. */
import fc from 'fast-check';
import { isingEnergy, isingProblem, type IsingProblem } from '../problem/ising-problem.ts';
import type { AssignmentProblem } from '../assignment/assignment-problem.ts';
import { assignmentQuality } from '../assignment/assignment-problem.ts';

/** What every property of this folder runs under: `SEED` in the environment repeats a failure. */
export const PROPERTY: fc.Parameters<unknown> =
  process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

export interface PairList {
  readonly size: number;
  readonly first: number[];
  readonly second: number[];
  readonly value: number[];
}

/** Integer pairs among 1 … sizeMax variables, with repetitions. */
export function pairLists(sizeMax: number, pairsMax: number = 3 * sizeMax): fc.Arbitrary<PairList> {
  return fc.integer({ min: 1, max: sizeMax }).chain((size) =>
    fc
      .array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1), fc.integer({ min: -9, max: 9 })), {
        maxLength: size === 1 ? 0 : pairsMax,
      })
      .map((triples) => {
        const pairs = triples.filter(([a, b]) => a !== b);
        return {
          size,
          first: pairs.map(([a]) => a),
          second: pairs.map(([, b]) => b),
          value: pairs.map(([, , value]) => value),
        };
      }),
  );
}

/** Integer Ising problems, half of them without fields. */
export function isingProblems(sizeMax: number, pairsMax?: number): fc.Arbitrary<IsingProblem> {
  return fc
    .tuple(pairLists(sizeMax, pairsMax), fc.boolean(), fc.array(fc.integer({ min: -9, max: 9 })))
    .map(([list, free, fields]) =>
      isingProblem(
        Array.from({ length: list.size }, (_, i) => (free ? 0 : (fields[i] ?? i % 3))),
        list,
        7,
      ),
    );
}

/** All assignments of a problem, as spins. */
export function* allSpins(size: number): Generator<Int8Array> {
  for (let index = 0; index < 2 ** size; index++) {
    yield Int8Array.from({ length: size }, (_, i) => ((index >> i) & 1 ? 1 : -1));
  }
}

/** Least energy by trying everything. */
export function leastEnergy(problem: IsingProblem): number {
  let least = Infinity;
  for (const spins of allSpins(problem.size)) {
    least = Math.min(least, isingEnergy(problem, spins));
  }
  return least;
}

/** Small integer assignment problems, some infeasible, some with groups or forbidden agents. */
export function assignmentProblems(tasksMax: number): fc.Arbitrary<AssignmentProblem> {
  return fc
    .record({
      agents: fc.integer({ min: 1, max: 3 }),
      tasks: fc.integer({ min: 1, max: tasksMax }),
      costs: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(30) }, fc.constant(Infinity)), {
        minLength: 3 * tasksMax,
        maxLength: 3 * tasksMax,
      }),
      weights: fc.array(fc.nat(5), { minLength: 3 * tasksMax, maxLength: 3 * tasksMax }),
      capacity: fc.nat(9),
      groups: fc.option(fc.array(fc.integer({ min: -1, max: 0 }), { minLength: tasksMax })),
    })
    .map(({ agents, tasks, costs, weights, capacity, groups }) => ({
      agents,
      tasks,
      costs: Float64Array.from(costs.slice(0, agents * tasks)),
      weights: Float64Array.from(weights.slice(0, agents * tasks)),
      capacities: new Float64Array(agents).fill(capacity),
      ...(groups === null ? {} : { groups: Int32Array.from(groups.slice(0, tasks)) }),
    }));
}

/** Least feasible cost by trying everything; Infinity where nothing is feasible. */
export function leastCost(problem: AssignmentProblem): number {
  let least = Infinity;
  for (let index = 0; index < problem.agents ** problem.tasks; index++) {
    const agentOf = Array.from(
      { length: problem.tasks },
      (_, t) => Math.floor(index / problem.agents ** t) % problem.agents,
    );
    const { cost, feasible } = assignmentQuality(problem, agentOf);
    if (feasible) least = Math.min(least, cost);
  }
  return least;
}
