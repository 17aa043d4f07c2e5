/** Breakers under load: what is proposed while many tasks wait for one that is not closed. */
import { describe, expect, test } from 'vitest';
import type { BreakerDefaults, Task } from '../core/index.ts';
import { PlacementWorld } from './testing/placement-world.ts';

const QUICK = { callsMin: 4, openMs: 100, jitter: 0, probesMax: 3, successesMin: 6 };
const OFF = { enabled: false };
const ADVANCE = [[6, 0]] as const;
const SPEC = {
  rules: { downstreams: ['openai'] },
  retry: { attemptsMax: 1_000, delayMs: 0 },
  priority: 5,
};

function running({ state }: PlacementWorld): Task[] {
  return [...state.tasks.values()].filter((task) => task.state === 'running');
}

function fail(world: PlacementWorld, tasks: readonly Task[]): void {
  const error = { code: 'UPSTREAM', message: 'no answer' };
  const items = tasks.map(({ fencingToken, id }) => ({
    taskId: id,
    fencingToken,
    error,
    retryable: true,
  }));
  world.apply({ type: 'task.fail', items });
}

/** A thousand tasks wait for a kind whose breaker has just opened; the last failures come one by one. */
function opened(breakers: BreakerDefaults): { world: PlacementWorld; refused: number } {
  const world = new PlacementWorld(1, breakers);
  world.register('a1', 20);
  world.submitMany(1_000, {}, 0, SPEC);
  world.settle();
  let refused = 0;
  for (let task = running(world)[0]; task !== undefined; task = running(world)[0]) {
    fail(world, [task]);
    refused += world.refusals;
    world.settle();
  }
  return { world, refused };
}

describe.each([
  ['a service', { downstream: QUICK, agent: OFF, capability: OFF }],
  ['a capability', { downstream: OFF, agent: OFF, capability: QUICK }],
  ['an agent', { downstream: OFF, agent: QUICK, capability: OFF }],
])('while a thousand tasks wait for %s', (_, breakers) => {
  test('nothing is proposed that would be refused, but what the batch at hand changes', () => {
    const { refused, world } = opened(breakers);
    // The failure that opens it comes in one entry with a proposal for the slot that it frees.
    expect(refused).toBeLessThanOrEqual(1);
    expect(running(world).length).toBe(0);
    expect(world.scheduler.hasWork(world.state.nowMs)).toBe(false);
  });

  test('so many probes run as may, one follows another, and then all of them go', () => {
    const { world } = opened(breakers);
    world.batch(ADVANCE, 100);
    world.apply();
    expect([world.starts, world.refusals]).toEqual([QUICK.probesMax, 0]);
    for (let probe = 0; probe < 6; probe++) {
      const probes = running(world);
      expect(probes.length).toBe(QUICK.probesMax);
      world.complete(probes.slice(0, 1));
      world.settle();
    }
    expect(running(world).length).toBe(20);
  });

  test('a task that needs nothing of it goes on', () => {
    const { world } = opened(breakers);
    world.apply({
      type: 'agent.register',
      agentId: 'a2' as never,
      incarnation: '1',
      spec: OTHER_AGENT,
    });
    world.submitMany(5, {}, 0, { type: 'post' });
    world.settle();
    expect(running(world).map((task) => task.profile.spec.type)).toEqual(['post', 'post']);
    expect(world.refusals).toBe(0);
  });
});

const OTHER_AGENT = {
  kind: 'general',
  capabilities: ['post'],
  slots: 2,
  labels: {},
  cost: 0,
  weight: 1,
  heartbeatMs: 30_000,
};
