import { describe, expect, test } from 'vitest';
import { copiesOf } from './copies.ts';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { restoreState } from './restore.ts';
import { CORE_SETTINGS_DEFAULT } from './state.ts';
import {
  ADVANCE,
  assign,
  complete,
  fail,
  fire,
  hedge,
  register,
  scheduleSettings,
  setSchedule,
  submit,
  taskSpec,
  vote,
} from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { eventText } from './testing/trace.ts';
import { World } from './testing/world.ts';

const COPIED = { rules: { redundancy: { copies: 2, agree: 2 } } };
const HEDGED = { rules: { hedge: { percentile: 0.95, copiesMax: 1 } }, retry: { attemptsMax: 1 } };

function copyIds(world: World, id: string): readonly string[] {
  return copiesOf(world.task(id))?.ids ?? [];
}

/** The same from rows that came in another order. */
function restored({ state }: World): World {
  const rows = rowsOf(state);
  return new World(restoreState({ ...rows, tasks: [...rows.tasks].toReversed() }));
}

/** Both go on alike. */
function goOnAlike(
  worlds: readonly [World, World],
  at: number,
  ...commands: Parameters<World['run']>[1][]
): void {
  const [one, other] = worlds.map((world) => {
    const { events } = world.run(at, ...commands);
    return [...events.map(eventText), digest(world.state)];
  });
  expect(other).toEqual(one);
}

describe('a replica that was restored', () => {
  test('lets copies wait for a budget as the others do', () => {
    const world = new World();
    world.run(
      1_000,
      register('a1'),
      register('a2'),
      submit('t1', COPIED, { budget: { tokens: 150 }, estimate: { tokens: 100 } }),
    );
    const [first = '', second = ''] = copyIds(world, 't1');
    world.run(1_001, assign(first, 'a1'));
    goOnAlike([world, restored(world)], 1_002, assign(second, 'a2'));
    expect(world.task(second).state).toBe('queued');
  });

  test('ends what a new firing replaces in the same order', () => {
    const world = new World();
    const spec = taskSpec();
    const task = { spec, fields: { payloadBytes: 2 }, payload: '{}' };
    const settings = scheduleSettings({ task, overlap: 'cancel-running' });
    world.run(1_000, setSchedule('tick', 1_000, { ...settings, overlap: 'allow' }));
    world.run(1_000, fire('tick', 1_000, 2_000, 's1'), fire('tick', 2_000, 3_000, 's2'));
    world.run(1_000, setSchedule('tick', 3_000, settings));
    const dependsOn = (id: string) => ({ dependsOn: [{ taskId: id as TaskId }] });
    world.run(1_000, submit('d1', {}, dependsOn('s1')), submit('d2', {}, dependsOn('s2')));
    goOnAlike([world, restored(world)], 3_000, fire('tick', 3_000, 4_000, 's3'));
    expect(world.task('d2').state).toBe('failed');
  });

  test('has no alarm for a kill that is done', () => {
    const world = new World();
    world.run(1_000, {
      type: 'settings.set',
      settings: { ...CORE_SETTINGS_DEFAULT, flowStepMax: 2 },
    });
    world.run(1_000, { type: 'namespace.kill', target: 'team', reason: 'test', by: null });
    expect(restored(world).state.alarms.size).toBe(world.state.alarms.size);
    world.run(1_000, register('a1'), submit('p1'));
    world.run(1_000, assign('p1', 'a1'));
    const dependsOn = [{ taskId: 'p1' as TaskId }];
    world.run(1_000, ...['c1', 'c2', 'c3', 'c4', 'c5'].map((id) => submit(id, {}, { dependsOn })));
    world.run(1_000, complete('p1', world.task('p1').fencingToken));
    goOnAlike([world, restored(world)], 1_001, ADVANCE);
  });

  test('goes on with a kill that is not done', () => {
    const world = new World();
    world.run(1_000, {
      type: 'settings.set',
      settings: { ...CORE_SETTINGS_DEFAULT, flowStepMax: 1 },
    });
    world.run(1_000, register('a1'), submit('t1'), submit('t2'));
    world.run(1_000, assign('t1', 'a1'), assign('t2', 'a1'));
    world.run(1_000, { type: 'namespace.kill', target: 'default', reason: 'test', by: null });
    expect(world.task('t2').state).toBe('running');
    goOnAlike([world, restored(world)], 1_001, ADVANCE);
    expect(world.task('t2').state).toBe('queued');
  });
});

describe('copies and keys', () => {
  const key = { concurrencyKey: 'user' };
  const concurrency = { limit: 2, policy: 'cancel-newest' } as const;

  test('copies are no further tasks of their key', () => {
    const world = new World();
    world.run(1_000, submit('t1', { rules: { concurrency, ...COPIED.rules } }, key));
    world.run(1_000, submit('t2', { rules: { concurrency } }, key));
    expect(world.task('t2').state).toBe('queued');
    const { events } = world.run(1_000, submit('t3', { rules: { concurrency } }, key));
    expect(events.map(eventText).join()).toContain('task.canceled t3');
  });

  test('a task whose copies have started is not replaced by a later one of its dedupe key', () => {
    const world = new World();
    const dedupe = { dedupe: { key: 'd', mode: 'keep-last' } } as const;
    world.run(1_000, register('a1'), submit('t1', COPIED, dedupe), submit('t2', COPIED, dedupe));
    expect(world.state.tasks.has('t1' as TaskId)).toBe(false);
    world.run(1_001, assign(copyIds(world, 't2')[0] ?? '', 'a1'));
    world.run(1_002, submit('t3', COPIED, dedupe));
    expect(world.task('t2').state).toBe('blocked');
  });
});

describe('copies and ends', () => {
  test('the result of a hedge counts though its task fails for good later in the same batch', () => {
    const world = new World();
    world.run(1_000, register('a1'), register('a2'), submit('t1', HEDGED));
    world.run(1_001, assign('t1', 'a1'));
    const token = world.task('t1').fencingToken;
    world.run(1_002, hedge('t1', token));
    const [copy = ''] = copyIds(world, 't1');
    world.run(1_003, assign(copy, 'a2'));
    const { events } = world.run(
      1_004,
      vote(copy, world.task(copy).fencingToken, 'h'),
      fail('t1', token, { retryable: false }),
    );
    expect(events.map(eventText).join()).toContain('task.adopted');
    expect(world.state.tasks.size).toBe(0);
  });

  test('a task is canceled with all that came from its copies', () => {
    const world = new World();
    const tasks = ['t1', 'other'].map((id) => ({ id: id as TaskId, spec: 0, payloadBytes: 1 }));
    const specs = [taskSpec(COPIED)];
    world.run(1_000, register('a1'), { type: 'task.submit', specs, tasks, flow: { id: 'f' } });
    const [copy = ''] = copyIds(world, 't1');
    world.run(1_001, assign(copy, 'a1'));
    world.run(1_002, submit('child', {}, { parentId: copy as TaskId, hash: 'h' }));
    world.run(1_003, { type: 'tree.cancel', target: 't1', reason: 'cut' });
    expect(world.state.tasks.has('child' as TaskId)).toBe(false);
    expect(world.task('other').state).toBe('blocked');
  });
});
