/** What the bench says of the cost of choices: messages, time and memory, and who takes part where. */
import { describe, expect, test } from 'vitest';
import { compare } from '../../bench/placement/compare.ts';
import { entrantsOf } from '../../bench/placement/entrants.ts';
import { estimate } from '../../bench/placement/estimates.ts';
import { bytesPerAgent } from '../../bench/placement/memory.ts';
import { messagesOf, needsOf } from '../../bench/placement/messages.ts';
import { regretOf } from '../../bench/placement/page/context.ts';
import { TIMED } from '../../bench/placement/page/costs.ts';
import { POLICIES } from '../../bench/placement/policies.ts';
import type { Policy } from '../../bench/placement/policy.ts';
import { SCENARIOS, type Scenario } from '../../bench/placement/scenarios.ts';
import { trimmedMean } from '../../bench/placement/stopwatch.ts';

function policyOf(name: string): Policy {
  const policy = POLICIES.find((one) => one.name === name) as Policy;
  return { ...policy, setting: policy.grid?.[4] ?? {} };
}

function scenarioOf(name: string): Scenario {
  return { ...(SCENARIOS.find((one) => one.name === name) as Scenario), tasks: 3_000 };
}

const POPULAR = ['random', 'least-loaded', 'join idle queue', 'born', 'clairvoyant'].map(policyOf);

describe('messages', () => {
  test('are an attempt and its end, and news of all others where a policy goes by loads', () => {
    const run = { attempts: 100, told: 3_000, idleTold: 40 };
    expect(messagesOf(run, 'own')).toBe(200);
    expect(messagesOf(run, 'idle')).toBe(240);
    expect(messagesOf(run, 'loads')).toBe(3_200);
    expect(messagesOf(run, 'all')).toBeNaN();
  });

  test('are none to a dispatcher that is alone but those of its own tasks', () => {
    expect(messagesOf({ attempts: 100, told: 0, idleTold: 40 }, 'idle')).toBe(200);
  });

  test('are 2 · 16 a task with 16 dispatchers that go by loads, and 2 without', () => {
    const { results } = compare(scenarioOf('16 dispatchers'), POPULAR, 1);
    const messages = [...results].map(([{ name }, runs]) => [name, runs[0]?.figures.messages]);
    const { born, 'join idle queue': idle, ...all } = Object.fromEntries(messages);
    expect(all).toEqual({ random: 2, 'least-loaded': expect.closeTo(32, 1), clairvoyant: NaN });
    expect(born).toBe(2);
    expect(idle).toBeGreaterThan(2);
    expect(idle).toBeLessThan(3);
  });

  test('are told of every policy that is known to need none', () => {
    const own = POLICIES.filter((policy) => needsOf(policy) === 'own').map(({ name }) => name);
    expect(own).toEqual([
      'random',
      'round-robin',
      'least connections',
      'EXP3-IX',
      'born',
      'born+zones',
      'weighted random',
      'weighted-round-robin',
    ]);
  });
});

test('what is sent agrees with what is drawn as far as chance lets it, and only Born strategies say so', () => {
  const scenario = { ...scenarioOf('shocks'), tasks: 12_000 };
  const { results } = compare(scenario, POPULAR, 2);
  for (const [{ name }, runs] of results) {
    for (const { fidelity } of runs) {
      if (name !== 'born') expect(fidelity).toBeNull();
      else expect(fidelity?.value).toBeGreaterThan(fidelity?.alarmBelow ?? 1);
    }
  }
});

test('regret is by pairs of runs, and 1 of the clairvoyant itself', () => {
  const { results } = compare(scenarioOf('plain'), POPULAR, 2);
  expect(regretOf(results, policyOf('random'))).toBeNull();
  const [random, , , , clairvoyant] = [...results.keys()] as Policy[];
  expect(regretOf(results, clairvoyant as Policy)).toEqual({ mean: 1, low: 1, high: 1 });
  expect(regretOf(results, random as Policy)?.mean).toBeGreaterThan(5);
});

test('figures are the same again for the same seeds', () => {
  const scenario = scenarioOf('outage');
  const once = compare(scenario, POPULAR, 2).results;
  expect([...compare(scenario, POPULAR, 2).results.values()]).toEqual([...once.values()]);
});

describe('who takes part', () => {
  const namesIn = (scenario: string): string[] =>
    entrantsOf(scenarioOf(scenario), POLICIES).map(({ name }) => name);

  test('is everybody where there are few agents', () => {
    expect(namesIn('1,000 agents')).toHaveLength(POLICIES.length);
  });

  test('is nobody who looks at all agents for a choice where there are many', () => {
    for (const scenario of ['10,000 agents', '1,000,000 agents']) {
      expect(namesIn(scenario)).not.toContain('Thompson');
      expect(namesIn(scenario)).not.toContain('clairvoyant');
    }
    expect(namesIn('1,000,000 agents')).toContain('join idle queue');
    expect(namesIn('1,000,000 agents')).not.toContain('born+p2c, no pull');
  });

  test('is timed at four sizes', () => {
    expect(TIMED.map((name) => scenarioOf(name).agents)).toEqual([100, 1_000, 10_000, 1_000_000]);
  });
});

test('time is the mean without the longest two of a thousand', () => {
  expect(trimmedMean([...Array<number>(998).fill(3), 1_000, 2_000])).toBe(3);
  expect(trimmedMean([1, 3, 1_000])).toBe(2);
});

test('a dispatcher keeps more for each agent where its policy learns of it', () => {
  const [random, born] = [policyOf('random'), policyOf('born')].map((policy) =>
    bytesPerAgent(policy, 1_000),
  ) as [number, number];
  expect(random).toBeGreaterThan(50);
  expect(born).toBeGreaterThan(random + 50);
});

test('two seeds have an interval 12.7 standard errors to each side', () => {
  const { high, low, mean } = estimate([1, 3]);
  expect([mean, high - mean, mean - low]).toEqual([
    2,
    expect.closeTo(12.706, 3),
    expect.closeTo(12.706, 3),
  ]);
});
