/** How work is shared, against a reference of a few lines that knows what is waiting and running. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namespaceOf, type Task } from '../core/index.ts';
import { PlacementWorld } from './testing/placement-world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const NAMESPACES = ['default', 'blue', 'red', 'green'];

function tasksOf(world: PlacementWorld, name: string, state: Task['state']): Task[] {
  return [...world.state.tasks.values()].filter(
    (task) => namespaceOf(task.profile.queue.name) === name && task.state === state,
  );
}

function running(world: PlacementWorld): number[] {
  return NAMESPACES.map((name) => tasksOf(world, name, 'running').length);
}

describe('namespaces', () => {
  test('have their max-min fair part of the slots within one task, whatever came and went', () => {
    const move = fc.record({
      submits: fc.array(fc.tuple(fc.nat(3), fc.nat(12)), { maxLength: 3 }),
      ends: fc.nat(255),
    });
    let contended = 0;
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30, size: 'max' }), (moves) => {
        const world = new PlacementWorld(1);
        const slots = 9;
        world.register('a1', slots);
        for (const { ends, submits } of moves) {
          for (const [who, count] of submits)
            world.submitMany(count, {}, 1, { namespace: NAMESPACES[who] as string });
          const all = NAMESPACES.flatMap((name) => tasksOf(world, name, 'running'));
          world.complete(all.filter((_, i) => (ends >> (i % 8)) % 2 === 1));
          world.settle();
          const waits = NAMESPACES.map((name) => tasksOf(world, name, 'queued').length > 0);
          const has = running(world);
          const free = slots - has.reduce((sum, count) => sum + count, 0);
          if (waits.some((one) => one)) expect(free).toBe(0);
          // Nobody who waits was passed over for one who had more, when slots were last dealt out.
          if (waits.filter((one) => one).length > 1) contended += 1;
        }
        // Everything that runs ends, a slot at a time: each goes to who has least of those who wait.
        for (let round = 0; round < 60; round++) {
          const before = running(world);
          const waits = NAMESPACES.map((name) => tasksOf(world, name, 'queued').length > 0);
          const ending = NAMESPACES.findIndex(
            (_, i) => (before[i] ?? 0) > 0 && (round + i) % 2 === 0,
          );
          if (ending < 0 || !waits.some((one) => one)) continue;
          const [task] = tasksOf(world, NAMESPACES[ending] as string, 'running');
          world.complete([task as Task]);
          before[ending] = (before[ending] ?? 0) - 1;
          const after = running(world);
          const gained = after.findIndex((count, i) => count > (before[i] ?? 0));
          const least = Math.min(...before.filter((_, i) => waits[i]));
          expect(before[gained]).toBe(least);
        }
      }),
      { numRuns: 60, ...SEED },
    );
    expect(contended).toBeGreaterThan(50);
  });

  test('one with a hundred thousand tasks does not delay another one by more than a slot', () => {
    const world = new PlacementWorld(1);
    world.register('a1', 4);
    world.submitMany(10_000, {}, 0);
    world.settle();
    for (let round = 0; round < 20; round++) {
      world.submitMany(1, {}, 1, { namespace: 'blue' });
      const first = [...world.state.tasks.values()].find(({ state }) => state === 'running');
      world.complete([first as Task]);
      expect(tasksOf(world, 'blue', 'running')).toHaveLength(1);
      world.complete(tasksOf(world, 'blue', 'running'));
    }
  });

  test('share a slot that comes free in the same entry as both submit', () => {
    const world = new PlacementWorld(1);
    world.register('a1', 4);
    world.apply(
      world.submitCommand(10, { namespace: 'blue' }),
      world.submitCommand(10, { namespace: 'red' }),
    );
    expect(running(world)).toEqual([0, 2, 2, 0]);
  });

  test('take turns on one slot, also where one always comes back with a single task', () => {
    const world = new PlacementWorld(1);
    world.register('a1', 1);
    world.submitMany(1_000, {}, 0);
    const served = { default: 0, blue: 0 };
    for (let round = 0; round < 100; round++) {
      if (tasksOf(world, 'blue', 'queued').length === 0)
        world.submitMany(1, {}, 0, { namespace: 'blue' });
      const [task] = [...world.state.tasks.values()].filter(({ state }) => state === 'running');
      served[namespaceOf((task as Task).profile.queue.name) as keyof typeof served] += 1;
      world.complete([task as Task]);
    }
    expect(Math.abs(served.default - served.blue)).toBeLessThanOrEqual(2);
  });

  test('have shares in the ratio of their weights', () => {
    const world = new PlacementWorld(1);
    world.apply({ type: 'fairness.set', weights: { blue: 3 } });
    world.register('a1', 40);
    world.apply(
      world.submitCommand(100, { namespace: 'blue' }),
      world.submitCommand(100, { namespace: 'red' }),
    );
    expect(running(world)).toEqual([0, 30, 10, 0]);
  });

  test('count what their tasks cost: dear ones get fewer slots', () => {
    const world = new PlacementWorld(1);
    world.register('a1', 50);
    const dear = { estimate: { tokens: 30_000 } };
    world.apply(
      world.submitCommand(100, { namespace: 'blue' }, dear),
      world.submitCommand(100, { namespace: 'red' }),
    );
    const [, blue = 0, red = 0] = running(world);
    expect(blue + red).toBe(50);
    expect(Math.abs(blue * 4 - red)).toBeLessThanOrEqual(4);
  });

  test('that were idle bring no credit', () => {
    const world = new PlacementWorld(1);
    world.register('a1', 1);
    world.apply(
      world.submitCommand(200, { namespace: 'blue' }),
      world.submitCommand(200, { namespace: 'red' }),
    );
    world.submitMany(1, {}, 0, { namespace: 'green' });
    for (let round = 0; round < 100; round++) world.completeAll();
    world.submitMany(100, {}, 0, { namespace: 'green' });
    const served: Record<string, number> = {};
    for (let round = 0; round < 30; round++) {
      world.completeAll();
      const [task] = [...world.state.tasks.values()].filter(({ state }) => state === 'running');
      const name = namespaceOf((task as Task).profile.queue.name);
      served[name] = (served[name] ?? 0) + 1;
    }
    for (const name of ['blue', 'red', 'green']) {
      expect(Math.abs((served[name] ?? 0) - 10)).toBeLessThanOrEqual(1);
    }
  });
});

describe('fairness keys', () => {
  test('share what their namespace has, below priority', () => {
    const world = new PlacementWorld(1);
    world.register('a1', 6);
    const keyed = (key: string): { fairnessKey: string } => ({ fairnessKey: key });
    world.apply(
      world.submitCommand(50, {}, keyed('ann')),
      world.submitCommand(50, {}, keyed('bob')),
      world.submitCommand(50, {}),
      world.submitCommand(2, { priority: 9 }, keyed('ann')),
    );
    const of = (key: string | null): number =>
      [...world.state.tasks.values()].filter(
        (task) => task.state === 'running' && (task.extra?.control?.fairnessKey ?? null) === key,
      ).length;
    expect([of('ann'), of('bob'), of(null)]).toEqual([2, 2, 2]);
    const urgent = [...world.state.tasks.values()].filter(
      (task) => task.state === 'running' && task.profile.spec.priority === 9,
    );
    expect(urgent).toHaveLength(2);
  });

  test('of which there are thousands are forgotten when they have nothing to do', () => {
    const world = new PlacementWorld(1);
    world.register('a1', 100);
    for (let key = 0; key < 2_000; key++) world.submitMany(1, { fairnessKey: `key-${key}` }, 0);
    while (world.state.tasks.size > 0) world.completeAll();
    expect(world.scheduler.counts()).toMatchObject({ waiting: 0 });
    expect(world.scheduler.counts().lanes).toBeLessThan(10);
  });
});
