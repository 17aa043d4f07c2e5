/** A firing passes what every submit passes: keys, limits, budgets, bounds. */
import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import type { ScheduledTask } from './schedule.ts';
import {
  assign,
  complete,
  fire,
  register,
  scheduleSettings,
  setSchedule,
  taskSpec,
} from './testing/commands.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

type Fields = Partial<ScheduledTask['fields']>;

const ofFields = (fields: Fields): ReturnType<typeof scheduleSettings> =>
  scheduleSettings({
    task: { spec: taskSpec(), fields: { payloadBytes: 2, ...fields }, payload: '{}' },
  });

/** A schedule that fires at 2000 and 3000 for tasks with such fields. */
function firedTwice(fields: Fields, ...before: readonly Command[]): World {
  const world = new World();
  world.run(1000, register('a1'), ...before, setSchedule('s', 2000, ofFields(fields)));
  world.run(2000, fire('s', 2000, 3000, 't1'));
  world.run(3000, fire('s', 3000, 4000, 't2'));
  return world;
}

function outcomes({ state }: World): string[] {
  return (state.records.schedules.get('s')?.recent ?? []).map(({ outcome }) => outcome);
}

describe('the task of a firing', () => {
  test('is held to its concurrency key', () => {
    const world = firedTwice({ concurrencyKey: 'k' });
    world.run(3000, assign('t1', 'a1'));
    const { results } = world.run(3000, assign('t2', 'a1'));
    expect(refusalsOf(results[0])).toEqual(['GATE_CLOSED']);
  });

  test('is held to named limits', () => {
    const limit = { type: 'limit.set', limit: 'l', settings: { concurrencyMax: 1 } } as const;
    const world = firedTwice({ limits: [{ name: 'l' }] }, limit);
    world.run(3000, assign('t1', 'a1'));
    const { results } = world.run(3000, assign('t2', 'a1'));
    expect(refusalsOf(results[0])).toEqual(['GATE_CLOSED']);
  });

  test('is left out where its limit was removed, as a submit would be refused', () => {
    const world = firedTwice({});
    const limit = { type: 'limit.set', limit: 'l', settings: { concurrencyMax: 1 } } as const;
    world.run(3000, limit, setSchedule('s', 4000, ofFields({ limits: [{ name: 'l' }] })));
    world.run(3000, { type: 'limit.remove', limit: 'l' }, fire('s', 4000, 5000, 't3'));
    expect(outcomes(world).at(-1)).toBe('limit_not_found');
    expect(world.state.records.schedules.get('s')).toMatchObject({ skipped: 1, nextAt: 5000 });
  });

  test('has a budget of its own each time', () => {
    const world = firedTwice({ budget: { tokens: 100 }, estimate: { tokens: 60 } });
    expect([...world.state.records.trees.values()].map(({ key }) => key)).toEqual(['t1', 't2']);
    const { results } = world.run(3000, assign('t1', 'a1'), assign('t2', 'a1'));
    expect(results.flatMap((result) => refusalsOf(result))).toEqual([]);
  });

  test('replaces the one before under a debounce key', () => {
    const world = firedTwice({ dedupe: { key: 'd', mode: 'debounce', windowMs: 5_000 } });
    expect([...world.state.tasks.keys()]).toEqual(['t2']);
    expect(world.task('t2')).toMatchObject({ state: 'scheduled', runAt: 8000 });
  });

  test('is not made again within the window of its throttle key', () => {
    const world = firedTwice({ dedupe: { key: 'd', mode: 'throttle', windowMs: 1_500 } });
    world.run(4000, fire('s', 4000, 5000, 't3'));
    expect(outcomes(world)).toEqual(['scheduled', 'throttled', 'scheduled']);
  });

  test('that its key cancels at once is over with', () => {
    const world = new World();
    const spec = taskSpec({ rules: { concurrency: { limit: 1, policy: 'cancel-newest' } } });
    const fields = { payloadBytes: 2, concurrencyKey: 'k' };
    const task = { spec, fields, payload: '{}' };
    world.run(1000, register('a1'), setSchedule('s', 2000, { task, overlap: 'allow' }));
    world.run(2000, fire('s', 2000, 3000, 't1'), fire('s', 3000, 4000, 't2'));
    expect([...world.state.tasks.keys()]).toEqual(['t1']);
    expect(world.state.records.schedules.get('s')).toMatchObject({ runs: 2 });
  });

  test('that waited for the one before is judged when it is made', () => {
    const world = new World();
    const limit = { type: 'limit.set', limit: 'l', settings: { concurrencyMax: 1 } } as const;
    const settings = { ...ofFields({ limits: [{ name: 'l' }] }), overlap: 'queue-one' } as const;
    world.run(1000, register('a1'), limit, setSchedule('s', 2000, settings));
    world.run(2000, fire('s', 2000, 3000, 't1'), fire('s', 3000, 4000, 't2'));
    world.run(3000, assign('t1', 'a1'), { type: 'limit.remove', limit: 'l' });
    world.run(3000, complete('t1', 3));
    expect(outcomes(world)).toEqual(['scheduled', 'limit_not_found']);
    expect(world.state.tasks.size).toBe(0);
  });
});

describe('a schedule', () => {
  test('whose tasks name an unknown limit, or more of one than there can be, is refused', () => {
    const world = new World();
    const rate = { units: 10, perMs: 1_000 };
    world.run(1000, { type: 'limit.set', limit: 'l', settings: { rate } });
    const codes = [[{ name: 'no' }], [{ name: 'l', units: 11 }], [{ name: 'l', units: 10 }]].map(
      (limits) =>
        refusalsOf(world.run(1000, setSchedule('s', 2000, ofFields({ limits }))).results[0]),
    );
    expect(codes).toEqual([['LIMIT_NOT_FOUND'], ['LIMIT_IMPOSSIBLE'], []]);
  });

  test('is backfilled whole or not at all', () => {
    const world = new World();
    const settings = { strategy: 'least-loaded', depthMax: 2 } as const;
    world.run(1000, { type: 'queue.set', queue: 'default', settings }, setSchedule('s', 2000));
    const items = ['t1', 't2', 't3'].map((taskId, at) => ({ nominalAt: at + 1, taskId }));
    const backfill = { type: 'schedule.backfill', key: 's', overlap: 'allow' } as const;
    const { results } = world.run(1000, { ...backfill, items: items as never });
    expect(refusalsOf(results[0])).toEqual(['QUEUE_FULL']);
    expect(world.state.tasks.size).toBe(0);
    world.run(1000, { ...backfill, items: items.slice(0, 2) as never });
    expect(world.state.tasks.size).toBe(2);
  });
});
