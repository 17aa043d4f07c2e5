/** The turn's placement and core, tied together: what tasks with gates may and must be given. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkInvariants,
  closedGate,
  isLeased,
  letsPass,
  meetsRequirement,
  namespaceOf,
  usesOf,
  type BreakerDefaults,
  type Gate,
  type Task,
} from '../core/index.ts';
import { register } from '../core/testing/commands.ts';
import { PlacementWorld } from './testing/placement-world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

/** Breakers that open at the third call, for short, and let one or two probes through. */
const TOUCHY = { callsMin: 3, openMs: 100, openMsMax: 400, windowMs: 5_000, successesMin: 2 };
const BREAKERS: BreakerDefaults = {
  agent: { ...TOUCHY, probesMax: 1 },
  capability: { ...TOUCHY, callsMin: 5, probesMax: 2 },
  downstream: { ...TOUCHY, probesMax: 2 },
};

const move = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.nat(60), fc.nat(400)),
  wanted: fc.array(fc.tuple(fc.nat(19), fc.nat(10_000)), { maxLength: 4 }),
});

/** Queued tasks that could start: no gate is closed to them, and an able agent has a free slot. */
function startable({ state }: PlacementWorld): Task[] {
  return [...state.tasks.values()].filter((task) => {
    if (task.state !== 'queued' || task.profile.queue.paused) return false;
    if (closedGate(task, state.nowMs) !== null) return false;
    // Units of a rate may be kept for another one that has waited for them.
    if (usesOf(task).some(({ gate }) => isReserved(gate))) return false;
    return [...state.agents.values()].some(
      (agent) =>
        agent.state === 'ready' &&
        (agent.breaker === null || letsPass(agent.breaker)) &&
        agent.leases.size - agent.waiting < agent.spec.slots &&
        meetsRequirement(agent.spec, task.profile.spec.requires),
    );
  });
}

function isReserved({ mirror }: Gate): boolean {
  return mirror !== null && 'reserved' in mirror && mirror.reserved !== null;
}

function checkLimits({ state }: PlacementWorld): void {
  for (const gate of state.limitGates.values()) {
    const { concurrencyMax = Infinity } = gate.settings ?? {};
    // A limit that was lowered does not end what runs: only starts are held to it.
    expect(gate.running).toBeLessThanOrEqual(Math.max(concurrencyMax, gate.running));
  }
  const running = new Map<string, number>();
  for (const task of state.tasks.values()) {
    const key = task.extra?.control?.concurrencyKey ?? null;
    if (key === null || !isLeased(task)) continue;
    const name = `${task.profile.spec.namespace} ${key}`;
    running.set(name, (running.get(name) ?? 0) + 1);
  }
  for (const [name, count] of running) expect([name, count <= 2]).toEqual([name, true]);
}

test('whatever happens, no proposal is refused twice, no agent idles while a task may start, and shares are counted right', () => {
  const seen = { gated: 0, held: 0, refusals: 0, starts: 0, open: 0, probing: 0 };
  fc.assert(
    fc.property(fc.integer(), fc.array(move, { maxLength: 60, size: 'max' }), (seed, moves) => {
      const world = new PlacementWorld(seed, BREAKERS);
      for (const { waitMs, wanted } of moves) {
        world.batch(wanted, waitMs);
        seen.refusals += world.refusals;
        // Whatever the batch's own commands changed under the proposals is set right by now.
        world.settle();
        expect(world.refusals).toBe(0);
        expect(startable(world).map(({ id }) => id)).toEqual([]);
        expect(world.scheduler.hasWork(world.state.nowMs)).toBe(false);
        checkLimits(world);
        checkInvariants(world.state);
        for (const { state } of world.state.records.breakers.values()) {
          if (state === 'open') seen.open += 1;
          if (state === 'half-open') seen.probing += 1;
        }
        const tasks = [...world.state.tasks.values()];
        expect(world.scheduler.counts().waiting).toBe(
          tasks.filter(({ state }) => state === 'queued').length,
        );
        for (const share of world.scheduler.shares()) {
          const own = tasks.filter((task) => namespaceOf(task.profile.queue.name) === share.name);
          const running = own.filter(({ state }) => state === 'running').length;
          const waiting = own.filter(({ state }) => state === 'queued').length;
          expect({ ...share, cost: 0 }).toMatchObject({ running, waiting });
        }
        seen.gated += tasks.filter((task) => task.gates !== null).length;
        seen.held += tasks.filter((task) => task.state === 'queued').length;
      }
      seen.starts += world.proposed;
    }),
    { numRuns: 100, ...SEED },
  );
  expect(seen.gated).toBeGreaterThan(1_000);
  expect(seen.held).toBeGreaterThan(1_000);
  expect(seen.refusals).toBeGreaterThan(20);
  expect(seen.starts).toBeGreaterThan(1_000);
  expect(seen.open).toBeGreaterThan(100);
  expect(seen.probing).toBeGreaterThan(100);
});

test('a rate lets at most its burst and what refilled start in any window', () => {
  const [units, perMs, burst] = [5, 200, 8];
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(80), fc.nat(4)), { maxLength: 80 }), (steps) => {
      const world = new PlacementWorld(1);
      world.apply({
        type: 'limit.set',
        limit: 'calls',
        settings: { rate: { units, perMs, burst } },
      });
      world.register('a1', 1_000);
      const starts: number[] = [];
      for (const [waitMs, count] of steps) {
        world.submitMany(count, { limits: [{ name: 'calls' }] }, waitMs);
        for (let i = 0; i < world.starts; i++) starts.push(world.state.nowMs);
        world.settle();
        expect(world.refusals).toBe(0);
      }
      for (const [i, from] of starts.entries()) {
        for (let j = i; j < starts.length; j++) {
          const window = (starts[j] as number) - from;
          expect(j - i + 1).toBeLessThanOrEqual(burst + (units * window) / perMs + 1e-9);
        }
      }
    }),
    { numRuns: 50, ...SEED },
  );
});

test('a lane that a rate holds is asked again when it opens, and not before', () => {
  const world = new PlacementWorld(1);
  world.apply({ type: 'limit.set', limit: 'calls', settings: { rate: { units: 1, perMs: 100 } } });
  world.register('a1', 10);
  world.submitMany(3, { limits: [{ name: 'calls' }] }, 0);
  expect([world.starts, world.scheduler.hasWork()]).toEqual([1, false]);
  const openAt = world.state.nowMs + 100;
  expect(world.scheduler.nextOpenAt()).toBe(openAt);
  world.batch([], 99);
  expect([world.starts, world.scheduler.nextOpenAt()]).toEqual([0, openAt]);
  world.batch([], 1);
  expect([world.starts, world.scheduler.hasWork()]).toEqual([1, false]);
  expect(world.scheduler.nextOpenAt()).toBe(openAt + 100);
});

test('a lane that was let go and left lets the one behind it go', () => {
  const world = new PlacementWorld(1);
  world.apply({ type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 1 } });
  world.register('a1', 2);
  const seats = { limits: [{ name: 'seats' }] };
  world.submitMany(1, seats, 0);
  for (const key of ['u1', 'u2', 'u3']) world.submitMany(1, { ...seats, concurrencyKey: key }, 0);
  expect(world.scheduler.hasWork()).toBe(false);
  world.submitMany(1, {}, 0);
  // Three may start now, but the only agent is full: the first waits for it, the others behind it.
  world.apply({ type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 4 } });
  const [, first, second, third] = [...world.state.tasks.values()];
  world.apply({ type: 'task.cancel', taskIds: [first?.id ?? ('' as never)], reason: 'asked' });
  world.apply({ type: 'task.cancel', taskIds: [second?.id ?? ('' as never)], reason: 'asked' });
  world.register('a2', 1);
  world.settle();
  expect(third?.state).toBe('running');
});

test('a lane that was let go and met another closed gate lets the one behind it go', () => {
  const world = new PlacementWorld(1);
  world.apply({ type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 1 } });
  world.apply(register('p1', { capabilities: ['post'], slots: 2 }));
  world.register('a0', 1);
  const seats = { limits: [{ name: 'seats' }] };
  world.submitMany(1, seats, 0, { type: 'post' });
  for (const key of ['u1', 'u2']) world.submitMany(1, { ...seats, concurrencyKey: key }, 0);
  expect(world.scheduler.hasWork()).toBe(false);
  world.submitMany(1, {}, 0);
  world.apply({ type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 5 } });
  world.submitMany(1, { concurrencyKey: 'u1' }, 0, { type: 'post' });
  world.register('a1', 5);
  world.settle();
  const states = [...world.state.tasks.values()].map(({ state }) => state);
  expect(states).toEqual(['running', 'queued', 'running', 'running', 'running']);
});

test('a freed key is taken again in the entry that frees it, and proposals are as many as starts', () => {
  const world = new PlacementWorld(1);
  world.register('a1', 10);
  world.submitMany(100, { concurrencyKey: 'user-1' }, 0);
  expect(world.starts).toBe(1);
  let proposed = world.proposed;
  for (let done = 1; done < 100; done++) {
    world.completeAll();
    expect([world.starts, world.refusals]).toEqual([1, 0]);
  }
  proposed = world.proposed - proposed;
  expect(proposed).toBe(99);
});

test('a hundred keys behind one limit do not cost a proposal each when it opens', () => {
  const world = new PlacementWorld(1);
  world.apply({ type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 3 } });
  world.register('a1', 1_000);
  for (let key = 0; key < 100; key++)
    world.submitMany(2, { concurrencyKey: `u${key}`, limits: [{ name: 'seats' }] }, 0);
  let left = 200;
  while (left > 0) {
    const running = [...world.state.tasks.values()].filter(({ state }) => state === 'running');
    // Two of one key are left at the end.
    expect(running.length).toBeGreaterThanOrEqual(Math.min(3, Math.ceil(left / 2)));
    world.completeAll();
    expect(world.refusals).toBe(0);
    left -= running.length;
  }
});
