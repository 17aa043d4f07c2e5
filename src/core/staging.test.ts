import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command, NewTask } from './command.ts';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { nextDeadline } from './state.ts';
import { restoreState } from './restore.ts';
import { STAGE_MS } from './stage.ts';
import {
  assign,
  cancel,
  complete,
  register,
  submit,
  submitAll,
  taskSpec,
} from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const SEED = process.env['SEED'];

type Given = Partial<Omit<NewTask, 'id' | 'dependsOn'>> & {
  readonly id: string;
  readonly after?: readonly string[];
};

function newTask({ after = [], id, ...fields }: Given): NewTask {
  const dependsOn = after.map((taskId) => ({ taskId: taskId as TaskId }));
  return {
    spec: 0,
    payloadBytes: 3,
    ...fields,
    id: id as TaskId,
    ...(after.length > 0 ? { dependsOn } : {}),
  };
}

function add(index: number, tasks: readonly Given[], stageId = 'big'): Command {
  const payloads = tasks.map(({ id }) => JSON.stringify(id));
  return {
    type: 'stage.add',
    stageId,
    index,
    specs: [taskSpec()],
    tasks: tasks.map(newTask),
    payloads,
  };
}

function commit(parts: number, more: object = { flow: { id: 'flow' } }): Command {
  return { type: 'stage.commit', stageId: 'big', parts, ...more };
}

/** Lets the clock go on until nothing is due. */
function settle(world: World, at: number): void {
  while ((nextDeadline(world.state) ?? Infinity) <= at) world.run(at, { type: 'clock.advance' });
}

function begun(): World {
  const world = new World();
  world.run(1000, register('a1', { slots: 10 }));
  world.run(1000, add(0, [{ id: 't1' }, { id: 't2', after: ['t1'] }]));
  world.run(1000, add(1, [{ id: 't3', after: ['t1', 't2'] }]));
  return world;
}

const ids = ({ state }: World): string[] => [...state.tasks.keys()];
const staged = ({ state }: World): number[] => [
  state.records.stages.size,
  state.records.stageParts.size,
];

describe('a submit in parts', () => {
  test('is seen by nobody before its commit', () => {
    const world = begun();
    expect([ids(world), world.state.queues.size, world.state.records.trees.size]).toEqual([
      [],
      0,
      0,
    ]);
  });

  test('is accepted whole by its commit, and becomes tasks with the clock', () => {
    const world = begun();
    const { results } = world.run(1000, commit(2));
    expect(refusalsOf(results[0])).toEqual([]);
    const tree = world.state.records.trees.get('flow');
    expect(tree).toMatchObject({ subtasks: 3, coming: 3, firstId: 't1', lastId: 't3' });
    const { events } = world.run(1000, { type: 'clock.advance' });
    settle(world, 1000);
    expect(ids(world)).toEqual(['t1', 't2', 't3']);
    expect(events[0]).toMatchObject({ type: 'task.submitted', payload: '"t1"' });
    expect([world.task('t1').state, world.task('t3').state]).toEqual(['queued', 'blocked']);
    expect([staged(world), tree?.coming]).toEqual([[0, 0], 0]);
  });

  test('that is not committed in time is let go of', () => {
    const world = begun();
    settle(world, 1000 + STAGE_MS - 1);
    expect(staged(world)).toEqual([1, 2]);
    settle(world, 1000 + STAGE_MS);
    expect(staged(world)).toEqual([0, 0]);
    expect(refusalsOf(world.run(70_000, commit(2)).results[0])).toEqual(['STAGE_NOT_FOUND']);
  });

  test('is dropped when that is asked for, but not once it was accepted', () => {
    const world = begun();
    world.run(1000, { type: 'stage.drop', stageId: 'big' });
    expect(staged(world)).toEqual([0, 0]);
    const other = begun();
    const { results } = other.run(1000, commit(2), { type: 'stage.drop', stageId: 'big' });
    expect(refusalsOf(results[1])).toEqual(['STAGE_NOT_FOUND']);
  });

  test('whose queue has no room for all is refused whole', () => {
    const world = begun();
    const settings = { strategy: 'least-loaded', depthMax: 2 } as const;
    world.run(1000, { type: 'queue.set', queue: 'default', settings });
    expect(refusalsOf(world.run(1000, commit(2)).results[0])).toEqual(['QUEUE_FULL']);
    expect([ids(world), world.state.records.trees.size]).toEqual([[], 0]);
  });

  const parts: Readonly<Record<string, [Command, string]>> = {
    'out of order': [add(3, [{ id: 't4' }]), 'STAGE_NOT_FOUND'],
    'with a task that is there': [add(2, [{ id: 't1' }]), 'TASK_EXISTS'],
    'with a task before those it depends on': [
      add(2, [{ id: 't5', after: ['t4'] }, { id: 't4' }]),
      'FLOW_CYCLE',
    ],
    'that depends on a task twice': [add(2, [{ id: 't4', after: ['t1', 't1'] }]), 'FLOW_DUPLICATE'],
    'with an unknown limit': [add(2, [{ id: 't4', limits: [{ name: 'no' }] }]), 'LIMIT_NOT_FOUND'],
  };
  test.each(Object.keys(parts))('a part %s is refused and changes nothing', (name) => {
    const world = begun();
    const before = staged(world);
    const [command, code] = parts[name] as [Command, string];
    expect(refusalsOf(world.run(1000, command).results[0])).toEqual([code]);
    expect(staged(world)).toEqual(before);
    expect(refusalsOf(world.run(1000, commit(2)).results[0])).toEqual([]);
  });

  const commits: Readonly<Record<string, [object, string]>> = {
    'a budget of fewer tasks': [{ flow: { id: 'f', budget: { subtasks: 2 } } }, 'BUDGET_EXCEEDED'],
    'another number of parts': [{ parts: 3 }, 'STAGE_NOT_FOUND'],
  };
  test.each(Object.keys(commits))('a commit with %s is refused', (name) => {
    const [more, code] = commits[name] as [object, string];
    expect(refusalsOf(begun().run(1000, commit(2, more)).results[0])).toEqual([code]);
  });

  test('that depends on a task nobody knows is refused until its end is told', () => {
    const world = new World();
    world.run(1000, add(0, [{ id: 't1', after: ['t0'] }]));
    expect(refusalsOf(world.run(1000, commit(1)).results[0])).toEqual(['FLOW_TASK_NOT_FOUND']);
    const ends = [{ taskId: 't0', state: 'completed', name: 't0', code: null }];
    expect(refusalsOf(world.run(1000, commit(1, { ends })).results[0])).toEqual([]);
    settle(world, 1000);
    expect(world.task('t1').state).toBe('queued');
  });
});

describe('while the parts become tasks', () => {
  /** The first part is made, the second not. */
  function half(): World {
    const world = begun();
    world.run(1000, {
      type: 'settings.set',
      settings: { ...world.state.settings, flowStepMax: 1 },
    });
    world.run(1000, commit(2), { type: 'clock.advance' });
    expect(ids(world)).toEqual(['t1', 't2']);
    return world;
  }

  test('a task that ends is known to those to come', () => {
    const world = half();
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, complete('t1', world.state.index));
    world.run(1000, assign('t2', 'a1'));
    world.run(1000, complete('t2', world.state.index));
    expect(world.state.records.trees.get('flow')?.coming).toBe(1);
    settle(world, 1000);
    expect(world.task('t3').state).toBe('queued');
  });

  test('a canceled one fails those to come that depend on it', () => {
    const world = half();
    world.run(1000, cancel('t2'));
    settle(world, 1000);
    expect(world.task('t3')).toMatchObject({ state: 'failed', reason: 'dependency_failed' });
  });

  test('a cancel of the flow takes those to come, too', () => {
    const world = half();
    const { results } = world.run(1000, { type: 'tree.cancel', target: 'flow', reason: 'enough' });
    expect(refusalsOf(results[0])).toEqual([]);
    settle(world, 1000);
    expect(ids(world)).toEqual([]);
    expect(world.state.records.trees.get('flow')).toMatchObject({ canceled: 3, coming: 0 });
  });

  test('a restore goes on where it was', () => {
    const world = half();
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, complete('t1', world.state.index));
    const again = new World(restoreState(rowsOf(world.state)));
    expect(digest(again.state)).toBe(digest(world.state));
    settle(world, 1000);
    settle(again, 1000);
    expect(digest(again.state)).toBe(digest(world.state));
    expect(world.task('t2').state).toBe('queued');
    expect(again.task('t3').state).toBe('blocked');
  });
});

describe('keys of its tasks', () => {
  const keyed = (id: string, bodyHash = 'h', after: readonly string[] = []): Given => {
    return { id, idempotencyKey: `key of ${id.slice(0, 2)}`, bodyHash, after };
  };
  const withKeys = (): World => {
    const world = new World();
    world.run(1000, add(0, [keyed('t1'), keyed('t2', 'h', ['t1'])]), commit(1));
    return world;
  };

  test('name their tasks from the commit on', () => {
    const world = withKeys();
    const fields = { idempotencyKey: 'key of t1', bodyHash: 'h' };
    const { results } = world.run(1000, submit('other', {}, fields));
    expect(results[0]).toMatchObject({ submitted: { taskIds: ['t1'], repeated: [0] } });
  });

  test('that are known make no second task, and others depend on the first', () => {
    const world = withKeys();
    settle(world, 1000);
    world.run(1000, add(0, [keyed('t1-b'), keyed('t3', 'h', ['t1-b'])]));
    world.run(1000, commit(1, { flow: { id: 'second' } }));
    settle(world, 1000);
    expect(ids(world)).toEqual(['t1', 't2', 't3']);
    expect(world.task('t3').extra?.flow?.dependsOn).toEqual([{ taskId: 't1' }]);
    expect(world.state.records.trees.get('second')?.subtasks).toBe(1);
  });

  test('that come with another task are refused', () => {
    const world = withKeys();
    settle(world, 1000);
    world.run(1000, add(0, [keyed('t1-b', 'another')]));
    const { results } = world.run(1000, commit(1, {}));
    expect(refusalsOf(results[0])).toEqual(['IDEMPOTENCY_CONFLICT']);
  });
});

test('a flow in parts ends in the state of one that came at once', () => {
  const shapes = fc.array(fc.array(fc.nat(20), { maxLength: 3 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 7 }), (shape, size) => {
      const tasks = shape.map((picks, position): Given => {
        const after = position === 0 ? [] : picks.map((pick) => `t${100 + (pick % position)}`);
        return { id: `t${100 + position}`, after: [...new Set(after)] };
      });
      const whole = new World();
      whole.run(1000, {
        ...(submitAll([]) as Extract<Command, { type: 'task.submit' }>),
        tasks: tasks.map(newTask),
        flow: { id: 'flow' },
      });
      const staged = new World();
      let index = 0;
      for (let from = 0; from < tasks.length; from += size) {
        staged.run(1000, add(index++, tasks.slice(from, from + size)));
      }
      staged.run(1000, commit(index));
      settle(staged, 1000);
      const seen = ({ state }: World): unknown =>
        [...state.tasks.values()].map(({ extra, id, links, state: name }) => {
          return [id, name, extra?.flow, links?.left, extra?.family];
        });
      expect(seen(staged)).toEqual(seen(whole));
      const counts = ({ state }: World): unknown => state.records.trees.get('flow')?.subtasks;
      expect(counts(staged)).toEqual(counts(whole));
    }),
    { numRuns: 200, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
