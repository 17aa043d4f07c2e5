import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../base/rng.ts';
import { UNWATCHED } from '../../watch.ts';
import { quboToIsing, spinsToBits } from '../problem/convert.ts';
import { solveAssignment } from '../solve-assignment.ts';
import { solveIsing } from '../solve-ising.ts';
import { assignmentProblems, leastCost, PROPERTY } from '../testing/problems.ts';
import { Effort } from '../search/effort.ts';
import { assignmentQuality, type AssignmentProblem } from './assignment-problem.ts';
import { AssignmentState } from './assignment-state.ts';
import { assignmentToQubo } from './assignment-to-qubo.ts';
import { capacityPrices } from './capacity-prices.ts';
import { ENTRIES, grayWalk } from './gray-walk.ts';

describe('the search', () => {
  test('finds the cheapest feasible assignment of small problems, or says that it has none', () => {
    fc.assert(
      fc.property(assignmentProblems(6), fc.nat(), (problem, seed) => {
        const least = leastCost(problem);
        const solution = solveAssignment(
          problem,
          { seed, stepsMax: 3_000_000, target: least },
          UNWATCHED,
        );
        const { cost, feasible } = assignmentQuality(problem, solution.assignment);
        expect(solution.feasible).toBe(feasible);
        expect(solution.cost).toBe(cost);
        expect(feasible).toBe(least < Infinity);
        if (!feasible) return;
        expect(cost).toBe(least);
        expect(solution.bound).toBeLessThanOrEqual(least);
      }),
      { ...PROPERTY, numRuns: 60 },
    );
  });

  test('gives the same for the same seed and steps', () => {
    const problem = randomProblem(6, 60);
    const run = (seed: number): number[] => [
      ...solveAssignment(problem, { seed, stepsMax: 500_000 }, UNWATCHED).assignment,
    ];
    expect(run(3)).toEqual(run(3));
    expect(run(3)).not.toEqual(run(4));
  });

  test('comes within half a percent of the bound where that is tight', () => {
    const solution = solveAssignment(randomProblem(10, 200), { stepsMax: 3e7 }, UNWATCHED);
    expect(solution.feasible).toBe(true);
    expect(solution.cost).toBeLessThan(1.005 * solution.bound!);
    expect(solution.history.at(-1)!.value).toBe(solution.cost);
  });

  test('keeps tasks of a group apart', () => {
    const groups = Int32Array.from({ length: 60 }, (_, t) => Math.floor(t / 6));
    const solution = solveAssignment(
      { ...randomProblem(10, 60), groups },
      { stepsMax: 1e7 },
      UNWATCHED,
    );
    expect(solution).toMatchObject({ feasible: true, conflicts: 0 });
  });

  test('one agent takes everything', () => {
    const solution = solveAssignment(randomProblem(1, 5), { stepsMax: 1e6 }, UNWATCHED);
    expect([...solution.assignment]).toEqual([0, 0, 0, 0, 0]);
  });

  test('a canceled search gives its best so far', () => {
    const watch = { ...UNWATCHED, isCanceled: () => true };
    const solution = solveAssignment(randomProblem(6, 60), {}, watch);
    expect(solution.stopped).toBe('canceled');
    expect(solution.assignment).toHaveLength(60);
  });

  test.each([
    { title: 'too few costs', change: { costs: new Float64Array(3) } },
    { title: 'NaN as a cost', change: { costs: new Float64Array(12).fill(Number.NaN) } },
    { title: 'a negative weight', change: { weights: new Float64Array(12).fill(-1) } },
    { title: 'an infinite capacity', change: { capacities: new Float64Array(2).fill(Infinity) } },
    { title: 'a group out of range', change: { groups: new Int32Array(6).fill(6) } },
    { title: 'no agents', change: { agents: 0 } },
  ])('$title is refused', ({ change }) => {
    const problem = { ...randomProblem(2, 6), ...change };
    expect(() => solveAssignment(problem, {}, UNWATCHED)).toThrow(
      expect.objectContaining({ code: 'QUANTUM_PROBLEM_INVALID' }),
    );
  });
});

test('prices bound the cost from below', () => {
  fc.assert(
    fc.property(assignmentProblems(6), (problem) => {
      const finite = { ...problem, costs: problem.costs.map((cost) => Math.min(cost, 99)) };
      const { bound } = capacityPrices(finite, new Effort({ stepsMax: 1e6 }, UNWATCHED), {
        iterationsMax: 500,
        share: 1,
      });
      expect(bound).toBeLessThanOrEqual(leastCost(finite));
    }),
    PROPERTY,
  );
});

test('a state that moves stays what it would be from scratch', () => {
  fc.assert(
    fc.property(assignmentProblems(8), fc.nat(), (problem, seed) => {
      fc.pre(!problem.costs.includes(Infinity));
      const rng = Rng.fromSeed(seed);
      const state = new AssignmentState(problem, new Int32Array(problem.tasks));
      for (let k = 0; k < 50; k++) state.move(rng.below(problem.tasks), rng.below(problem.agents));
      const { cost, overload, conflicts } = assignmentQuality(problem, state.agentOf);
      expect([state.cost, state.overload(), state.conflicts]).toEqual([cost, overload, conflicts]);
      for (let a = 0; a < problem.agents; a++) {
        expect([...state.tasksOf(a)].toSorted()).toEqual(
          [...state.agentOf.keys()].filter((t) => state.agentOf[t] === a).toSorted(),
        );
      }
    }),
    PROPERTY,
  );
});

test.each([
  { agents: 2, tasks: 5 },
  { agents: 3, tasks: 4 },
])(
  '$agents agents and $tasks tasks: a walk visits every way once, one task apart',
  ({ agents, tasks }) => {
    const walk = grayWalk(agents, tasks);
    const digits = new Array<number>(tasks).fill(0);
    const seen = new Set([digits.join('')]);
    for (let way = 1; way < agents ** tasks; way++) {
      const task = Math.floor(walk.from[way]! / ENTRIES);
      expect(walk.from[way]! % ENTRIES).toBe(digits[task]);
      digits[task] = walk.to[way]! % ENTRIES;
      expect([...walk.digits.subarray(way * tasks, (way + 1) * tasks)]).toEqual(digits);
      seen.add(digits.join(''));
      // The first ways move the first tasks alone.
      if (way < agents ** 2) expect(task).toBeLessThan(2);
    }
    expect(seen.size).toBe(agents ** tasks);
  },
);

test('the least value of the QUBO form is the least feasible cost', () => {
  fc.assert(
    fc.property(assignmentProblems(3), (problem) => {
      const small = { ...problem, capacities: problem.capacities.map((c) => Math.min(c, 3)) };
      const least = leastCost(small);
      fc.pre(least < Infinity);
      const { qubo, decode } = assignmentToQubo(small);
      const solution = solveIsing(quboToIsing(qubo), { stepsMax: 2e8, target: least }, UNWATCHED);
      expect(solution.energy).toBe(least);
      const assignment = decode(spinsToBits(solution.spins));
      expect(assignmentQuality(small, assignment)).toMatchObject({ cost: least, feasible: true });
    }),
    { ...PROPERTY, numRuns: 40 },
  );
});

/** Costs fall as weights rise, and capacities are four fifths of the mean load. */
function randomProblem(agents: number, tasks: number): AssignmentProblem {
  const rng = Rng.fromSeed(agents);
  const weights = Float64Array.from({ length: agents * tasks }, () => 1 + rng.below(100));
  const costs = weights.map((weight) => 111 - weight + rng.below(20));
  const capacities = new Float64Array(agents);
  for (const [k, weight] of weights.entries()) {
    capacities[Math.floor(k / tasks)]! += (0.8 * weight) / agents;
  }
  return { agents, tasks, costs, weights, capacities };
}
