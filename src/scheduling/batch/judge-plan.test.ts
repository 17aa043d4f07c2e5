import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentId, TaskPlacement } from '../../core/index.ts';
import { makeAgent } from '../testing/fixtures.ts';
import { judgePlan } from './judge-plan.ts';
import {
  cheapestFirst,
  firstCome,
  keepsCapacities,
  windowCost,
  windowProblem,
  type WindowAgent,
  type WindowTask,
} from './window-problem.ts';
import { wishCost } from './wish-cost.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const zones = fc.constantFrom('a', 'b', 'c');
const wishes: fc.Arbitrary<TaskPlacement> = fc.record(
  {
    near: fc.record({ zone: zones, disk: zones }, { requiredKeys: [] }),
    apart: zones,
    costs: fc.record({ zone: fc.dictionary(zones, fc.nat(20)) }),
  },
  { requiredKeys: [] },
);
const agents: fc.Arbitrary<WindowAgent[]> = fc
  .array(fc.record({ slots: fc.integer({ min: 1, max: 4 }), zone: zones, cost: fc.nat(3) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((specs) =>
    specs.map(({ cost, slots, zone }, index) => {
      const { id, spec } = makeAgent(`a${index}`, { slots, cost, labels: { zone } });
      return { id, spec };
    }),
  );
const tasks: fc.Arbitrary<WindowTask[]> = fc.array(
  wishes.map((wish) => ({ wish, group: wish.apart ?? null })),
  { minLength: 1, maxLength: 12 },
);

/** Pair by pair, straight from what wishes say. */
function plainCost(
  wanted: readonly WindowTask[],
  on: readonly WindowAgent[],
  agentOf: ArrayLike<number>,
): number {
  let cost = 0;
  for (const [t, { group, wish }] of wanted.entries()) {
    const { spec } = on[agentOf[t] as number] as WindowAgent;
    cost += spec.cost;
    for (const [name, value] of Object.entries(wish.near ?? {})) {
      if (spec.labels[name] !== value) cost += 1;
    }
    cost += wish.costs?.['zone']?.[spec.labels['zone'] ?? ''] ?? 0;
    for (let before = 0; before < t; before++) {
      const isPair = group !== null && wanted[before]?.group === group;
      if (isPair && agentOf[before] === agentOf[t]) cost += 10;
    }
  }
  return cost;
}

test('what is followed costs no more than first come, cheapest first and what the solver found', () => {
  fc.assert(
    fc.property(tasks, agents, fc.array(fc.nat(5), { maxLength: 12 }), (wanted, on, found) => {
      const problem = windowProblem(wanted, on, () => 0);
      const { assignment, cost, greedyCost, source } = judgePlan(problem, found);
      const alternatives = [firstCome(problem), cheapestFirst(problem)];
      for (const one of alternatives) expect(keepsCapacities(problem, one)).toBe(true);
      if (keepsCapacities(problem, found)) alternatives.push(Int32Array.from(found));
      const costs = alternatives.map((one) => plainCost(wanted, on, one));
      expect(cost).toBeCloseTo(Math.min(...costs), 6);
      expect(greedyCost).toBeCloseTo(costs[0] as number, 6);
      expect(assignment === null).toBe(source === 'none');
      if (assignment === null) expect(cost).toBe(greedyCost);
      else {
        expect(keepsCapacities(problem, assignment)).toBe(true);
        expect(plainCost(wanted, on, assignment)).toBeCloseTo(cost, 6);
        expect(cost).toBeLessThan(greedyCost);
      }
    }),
    { numRuns: 500, ...SEED },
  );
});

test('an answer that gives an agent too much, or names none that is there, is not followed', () => {
  const on = ['a', 'b'].map((zone) => {
    const { id, spec } = makeAgent(zone, { labels: { zone } });
    return { id, spec };
  });
  const wanted = ['b', 'a'].map((zone) => ({ wish: { near: { zone } }, group: null }));
  const problem = windowProblem(wanted, on, () => 0);
  for (const found of [[1, 1], [1, 2], [1, -1], [1], [1, 0.5], [Number.NaN, 0]]) {
    expect(keepsCapacities(problem, found)).toBe(false);
    expect(judgePlan(problem, found).source).toBe('cheapest first');
  }
  expect(windowCost(problem, [1, 0])).toBe(0);
});

test('neighbours that an agent has already count as those of the window do', () => {
  const { id, spec } = makeAgent('a');
  const wish = { apart: 'web' };
  const problem = windowProblem([{ wish, group: 'web' }], [{ id, spec }], (group, agentId) =>
    group === 'web' && agentId === ('a' as AgentId) ? 2 : 0,
  );
  expect(windowCost(problem, [0])).toBe(20);
});

test('a label counts by name and value, and names that objects inherit are no labels', () => {
  const { spec } = makeAgent('a', { cost: 0.5, labels: { zone: 'eu', gpu: 'constructor' } });
  expect(wishCost({ near: { zone: 'eu', disk: 'ssd' } }, spec, 0)).toBe(1.5);
  expect(wishCost({ costs: { gpu: { a100: 4 }, zone: { eu: 2, us: 3 } } }, spec, 0)).toBe(2.5);
});
