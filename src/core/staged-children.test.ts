/** Children, and tasks with dedupe keys, in submits that come in parts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command, NewTask } from './command.ts';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { nextDeadline } from './state.ts';
import { restoreState } from './restore.ts';
import { agentCommand, submit, submitAll, taskSpec, type TaskFields } from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf } from './testing/trace.ts';
import { below, TreeWorld } from './testing/tree-world.ts';
import { World } from './testing/world.ts';

const SEED = process.env['SEED'];

type Given = TaskFields & { readonly id: string };

function add(index: number, tasks: readonly Given[]): Command {
  return {
    type: 'stage.add',
    stageId: 'big',
    index,
    specs: [taskSpec()],
    tasks: tasks.map((task) => ({ spec: 0, payloadBytes: 3, ...task, id: task.id as TaskId })),
    payloads: tasks.map(() => '"x"'),
  };
}

const commit = (parts: number): Command => ({ type: 'stage.commit', stageId: 'big', parts });

/** Lets the clock go on until nothing is due, one task a step. */
function settle(world: World, at = 1000): void {
  while ((nextDeadline(world.state) ?? Infinity) <= at) {
    world.runBatch({ at, commands: [{ type: 'clock.advance' }], stepMax: 1 });
  }
}

const ids = ({ state }: World): readonly string[] => [...state.tasks.keys()];

/** `parent` runs; its children `t1` and `t2` were accepted, and `t1` is there. */
function half(): TreeWorld {
  const world = new TreeWorld();
  world.start('parent');
  world.run(
    1000,
    add(0, [{ id: 't1', ...below('parent') }]),
    add(1, [{ id: 't2', ...below('parent') }]),
  );
  expect(refusalsOf(world.run(1000, commit(2)).results[0])).toEqual([]);
  world.runBatch({ at: 1000, commands: [{ type: 'clock.advance' }], stepMax: 1 });
  expect(ids(world)).toEqual(['parent', 't1']);
  return world;
}

describe('children in parts', () => {
  test('count with their parent from the commit on', () => {
    const world = half();
    expect(world.task('parent').extra?.family?.children).toBe(2);
    expect(world.tree('parent')).toMatchObject({ subtasks: 2, coming: 1 });
  });

  test('are made although their parent has ended', () => {
    const world = half();
    world.end('parent');
    world.run(1000, { type: 'task.cancel', taskIds: ['t1' as TaskId], reason: 'unwanted' });
    const again = new World(restoreState(rowsOf(world.state)));
    for (const one of [world, again]) settle(one);
    expect(digest(again.state)).toBe(digest(world.state));
    expect(world.task('t2').extra?.family).toMatchObject({ parentId: 'parent', depth: 1 });
    expect(world.tree('parent')).toMatchObject({ coming: 0, completed: 1, canceled: 1 });
  });

  test.each([
    ['of the tree', { type: 'tree.cancel', target: 'parent', reason: 'enough' }],
    ['of the tree by force', { type: 'tree.kill', target: 'parent', reason: 'enough', by: null }],
  ] as const)('are canceled with it by an end %s', (_, command) => {
    const world = half();
    world.run(1000, command);
    settle(world);
    expect(ids(world)).toEqual([]);
    expect(world.state.records.trees.size).toBe(0);
  });

  test('of a part of a tree are canceled with that part only', () => {
    const world = new TreeWorld();
    world.start('root');
    world.start('a', below('root'));
    world.start('b', below('root'));
    world.run(
      1000,
      add(0, [
        { id: 't1', ...below('a') },
        { id: 't2', ...below('b') },
      ]),
      commit(1),
    );
    world.run(1000, { type: 'tree.cancel', target: 'a', reason: 'enough' });
    settle(world);
    expect(ids(world)).toEqual(['root', 'b', 't2']);
  });

  test.each([
    ['TASK_NOT_FOUND', [{ id: 't1', ...below('nobody') }]],
    ['LOOP_DETECTED', [{ id: 't1', ...below('parent', { hash: 'same', parentHash: 'same' }) }]],
    ['LEASE_FENCED', [{ id: 't1', ...below('parent', { parentToken: 1 }) }]],
  ])('are refused with %s when their part comes', (code, tasks) => {
    const world = new TreeWorld();
    world.start('parent');
    expect(refusalsOf(world.run(1000, add(0, tasks)).results[0])).toEqual([code]);
  });

  test('of a parent that does not run any more are refused whole', () => {
    const world = new TreeWorld();
    world.start('parent');
    world.run(1000, add(0, [{ id: 't1', ...below('parent') }]));
    world.end('parent');
    expect(refusalsOf(world.run(1000, commit(1)).results[0])).toEqual(['TASK_NOT_FOUND']);
    expect(world.state.records.trees.size).toBe(0);
  });

  test.each([2, 3])(
    'that a budget of %i subtasks has no room for are refused whole',
    (subtasks) => {
      const world = new TreeWorld();
      world.start('parent', { budget: { subtasks } });
      world.run(
        1000,
        add(
          0,
          ['t1', 't2', 't3'].map((id) => ({ id, ...below('parent') })),
        ),
      );
      const code = subtasks < 3 ? ['BUDGET_EXCEEDED'] : [];
      expect(refusalsOf(world.run(1000, commit(1)).results[0])).toEqual(code);
      settle(world);
      expect(ids(world).length).toBe(subtasks < 3 ? 1 : 4);
    },
  );
});

describe('throttled tasks in parts', () => {
  const throttled = (id: string): Given => ({
    id,
    dedupe: { mode: 'throttle', key: 'k', windowMs: 500 },
  });

  test('are the first of their key, which a submit before the parts are made meets, too', () => {
    const world = new World();
    world.run(
      1000,
      add(0, [throttled('t1'), throttled('t2')]),
      add(1, [throttled('t3')]),
      commit(2),
    );
    const { dedupe } = throttled('');
    const { results } = world.run(1000, submit('late', {}, dedupe === undefined ? {} : { dedupe }));
    expect(results[0]).toMatchObject({ submitted: { taskIds: ['t1'], repeated: [0] } });
    settle(world);
    expect(ids(world)).toEqual(['t1']);
  });

  test('are that of an earlier submit within its window', () => {
    const world = new World();
    world.run(1000, submit('early', {}, { dedupe: { mode: 'throttle', key: 'k', windowMs: 500 } }));
    world.run(1400, add(0, [throttled('t1')]), commit(1));
    settle(world, 1400);
    expect(ids(world)).toEqual(['early']);
  });
});

test('a submit in parts ends in the state of one that came at once, whatever its tasks ask for', () => {
  const item = fc.record({
    parent: fc.constantFrom(null, 'p1', 'p2'),
    mode: fc.constantFrom(null, 'keep-last', 'debounce', 'throttle'),
    dedupeKey: fc.nat(3),
    key: fc.option(fc.nat(5), { nil: null }),
    after: fc.option(fc.nat(20), { nil: null }),
  });
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      fc.nat(4),
      (shape, size, subtasks) => {
        const isReplacing = shape.some(({ mode }) => mode === 'keep-last' || mode === 'debounce');
        const tasks = shape.map((one, position): NewTask => {
          const { after, dedupeKey, key, mode, parent } = one;
          return {
            id: `t${100 + position}` as TaskId,
            spec: 0,
            payloadBytes: 3,
            // A child that another one of its submit replaces is never counted where all come at once.
            ...(parent === null || mode === 'keep-last' || mode === 'debounce'
              ? {}
              : { parentId: parent as TaskId, hash: `h${dedupeKey}` }),
            // A key stands for the same task, whatever comes with it here.
            ...(key === null ? {} : { idempotencyKey: `${key}`, bodyHash: 'y' }),
            ...(mode === null ? {} : { dedupe: { mode, key: `${dedupeKey}`, windowMs: 100 } }),
            // One that is replaced fails those that wait for it, before they are replaced themselves.
            ...(after === null || position === 0 || isReplacing
              ? {}
              : { dependsOn: [{ taskId: `t${100 + (after % position)}` as TaskId }] }),
          };
        });
        const [whole, staged] = [0, 1].map(() => {
          const world = new TreeWorld();
          world.start('p1', { budget: { subtasks: 3 * subtasks } });
          world.start('p2');
          return world;
        }) as [TreeWorld, TreeWorld];
        const [refused] = whole.run(1000, {
          ...(submitAll([]) as Extract<Command, { type: 'task.submit' }>),
          tasks,
        }).results;
        let parts = 0;
        for (let from = 0; from < tasks.length; from += size) {
          staged.run(1000, add(parts++, tasks.slice(from, from + size) as readonly Given[]));
        }
        const [refusedToo] = staged.run(1000, commit(parts)).results;
        for (const world of [whole, staged]) settle(world);
        expect(refusalsOf(refusedToo)).toEqual(refusalsOf(refused));
        expect(seen(staged)).toEqual(seen(whole));
      },
    ),
    { numRuns: 300, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});

function seen({ state }: World): unknown {
  const tasks = [...state.tasks.values()].map((task) => [
    task.id,
    task.state,
    task.runAt,
    task.extra,
  ]);
  const trees = [...state.records.trees.values()].map(({ canceled, coming, key, subtasks }) => {
    return [key, subtasks, canceled, coming];
  });
  const dedupes = [...state.records.dedupes.values()].map(({ key, taskId, until }) => [
    key,
    taskId,
    until,
  ]);
  return { tasks, trees, dedupes: dedupes.toSorted() };
}

test('an agent that is lost with many leases gives them back a step at a time', () => {
  const world = new TreeWorld();
  for (const id of ['t1', 't2', 't3', 't4']) world.start(id);
  world.runBatch({ at: 1000, commands: [agentCommand('agent.lost', 'a1')], stepMax: 1 });
  expect([world.agent().state, world.agent().leases.size]).toEqual(['lost', 3]);
  // A report that comes before its turn still counts, and what is granted to it once it is back stays.
  world.end('t3');
  world.run(1000, agentCommand('agent.back', 'a1'));
  world.start('t5');
  const again = new World(restoreState(rowsOf(world.state)));
  for (const one of [world, again]) settle(one);
  expect(digest(again.state)).toBe(digest(world.state));
  expect([...world.agent().leases].map(({ id }) => id)).toEqual(['t5']);
  expect(world.state.records.losses.size).toBe(0);
  expect(world.task('t1').failures).toMatchObject([{ error: { code: 'AGENT_LOST' } }]);
});
