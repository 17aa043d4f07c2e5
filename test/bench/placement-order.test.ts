/** Dispatchers that know the agents in orders of their own. */
import { expect, test } from 'vitest';
import { figuresOf } from '../../bench/placement/estimates.ts';
import { OwnOrder } from '../../bench/placement/own-order.ts';
import { POLICIES } from '../../bench/placement/policies.ts';
import type { Policy } from '../../bench/placement/policy.ts';
import { SCENARIOS, type Scenario } from '../../bench/placement/scenarios.ts';
import { simulate } from '../../bench/placement/simulate.ts';
import { makeWorld } from '../../bench/placement/world.ts';

const SIXTEEN = SCENARIOS.find(({ name }) => name === '16 dispatchers') as Scenario;

function mean(name: string, change: Partial<Scenario>): number {
  const scenario = { ...SIXTEEN, tasks: 6_000, ...change };
  const policy = POLICIES.find((one) => one.name === name) as Policy;
  const world = makeWorld(scenario, 1);
  return figuresOf(simulate({ scenario, world, policy, setting: {}, seed: 1 })).mean;
}

test('an order of its own names each agent once, and another than that of another seed', () => {
  const order = new OwnOrder(100, 1);
  const agents = Array.from({ length: 100 }, (_, index) => order.agent(index));
  expect(agents.map((agent) => order.index(agent))).toEqual([...agents.keys()]);
  expect(agents.toSorted((a, b) => a - b)).toEqual([...agents.keys()]);
  expect(agents).not.toEqual([...agents.keys()]);
  const other = new OwnOrder(100, 2);
  expect(agents.map((_, index) => other.agent(index))).not.toEqual(agents);
  expect([order.index(-1), new OwnOrder(100, null).index(7)]).toEqual([-1, 7]);
});

test.each(['shortest queue', 'clairvoyant'])('%s sees the truth whatever the order', (name) => {
  const ratio = mean(name, { ownOrder: true }) / mean(name, {});
  expect(ratio).toBeGreaterThan(0.9);
  expect(ratio).toBeLessThan(1.1);
});

test('dispatchers that break ties in one order go in step, and in their own do not', () => {
  const many = { agents: 2_000, tasks: 12_000 };
  const inStep = mean('least-loaded', many);
  expect(mean('least-loaded', { ...many, ownOrder: true })).toBeLessThan(0.6 * inStep);
});

test.each(['least-loaded, avoiding', 'born+p2c', 'join idle queue'])(
  '%s learns of the agents that did its tasks: it serves as well with zones that fail',
  (name) => {
    const shocks = { trouble: 'shocks', dispatchers: 4, load: 0.5 } as const;
    const ratio = mean(name, { ...shocks, ownOrder: true }) / mean(name, shocks);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
  },
);
