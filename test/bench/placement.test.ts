/** The simulator of placement against what queueing theory says of it. */
import { describe, expect, test } from 'vitest';
import { estimate, figuresOf, ratio } from '../../bench/placement/estimates.ts';
import { POLICIES } from '../../bench/placement/policies.ts';
import type { Policy } from '../../bench/placement/policy.ts';
import { SCENARIOS, type Scenario } from '../../bench/placement/scenarios.ts';
import { simulate, type Run } from '../../bench/placement/simulate.ts';
import { makeWorld } from '../../bench/placement/world.ts';

const ALIKE = SCENARIOS.find(({ name }) => name === 'alike') as Scenario;

function policyOf(name: string): Policy {
  return POLICIES.find((policy) => policy.name === name) as Policy;
}

function run(scenario: Scenario, name: string, seed = 1): Run {
  const policy = policyOf(name);
  const world = makeWorld(scenario, seed);
  return simulate({ scenario, world, policy, setting: policy.grid?.[0] ?? {}, seed });
}

describe('the simulator', () => {
  test('has the response of M/M/1 with one agent: 1 / (μ − λ)', () => {
    const scenario = { ...ALIKE, agents: 1, load: 0.5, tasks: 100_000, slots: 1_000_000 };
    expect(figuresOf(run(scenario, 'random')).mean / 2_000).toBeCloseTo(1, 1);
  });

  test('has the response of M/M/4 where tasks wait for whoever is free', () => {
    const scenario = { ...ALIKE, agents: 4, load: 0.8, tasks: 100_000, slots: 1 };
    // Erlang's C for 4 servers at 3.2: 0.5964; then C / (4 − 3.2) + 1 seconds.
    expect(figuresOf(run(scenario, 'random')).mean / 1_745.5).toBeCloseTo(1, 1);
  });

  test('gives every task its response, whatever the policy and the trouble', () => {
    for (const scenario of SCENARIOS) {
      const small = { ...scenario, agents: Math.min(scenario.agents, 100), tasks: 1_500 };
      for (const { name } of POLICIES) {
        const { attempts, lost, responsesMs } = run(small, name);
        const isDone = responsesMs.every((ms) => ms > 0 && Number.isFinite(ms));
        expect(isDone, `${name} in ${scenario.name}`).toBe(true);
        expect(attempts).toBeGreaterThanOrEqual(small.tasks - lost);
      }
    }
  });

  test('is the same again for the same seed, and another for another', () => {
    const shocks = SCENARIOS.find(({ name }) => name === 'shocks') as Scenario;
    const small = { ...shocks, tasks: 2_000 };
    expect(run(small, 'born+p2c').responsesMs).toEqual(run(small, 'born+p2c').responsesMs);
    expect(run(small, 'born+p2c', 2).responsesMs).not.toEqual(run(small, 'born+p2c').responsesMs);
  });

  test('orders policies as theory does where agents are alike', () => {
    const mean = (name: string): number => figuresOf(run(ALIKE, name)).mean;
    const means = ['least-loaded', 'power-of-two-choices', 'round-robin', 'random'].map(mean);
    expect(means).toEqual(means.toSorted((a, b) => a - b));
  });
});

test('steering clear of what fails as a whole helps where zones fail, and changes nothing where none does', () => {
  const shocks = SCENARIOS.find(({ name }) => name === 'shocks') as Scenario;
  const failing = SCENARIOS.find(({ name }) => name === 'grey: failing') as Scenario;
  const ratioOf = (scenario: Scenario, name: string, measure: 'mean' | 'attempts'): number => {
    const seeds = [1, 2, 3, 4, 5, 6];
    const figures = [`${name}, avoiding`, name].map((one) =>
      seeds.map((seed) => figuresOf(run(scenario, one, seed))[measure]),
    );
    return ratio(figures[0] ?? [], figures[1] ?? []).mean;
  };
  expect(ratioOf(shocks, 'least-loaded', 'attempts')).toBeLessThan(0.97);
  expect(ratioOf(shocks, 'least-loaded', 'mean')).toBeLessThan(1);
  expect(ratioOf(shocks, 'born+p2c', 'mean')).toBeLessThan(1.15);
  // Of agents that fail by themselves two may share a host, which is then avoided for nothing.
  expect(ratioOf(failing, 'least-loaded', 'mean')).toBeLessThan(1.1);
  const [plain, avoiding] = ['least-loaded', 'least-loaded, avoiding'].map((name) =>
    run(ALIKE, name),
  );
  expect(avoiding?.responsesMs).toEqual(plain?.responsesMs);
});

describe('estimates', () => {
  test('have the intervals of Student', () => {
    // t(29) = 2.045 on values of deviation 1.0171 around 0.
    const values = Array.from({ length: 30 }, (_, at) => (at % 2 === 0 ? 1 : -1));
    expect(estimate(values).high).toBeCloseTo((2.0452 * 1.017_1) / Math.sqrt(30), 3);
  });

  test('pair the runs of a seed', () => {
    const { high, low, mean } = ratio([2, 20, 200], [1, 10, 100]);
    expect([low, mean, high].map((value) => value.toFixed(6))).toEqual(Array(3).fill('2.000000'));
  });
});
