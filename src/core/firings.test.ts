import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { restoreState } from './restore.ts';
import { firingJitterMs, SCHEDULES_MAX, type OverlapPolicy, type Schedule } from './schedule.ts';
import {
  assign,
  cancel,
  complete,
  fail,
  fire,
  register,
  setSchedule,
  taskSpec,
} from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const SEED = process.env['SEED'];

function scheduleOf(world: World, key = 's'): Schedule {
  return world.state.records.schedules.get(key) as Schedule;
}

function outcomes(world: World, key = 's'): string[] {
  return scheduleOf(world, key).recent.map(({ nominalAt, outcome }) => `${nominalAt} ${outcome}`);
}

describe('a firing', () => {
  test('makes a task that says which moment it is for', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000));
    const { events } = world.run(2005, fire('s', 2000, 3000, 't1'));
    expect(world.task('t1').extra?.schedule).toMatchObject({ key: 's', nominalAt: 2000 });
    expect(events.map(({ type }) => type)).toEqual(['schedule.fired', 'task.submitted']);
    expect(events[1]).toMatchObject({ payload: '{}' });
    expect(scheduleOf(world)).toMatchObject({ nextAt: 3000, lastAt: 2000, runs: 1 });
  });

  test('of a moment that is not the next one is refused, before and after it', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000));
    for (const nominalAt of [0, 1000, 1999, 2001, 3000]) {
      const { results } = world.run(2000, fire('s', nominalAt, 9000, 't1'));
      expect(refusalsOf(results[0])).toEqual(['SCHEDULE_MOVED_ON']);
    }
    world.run(2000, fire('s', 2000, 3000, 't1'));
    const { results } = world.run(2000, fire('s', 2000, 3000, 't2'));
    expect(refusalsOf(results[0])).toEqual(['SCHEDULE_MOVED_ON']);
    expect(world.state.tasks.size).toBe(1);
  });

  test('with the id of a task that is there is refused', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000), fire('s', 2000, 3000, 't1'));
    const { results } = world.run(3000, fire('s', 3000, 4000, 't1'));
    expect(refusalsOf(results[0])).toEqual(['TASK_EXISTS']);
    expect(scheduleOf(world).nextAt).toBe(3000);
  });

  test('is left out where the queue is full, and the schedule moves on', () => {
    const world = new World();
    const settings = { strategy: 'least-loaded', depthMax: 1 } as const;
    world.run(1000, { type: 'queue.set', queue: 'default', settings }, setSchedule('s', 2000));
    world.run(2000, fire('s', 2000, 3000, 't1'), fire('s', 3000, 4000, 't2'));
    expect(outcomes(world)).toEqual(['2000 scheduled', '3000 queue_full']);
    expect(scheduleOf(world)).toMatchObject({ nextAt: 4000, skipped: 1, runs: 1 });
  });

  test('is the last when all runs are made', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000, { runsMax: 2 }));
    world.run(2000, fire('s', 2000, 3000, 't1'), fire('s', 3000, 4000, 't2'));
    expect(scheduleOf(world).nextAt).toBe(0);
    world.run(4000, setSchedule('s', 4000, { runsMax: 2 }));
    expect(scheduleOf(world).nextAt).toBe(0);
    world.run(4000, setSchedule('s', 5000, { runsMax: 3 }));
    expect(scheduleOf(world).nextAt).toBe(5000);
  });
});

describe('one that waits', () => {
  const begin = (): World => {
    const world = new World();
    world.run(1000, register('a1'), setSchedule('s', 2000, { overlap: 'queue-one' }));
    world.run(2000, fire('s', 2000, 3000, 't1'), fire('s', 3000, 4000, 't2'));
    expect(world.state.tasks.size).toBe(1);
    return world;
  };

  const ends: Readonly<Record<string, (world: World) => void>> = {
    completed: (world) => {
      world.run(3000, assign('t1', 'a1'));
      world.run(3000, complete('t1', 3));
    },
    failed: (world) => {
      world.run(3000, assign('t1', 'a1'));
      world.run(3000, fail('t1', 3, { retryable: false }));
    },
    canceled: (world) => world.run(3000, cancel('t1')),
  };
  test.each(Object.keys(ends))('comes when the task before it is %s', (end) => {
    const world = begin();
    ends[end]?.(world);
    expect(world.task('t2').extra?.schedule?.nominalAt).toBe(3000);
    expect(scheduleOf(world)).toMatchObject({ waiting: null, runs: 2 });
  });

  test('goes with its schedule, and tasks of that do not count for one of the same name', () => {
    const world = begin();
    world.run(3000, { type: 'schedule.remove', key: 's' });
    world.run(3000, setSchedule('s', 4000, { overlap: 'skip' }));
    world.run(4000, fire('s', 4000, 5000, 't4'));
    expect(outcomes(world)).toEqual(['4000 scheduled']);
    world.run(4000, cancel('t1'));
    expect([...world.state.tasks.keys()]).toEqual(['t4']);
  });
});

describe('a dead letter of a schedule', () => {
  test('does not count as under way until it is queued again', () => {
    const world = new World();
    world.run(1000, register('a1'), setSchedule('s', 2000, { overlap: 'skip' }));
    world.run(2000, fire('s', 2000, 3000, 't1'));
    world.run(2000, assign('t1', 'a1'));
    world.run(2000, fail('t1', 3, { retryable: false }));
    world.run(3000, fire('s', 3000, 4000, 't2'));
    world.run(3000, { type: 'task.retry', taskIds: ['t1' as TaskId] }, cancel('t2'));
    world.run(4000, fire('s', 4000, 5000, 't3'));
    expect(outcomes(world)).toEqual(['2000 scheduled', '3000 scheduled', '4000 overlap']);
  });
});

test('a dead letter of a schedule that was made anew is none of the new one', () => {
  const world = new World();
  world.run(1000, register('a1'), setSchedule('s', 2000));
  world.run(2000, fire('s', 2000, 3000, 't1'));
  world.run(2000, assign('t1', 'a1'));
  world.run(2000, fail('t1', 3, { retryable: false }));
  world.run(3000, { type: 'schedule.remove', key: 's' }, setSchedule('s', 4000));
  world.run(3000, { type: 'task.retry', taskIds: ['t1' as TaskId] });
  expect(scheduleOf(world).live.size).toBe(0);
});

describe('setting it again', () => {
  test('keeps the pause, the counts and the next moment where the timing is as it was', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000));
    world.run(2000, fire('s', 2000, 3000, 't1'));
    world.run(2500, { type: 'schedule.pause', key: 's', reason: 'why', by: 'ann' });
    world.run(2600, setSchedule('s', 9000, { overlap: 'skip' }));
    const paused = { reason: 'why', by: 'ann', at: 2500 };
    expect(scheduleOf(world)).toMatchObject({ nextAt: 3000, runs: 1, paused });
    expect(scheduleOf(world).settings.overlap).toBe('skip');
    const timing = { type: 'every', intervalMs: 500, offsetMs: 0 } as const;
    world.run(2700, setSchedule('s', 9000, { timing }));
    expect(scheduleOf(world)).toMatchObject({ nextAt: 9000, paused });
  });
});

describe('a backfill', () => {
  const backfill = (overlap: OverlapPolicy, runAt?: number): Parameters<World['run']>[1] => {
    const items = [100, 200, 300].map((nominalAt) => {
      const taskId = `b${nominalAt}` as TaskId;
      return { nominalAt, taskId, ...(runAt === undefined ? {} : { runAt }) };
    });
    return { type: 'schedule.backfill', key: 's', overlap, items };
  };

  test('makes a task for each moment, and moves nothing on', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000, { overlap: 'skip', runsMax: 1 }), backfill('allow'));
    expect(world.state.tasks.size).toBe(3);
    expect(scheduleOf(world)).toMatchObject({ nextAt: 2000, runs: 0, lastAt: 0 });
  });

  test('with a delay makes tasks that wait for it', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000), backfill('allow', 5000));
    expect(world.task('b200')).toMatchObject({ state: 'scheduled', runAt: 5000 });
  });

  test('is refused whole where the queue has no room for all', () => {
    const world = new World();
    const settings = { strategy: 'least-loaded', depthMax: 2 } as const;
    world.run(1000, { type: 'queue.set', queue: 'default', settings }, setSchedule('s', 2000));
    const { results } = world.run(1000, backfill('allow'));
    expect(refusalsOf(results[0])).toEqual(['QUEUE_FULL']);
    expect(world.state.tasks.size).toBe(0);
  });

  test('has a policy of its own for overlaps', () => {
    const world = new World();
    world.run(1000, setSchedule('s', 2000), backfill('queue-one'));
    expect([...world.state.tasks.keys()]).toEqual(['b100']);
    world.run(1000, cancel('b100'));
    expect([...world.state.tasks.keys()]).toEqual(['b200']);
  });
});

test('schedules are bounded', () => {
  const world = new World();
  const { schedules } = world.state.records;
  Object.defineProperty(schedules, 'size', { get: () => SCHEDULES_MAX });
  const { results } = world.run(1000, setSchedule('s', 2000));
  expect(refusalsOf(results[0])).toEqual(['SCHEDULE_LIMIT']);
});

test('the jitter of a moment is always the same, within its bound, and spread', () => {
  const moments = Array.from({ length: 2000 }, (_, i) => i * 60_000);
  const jitters = moments.map((at) => firingJitterMs('s', at, 999));
  expect(moments.map((at) => firingJitterMs('s', at, 999))).toEqual(jitters);
  expect(Math.min(...jitters)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...jitters)).toBeLessThanOrEqual(999);
  const mean = jitters.reduce((sum, jitter) => sum + jitter, 0) / jitters.length;
  expect(mean).toBeGreaterThan(450);
  expect(mean).toBeLessThan(550);
  expect(firingJitterMs('s', 60_000, 0)).toBe(0);
});

type Move =
  | { readonly kind: 'fire'; readonly off: number; readonly isMade: boolean }
  | { readonly kind: 'trigger' | 'end'; readonly pick: number }
  | { readonly kind: 'pause' | 'resume' | 'set' | 'restore' };

/** The schedule as a few plain variables. */
class Model {
  nextAt = 1000;
  isPaused = false;
  waiting: string | null = null;
  readonly live = new Set<string>();
  readonly made: string[] = [];
  readonly overlap: OverlapPolicy;

  constructor(overlap: OverlapPolicy) {
    this.overlap = overlap;
  }

  come(id: string): void {
    if (this.live.size > 0 && this.overlap === 'skip') return;
    if (this.live.size > 0 && this.overlap === 'queue-one') {
      this.waiting ??= id;
      return;
    }
    if (this.overlap === 'cancel-running') this.live.clear();
    this.live.add(id);
    this.made.push(id);
  }

  end(id: string): void {
    this.live.delete(id);
    if (this.live.size > 0 || this.waiting === null) return;
    this.live.add(this.waiting);
    this.made.push(this.waiting);
    this.waiting = null;
  }
}

const moves = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('fire' as const),
      off: fc.constantFrom(0, 0, 0, 0, -1000, 1000),
      isMade: fc.boolean(),
    }),
    fc.record({ kind: fc.constantFrom('trigger' as const, 'end' as const), pick: fc.nat(9) }),
    fc.record({ kind: fc.constantFrom('pause' as const, 'resume', 'set', 'restore') }),
  ),
  { maxLength: 40 },
);

test('a schedule does as its model, whatever comes, also after a restore', () => {
  const policies = fc.constantFrom<OverlapPolicy>('allow', 'skip', 'queue-one', 'cancel-running');
  fc.assert(
    fc.property(policies, moves, (overlap, history) => {
      let world = new World();
      const model = new Model(overlap);
      world.run(500, setSchedule('s', 1000, { overlap }));
      for (const [position, move] of history.entries()) {
        const id = `t${String(position).padStart(3, '0')}`;
        world = play(world, model, move, id);
        const schedule = scheduleOf(world);
        expect([...schedule.live].map((task) => task.id).toSorted()).toEqual(
          [...model.live].toSorted(),
        );
        expect(schedule.nextAt).toBe(model.nextAt);
        expect(schedule.waiting?.taskId ?? null).toBe(model.waiting);
        const kept = schedule.recent.flatMap(({ taskId }) => taskId ?? []);
        expect(model.made.slice(model.made.length - kept.length)).toEqual(kept);
      }
    }),
    { numRuns: 400, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});

function play(world: World, model: Model, move: Move, id: string): World {
  const { nextAt } = model;
  switch (move.kind) {
    case 'fire': {
      const command = fire('s', nextAt + move.off, nextAt + 1000, move.isMade ? id : undefined);
      const { results } = world.run(nextAt, command);
      const isTaken = refusalsOf(results[0]).length === 0;
      expect(isTaken).toBe(move.off === 0 && !model.isPaused);
      if (!isTaken) return world;
      model.nextAt += 1000;
      if (move.isMade) model.come(id);
      return world;
    }
    case 'trigger': {
      const taskId = id as TaskId;
      const trigger = { type: 'schedule.trigger', key: 's', taskId, overlap: null } as const;
      const { results } = world.run(nextAt, trigger);
      const isBusy =
        model.live.size > 0 &&
        (model.overlap === 'skip' || (model.overlap === 'queue-one' && model.waiting !== null));
      expect(refusalsOf(results[0])).toEqual(isBusy ? ['SCHEDULE_BUSY'] : []);
      if (!isBusy) model.come(id);
      return world;
    }
    case 'end': {
      const ended = [...model.live][move.pick];
      if (ended === undefined) return world;
      world.run(nextAt, cancel(ended));
      model.end(ended);
      return world;
    }
    case 'restore': {
      const restored = new World(restoreState(rowsOf(world.state)));
      expect(digest(restored.state)).toBe(digest(world.state));
      return restored;
    }
    default:
      return playSwitch(world, model, move.kind);
  }
}

function playSwitch(world: World, model: Model, kind: 'pause' | 'resume' | 'set'): World {
  const { nextAt, overlap } = model;
  if (kind === 'pause') {
    world.run(nextAt, { type: 'schedule.pause', key: 's', reason: null, by: null });
    model.isPaused = true;
  } else if (kind === 'resume') {
    world.run(nextAt, { type: 'schedule.resume', key: 's', nextAt: nextAt + 5000 });
    if (model.isPaused) model.nextAt += 5000;
    model.isPaused = false;
  } else {
    const task = { spec: taskSpec({ priority: 7 }), fields: { payloadBytes: 2 }, payload: '[]' };
    world.run(nextAt, setSchedule('s', 1, { overlap, task }));
  }
  return world;
}
