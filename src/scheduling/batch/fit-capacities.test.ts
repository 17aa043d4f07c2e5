import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitCapacities } from './fit-capacities.ts';
import { keepsCapacities, windowCost, type WindowProblem } from './window-problem.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const problems = fc
  .record({
    agents: fc.integer({ min: 2, max: 4 }),
    tasks: fc.integer({ min: 1, max: 6 }),
    costs: fc.array(fc.nat(20), { minLength: 24, maxLength: 24 }),
    groups: fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 6, maxLength: 6 }),
    room: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ agents, costs, groups, room, tasks }): WindowProblem => {
    const capacities = Float64Array.from(room.slice(0, agents));
    // In sum there is always room.
    const lacking = tasks - capacities.reduce((sum, value) => sum + value, 0);
    if (lacking > 0) capacities[0] = (capacities[0] as number) + lacking;
    return {
      agents,
      tasks,
      costs: Float64Array.from(costs.slice(0, agents * tasks)),
      weights: new Float64Array(agents * tasks).fill(1),
      capacities,
      groups: Int32Array.from(groups.slice(0, tasks)),
    };
  });

function everyAssignment({ agents, tasks }: WindowProblem): number[][] {
  let all: number[][] = [[]];
  for (let task = 0; task < tasks; task++) {
    all = all.flatMap((one) => Array.from({ length: agents }, (_, agent) => [...one, agent]));
  }
  return all;
}

/** Each task where it costs least, whatever there is room for. */
function unbounded({ agents, costs, tasks }: WindowProblem): number[] {
  const costOf = (agent: number, task: number): number => costs[agent * tasks + task] as number;
  const numbers = Array.from({ length: agents }, (_, agent) => agent);
  return Array.from({ length: tasks }, (_, task) =>
    numbers.reduce((best, agent) => (costOf(agent, task) < costOf(best, task) ? agent : best)),
  );
}

test('from the cheapest without bounds it comes to the cheapest within them', () => {
  fc.assert(
    fc.property(problems, (grouped) => {
      const problem = { ...grouped, groups: new Int32Array(grouped.tasks).fill(-1) };
      const fitting = everyAssignment(problem).filter((one) => keepsCapacities(problem, one));
      const least = Math.min(...fitting.map((one) => windowCost(problem, one)));
      const fitted = fitCapacities(problem, unbounded(problem));
      expect(keepsCapacities(problem, fitted)).toBe(true);
      expect(windowCost(problem, fitted)).toBe(least);
    }),
    { numRuns: 300, ...SEED },
  );
});

test('any assignment is brought within the capacities, and one that is stays as it is', () => {
  fc.assert(
    fc.property(problems, fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }), (problem, drawn) => {
      const found = drawn.slice(0, problem.tasks).map((agent) => agent % problem.agents);
      const fitted = fitCapacities(problem, found);
      expect(keepsCapacities(problem, fitted)).toBe(true);
      if (keepsCapacities(problem, found)) expect([...fitted]).toEqual(found);
    }),
    { numRuns: 300, ...SEED },
  );
});
