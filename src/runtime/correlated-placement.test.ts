/** Where copies and plain tasks go once it was learned which agents fail together. */
import { describe, expect, test } from 'vitest';
import { copyOf, type AgentId, type Task } from '../core/index.ts';
import { register } from '../core/testing/commands.ts';
import { TestOrchestrator } from '../testing/index.ts';
import { PlacementWorld } from './testing/placement-world.ts';

const WINDOW_MS = 30_000;
/** What no label says: the first three share a power supply, the next three another one, two are alone. */
const HIDDEN = [['a0', 'a1', 'a2'], ['a3', 'a4', 'a5'], ['a6'], ['a7']];

/** Lets groups fail in turn, each as a whole, the rest completing what they have. */
function teach(scheduler: PlacementWorld['scheduler'], windows: number): void {
  for (let window = 0; window < windows; window++) {
    const nowMs = window * WINDOW_MS;
    for (const [at, group] of HIDDEN.entries()) {
      const ok = window % HIDDEN.length !== at;
      for (const id of group) scheduler.observe(id as AgentId, 10, ok, nowMs);
    }
  }
}

/** Of 200 tasks with two copies, those whose copies went to one hidden group. */
function sharedGroups(windows: number): number {
  const world = new PlacementWorld(1);
  for (const id of HIDDEN.flat()) world.apply(register(id, { slots: 1_000 }));
  teach(world.scheduler, windows);
  world.submitMany(200, {}, 1, { rules: { redundancy: { copies: 2, agree: 2 } } });
  world.settle();
  const groups = new Map<string, number[]>();
  for (const task of world.state.tasks.values()) {
    const original = copyOf(task)?.taskId;
    if (original === undefined || task.agentId === null) continue;
    const group = HIDDEN.findIndex((ids) => ids.includes(task.agentId as string));
    groups.set(original, [...(groups.get(original) ?? []), group]);
  }
  expect(groups.size).toBe(200);
  return [...groups.values()].filter(([one, other]) => one === other).length;
}

describe('copies of a task', () => {
  test('never go to agents that were seen to fail together, whatever their labels', () => {
    // By chance alone: 12 of the 56 ordered pairs of agents share a group.
    expect(sharedGroups(0)).toBeGreaterThan(20);
    expect(sharedGroups(40)).toBe(0);
  });

  test('go to such an agent rather than wait where nobody else is available', () => {
    const world = new PlacementWorld(1);
    for (const id of ['a0', 'a1']) world.apply(register(id, { slots: 4 }));
    for (let window = 0; window < 40; window++) {
      for (const id of ['a0', 'a1']) {
        world.scheduler.observe(id as AgentId, 10, window % 2 === 0, window * WINDOW_MS);
      }
    }
    world.submitMany(1, {}, 1, { rules: { redundancy: { copies: 2, agree: 2 } } });
    world.settle();
    const running = [...world.state.tasks.values()].filter(({ state }) => state === 'running');
    expect(running.map(({ agentId }) => agentId).toSorted()).toEqual(['a0', 'a1']);
  });
});

test('explain says with whom the agent shares its failures that a copy is kept from', () => {
  const world = new PlacementWorld(1);
  world.apply({ type: 'queue.set', queue: 'default', settings: { strategy: 'least-loaded' } });
  for (const id of HIDDEN.flat()) world.apply(register(id, { slots: 4 }));
  teach(world.scheduler, 40);
  world.submitMany(1, {}, 1, { rules: { redundancy: { copies: 2, agree: 2 } } });
  world.settle();
  const copies = [...world.state.tasks.values()].filter((task) => copyOf(task) !== null);
  const reasons = copies.map((task) => world.scheduler.explain(task, 0).pick?.reason);
  expect(reasons).toContainEqual(
    expect.stringMatching(
      /^agent a\d, which the strategy would choose, shares \d\d % of its failures with a\d, where another copy is$/,
    ),
  );
});

describe('a hedge', () => {
  const NAMES = ['one', 'two', 'three'];

  /** Where a task went first, and where its hedge, once all but `apart` were seen to fail together. */
  async function placesOf(apart: string): Promise<(string | undefined)[]> {
    const uqo = await TestOrchestrator.start();
    const agents = await Promise.all(
      NAMES.map((id) => uqo.scripted({ id, capabilities: ['work'] })),
    );
    const { scheduler } = uqo.runtime.observed;
    for (let window = 1; window <= 40; window++) {
      const nowMs = uqo.clock.now() - (41 - window) * WINDOW_MS;
      for (const id of NAMES) {
        const ok = id === apart ? window % 3 !== 0 : window % 2 === 0;
        scheduler.observe(id as AgentId, 10, ok, nowMs);
      }
    }
    await uqo.submit({ type: 'work', hedge: { afterMs: 1_000 } });
    await uqo.settle();
    const first = agents.find(({ leasesWaiting }) => leasesWaiting > 0);
    await first?.nextLease();
    await uqo.clock.advance(1_000);
    const second = agents.find(({ leasesWaiting }) => leasesWaiting > 0);
    await uqo.stop();
    return [first?.id, second?.id];
  }

  test('goes to the agent that does not fail together with the first', async () => {
    const firsts = new Set<boolean>();
    for (const apart of NAMES) {
      const [first, second] = await placesOf(apart);
      firsts.add(first === apart);
      if (first !== apart) expect(second).toBe(apart);
    }
    expect(firsts).toContain(false);
  });
});

describe('a domain that fails as a whole', () => {
  const SIZE = 5;
  const zoneOf = (at: number): string => `z${at % 3}`;

  function worldWithZones(strategy: 'least-loaded' | 'power-of-two-choices'): PlacementWorld {
    const world = new PlacementWorld(1);
    world.apply({ type: 'queue.set', queue: 'default', settings: { strategy } });
    for (let at = 0; at < 3 * SIZE; at++) {
      world.apply(register(`a${at}`, { slots: 1_000, labels: { zone: zoneOf(at) } }));
    }
    return world;
  }

  function shareOf(world: PlacementWorld, zone: string): number {
    const running = [...world.state.tasks.values()].filter(({ state }) => state === 'running');
    const there = running.filter(({ agentId }) => zoneOf(Number(agentId?.slice(1))) === zone);
    return there.length / running.length;
  }

  for (const strategy of ['least-loaded', 'power-of-two-choices'] as const) {
    test(`gets few tasks while it is suspect, but some, under ${strategy}`, () => {
      const world = worldWithZones(strategy);
      for (let at = 0; at < 3 * SIZE; at++) {
        const ok = zoneOf(at) !== 'z1';
        world.scheduler.observe(`a${at}` as AgentId, 10, ok, 1_000_000);
      }
      world.submitMany(600, {}, 1);
      world.settle();
      expect(shareOf(world, 'z1')).toBeGreaterThan(0.005);
      expect(shareOf(world, 'z1')).toBeLessThan(0.12);
    });
  }

  test('is named by explain', () => {
    const world = worldWithZones('least-loaded');
    for (let at = 0; at < 3 * SIZE; at++) {
      world.scheduler.observe(`a${at}` as AgentId, 10, zoneOf(at) !== 'z1', 1_000_000);
    }
    world.submitMany(60, {}, 1);
    world.settle();
    const [task] = world.state.tasks.values();
    const { pick } = world.scheduler.explain(task as Task, 1_000_000);
    expect(pick?.reason).toMatch(
      /^agents with zone=z1 fail together \(5 of 5\), so a\d+, which the strategy would choose, is avoided$/,
    );
  });

  test('has its share again thirty seconds later', () => {
    const world = worldWithZones('power-of-two-choices');
    for (let at = 0; at < 3 * SIZE; at++) {
      world.scheduler.observe(`a${at}` as AgentId, 10, zoneOf(at) !== 'z1', 1_000_000);
    }
    world.submitMany(600, {}, 31_000);
    world.settle();
    expect(shareOf(world, 'z1')).toBeGreaterThan(0.27);
  });
});
