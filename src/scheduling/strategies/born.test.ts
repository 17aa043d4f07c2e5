import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { TEMPERATURE } from '../born/feedback.ts';
import { Fleet } from '../testing/fleet.ts';
import { EXPLORATION } from './born.ts';

const STRATEGIES = ['born', 'born+p2c', 'born+zones', 'born+zones+p2c'] as const;
const SEED = Number(process.env['SEED'] ?? 1);

interface Work {
  readonly rounds: number;
  readonly runMs: (id: string) => number;
  readonly fails?: (id: string) => boolean;
}

/** Runs single tasks one after the other, tells how each ended, and counts them by agent. */
function work(fleet: Fleet, { rounds, runMs, fails }: Work): Map<string, number> {
  const counts = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const id = fleet.start();
    if (id === null) throw new Error('an agent must be available');
    counts.set(id, (counts.get(id) ?? 0) + 1);
    fleet.nowMs += 10;
    fleet.finish(id);
    fleet.scheduler.observe(id, runMs(id), fails?.(id) !== true, fleet.nowMs);
  }
  return counts;
}

function fleetOf(strategy: (typeof STRATEGIES)[number], ...ids: string[]): Fleet {
  const fleet = new Fleet(strategy, SEED);
  for (const id of ids) fleet.add(id, { slots: 10 });
  return fleet;
}

describe.each(STRATEGIES)('%s', (strategy) => {
  test('without feedback, draws by slots and weight', () => {
    const fleet = new Fleet(strategy, SEED);
    fleet.add('small', { slots: 10 });
    fleet.add('large', { slots: 30 });
    fleet.add('heavy', { slots: 10, weight: 4 });
    const counts = new Map<string, number>();
    for (let round = 0; round < 8_000; round++) {
      const id = fleet.start() as string;
      counts.set(id, (counts.get(id) ?? 0) + 1);
      fleet.finish(id);
    }
    // With nothing in flight both draws tie, and the first stands. Five deviations.
    for (const [id, share] of Object.entries({ small: 1 / 8, large: 3 / 8, heavy: 4 / 8 })) {
      const deviation = Math.sqrt(8_000 * share * (1 - share));
      expect(Math.abs((counts.get(id) ?? 0) - 8_000 * share)).toBeLessThan(5 * deviation);
    }
  });

  test('a slow agent gets less and a fast one more', () => {
    const fleet = fleetOf(strategy, 'slow', 'fast', 'c', 'd');
    const runMs = (id: string): number => ({ slow: 1_000, fast: 50 })[id] ?? 200;
    work(fleet, { rounds: 3_000, runMs });
    const counts = work(fleet, { rounds: 3_000, runMs });
    expect((counts.get('slow') ?? 0) / 3_000).toBeLessThan(0.15);
    expect((counts.get('fast') ?? 0) / 3_000).toBeGreaterThan(0.4);
    expect(counts.get('c')).toBeGreaterThan(counts.get('slow') ?? 0);
  });

  test('an agent that fails fast gets next to nothing, and never nothing', () => {
    const fleet = fleetOf(strategy, 'broken', 'b', 'c', 'd');
    const ends = {
      runMs: (id: string): number => (id === 'broken' ? 1 : 200),
      fails: (id: string): boolean => id === 'broken',
    };
    work(fleet, { rounds: 2_000, ...ends });
    const share = (work(fleet, { rounds: 8_000, ...ends }).get('broken') ?? 0) / 8_000;
    const floor = EXPLORATION / 4;
    expect(share).toBeLessThan(3 * floor);
    expect(share).toBeGreaterThan(floor - 5 * Math.sqrt(floor / 8_000));
  });

  test('an agent that has recovered gets its share again', () => {
    const fleet = fleetOf(strategy, 'broken', 'b', 'c', 'd');
    const runMs = (): number => 200;
    work(fleet, { rounds: 2_000, runMs, fails: (id) => id === 'broken' });
    work(fleet, { rounds: 6_000, runMs });
    const share = (work(fleet, { rounds: 4_000, runMs }).get('broken') ?? 0) / 4_000;
    expect(share).toBeGreaterThan(0.12);
  });

  test('what was learned fades when nothing is heard for long', () => {
    const fleet = fleetOf(strategy, 'slow', 'b', 'c', 'd');
    const runMs = (id: string): number => (id === 'slow' ? 20_000 : 100);
    work(fleet, { rounds: 3_000, runMs });
    const silent = (): number => {
      let slow = 0;
      for (let round = 0; round < 2_000; round++) {
        const id = fleet.start() as string;
        if (id === 'slow') slow += 1;
        fleet.finish(id);
      }
      return slow / 2_000;
    };
    const before = silent();
    fleet.nowMs += 6_000_000;
    expect(before).toBeLessThan(0.1);
    expect(silent()).toBeGreaterThan(0.2);
  });

  test('a freed agent and a full one leave the proportions of the others alone', () => {
    const fleet = new Fleet(strategy, SEED);
    fleet.add('tiny', { slots: 1, weight: 50 });
    fleet.add('b', { slots: 1_000 });
    const picks = fleet.startAll(new Array<null>(100).fill(null));
    expect(picks.filter((id) => id === 'tiny').length).toBeLessThanOrEqual(1);
    fleet.finishAll();
    fleet.remove('b');
    expect(fleet.start()).toBe('tiny');
    expect(fleet.start()).toBeNull();
  });

  test('weights that are no numbers break nothing', () => {
    const fleet = new Fleet(strategy, SEED);
    fleet.add('nan', { slots: 4, weight: Number.NaN });
    fleet.add('infinite', { slots: 4, weight: Number.POSITIVE_INFINITY });
    fleet.add('plain', { slots: 4 });
    expect(fleet.startAll(new Array<null>(20).fill(null))).toHaveLength(12);
  });
});

test('born alone takes what it draws, however loaded; born+p2c levels the load', () => {
  const fullest = (['born', 'born+p2c'] as const).map((strategy) => {
    const fleet = new Fleet(strategy, SEED);
    for (let agent = 0; agent < 500; agent++) fleet.add(`${agent}`, { slots: 100 });
    fleet.startAll(new Array<null>(500).fill(null));
    return Math.max(...[...fleet.agents.values()].map(({ leases }) => leases.size));
  });
  expect(fullest[0]).toBeGreaterThanOrEqual(4);
  expect(fullest[1]).toBeLessThanOrEqual(4);
  expect(fullest[1]).toBeLessThan(fullest[0] as number);
});

test('an attempt that another strategy started teaches nothing', () => {
  const runs = [true, false].map((isTold) => {
    const fleet = fleetOf('born', 'a', 'b');
    fleet.finish(fleet.start() as string);
    const rng = Rng.fromSeed(3);
    // One attempt is pending; what is told beyond it is not of this strategy.
    for (const id of ['a', 'b'] as const) {
      fleet.scheduler.observe(fleet.agent(id).id, 100, true, fleet.nowMs);
    }
    if (isTold) {
      for (let told = 0; told < 200; told++) {
        fleet.scheduler.observe(fleet.agent('a').id, rng.below(1_000), false, fleet.nowMs);
      }
    }
    return fleet.startAll(new Array<null>(20).fill(null));
  });
  expect(runs[0]).toEqual(runs[1]);
});

test('settles where the reward balances the pull of the prior: p ∝ π · e^(r/T)', () => {
  const fleet = fleetOf('born', 'quick', 'usual');
  const runMs = (id: string): number => (id === 'quick' ? 100 : 300);
  work(fleet, { rounds: 4_000, runMs });
  const rounds = 30_000;
  const quick = (work(fleet, { rounds, runMs }).get('quick') ?? 0) / rounds;
  // The fixed point: the mean run depends on the shares, these on the rewards.
  let p = 0.5;
  for (let step = 0; step < 200; step++) {
    const meanMs = p * 100 + (1 - p) * 300;
    const odds = Math.exp((meanMs / (meanMs + 100) - meanMs / (meanMs + 300)) / TEMPERATURE);
    p = (p + odds / (1 + odds)) / 2;
  }
  const expected = (1 - EXPLORATION) * p + EXPLORATION / 2;
  expect(expected).toBeGreaterThan(0.65);
  expect(Math.abs(quick - expected)).toBeLessThan(0.025);
});

test('with interference the state still learns, draws by its own law and leaves nobody out', () => {
  const fleet = new Fleet('born', SEED, { phase: 0.1, mixer: 0.1 });
  for (const id of ['slow', 'b', 'c', 'd']) fleet.add(id, { slots: 10 });
  const ends = { runMs: (id: string): number => (id === 'slow' ? 2_000 : 100) };
  work(fleet, { rounds: 2_000, ...ends });
  const counts = work(fleet, { rounds: 20_000, ...ends });
  const slow = (counts.get('slow') ?? 0) / 20_000;
  expect(slow).toBeLessThan(0.2);
  expect(slow).toBeGreaterThan(0.8 * (EXPLORATION / 4));
  const { dispatchFidelity } = fleet.scheduler.bornStatus();
  expect(dispatchFidelity?.value).toBeGreaterThan(dispatchFidelity?.alarmBelow ?? 1);
  // Without it the same draws would have led elsewhere.
  const plain = fleetOf('born', 'slow', 'b', 'c', 'd');
  work(plain, { rounds: 2_000, ...ends });
  expect(work(plain, { rounds: 20_000, ...ends })).not.toEqual(counts);
});

test.each(['born', 'born+p2c', 'born+zones', 'born+zones+p2c'] as const)(
  '%s learns while all are busy and each task has one agent to go to',
  (strategy) => {
    const fleet = new Fleet(strategy, 1);
    for (const id of ['slow', 'b', 'c', 'd']) fleet.add(id);
    const running = [fleet.start(), fleet.start(), fleet.start(), fleet.start()];
    for (let round = 0; round < 400; round++) {
      const id = running.shift() ?? '';
      fleet.finish(id);
      fleet.nowMs += 100;
      fleet.scheduler.observe(id as never, id === 'slow' ? 4_000 : 100, true, fleet.nowMs);
      running.push(fleet.start());
    }
    for (const id of running) fleet.finish(id ?? '');
    const { targetFidelity } = fleet.scheduler.bornStatus();
    expect(targetFidelity).toBeLessThan(0.9);
  },
);
