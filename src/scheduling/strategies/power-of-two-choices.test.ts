import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { Fleet } from '../testing/fleet.ts';

const AGENTS = 1_000;

/** Fullest of 1,000 agents after as many tasks as agents were thrown at them. */
function fullest(fleet: Fleet): number {
  for (let index = 0; index < AGENTS; index++) fleet.add(`${index}`, { slots: 100 });
  fleet.startAll(new Array<null>(AGENTS).fill(null));
  return Math.max(...[...fleet.agents.values()].map((agent) => agent.leases.size));
}

function fullestAtRandom(seed: number): number {
  const rng = Rng.fromSeed(seed);
  const loads = new Array<number>(AGENTS).fill(0);
  for (let task = 0; task < AGENTS; task++) {
    const index = rng.below(AGENTS);
    loads[index] = (loads[index] ?? 0) + 1;
  }
  return Math.max(...loads);
}

describe('power of two choices', () => {
  test('keeps the fullest agent far below what blind chance gives', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const chosen = fullest(new Fleet('power-of-two-choices', seed));
      // ln ln 1000 / ln 2 + O(1) is about 3; blind chance gives about ln n / ln ln n, 5 to 7.
      expect(chosen).toBeLessThanOrEqual(3);
      expect(chosen).toBeLessThan(fullestAtRandom(seed));
    }
  });

  test('compares shares of slots, not numbers of tasks', () => {
    const fleet = new Fleet('power-of-two-choices');
    fleet.add('small', { slots: 10 });
    fleet.add('large', { slots: 30 });
    fleet.startAll(new Array<null>(20).fill(null));
    expect(fleet.agent('small').leases.size).toBe(5);
    expect(fleet.agent('large').leases.size).toBe(15);
  });

  test('takes the cheaper of two that are equally loaded', () => {
    const fleet = new Fleet('power-of-two-choices');
    fleet.add('dear', { cost: 5, slots: 2 });
    fleet.add('cheap', { cost: 1, slots: 2 });
    expect(fleet.startAll([null, null])).toEqual(['cheap', 'dear']);
  });

  test('draws every pair of idle agents, so that none is left out', () => {
    const fleet = new Fleet('power-of-two-choices');
    for (let index = 0; index < 5; index++) fleet.add(`${index}`);
    const counts = new Map<string, number>();
    for (let round = 0; round < 2_000; round++) {
      const picked = fleet.start() as string;
      counts.set(picked, (counts.get(picked) ?? 0) + 1);
      fleet.finish(picked);
    }
    expect(counts.size).toBe(5);
    // Five standard deviations around 400.
    for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(90);
  });

  test('the same seed makes the same choices', () => {
    const [one, other] = [7, 7].map((seed) => {
      const fleet = new Fleet('power-of-two-choices', seed);
      for (let index = 0; index < 20; index++) fleet.add(`${index}`, { slots: 5 });
      return fleet.startAll(new Array<null>(60).fill(null));
    });
    expect(one).toEqual(other);
  });
});
