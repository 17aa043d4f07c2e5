import { describe, expect, test } from 'vitest';
import { InvariantError } from '../base/invariant.ts';
import type { Command, NewTask } from './command.ts';
import { planSubmit } from './submit.ts';
import {
  ADVANCE,
  cancel,
  complete,
  assign,
  register,
  submit,
  submitAll,
  taskSpec,
  type SpecOptions,
  type TaskFields,
} from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf, resultText } from './testing/trace.ts';
import { World } from './testing/world.ts';

type Submit = Extract<Command, { type: 'task.submit' }>;

/** A submit of tasks that each have a spec of their own. */
function submitMixed(
  tasks: readonly (TaskFields & { readonly id: string; readonly spec: SpecOptions })[],
): Submit {
  const items = tasks.map((task, spec) => ({ payloadBytes: 10, ...task, spec }) as NewTask);
  return { type: 'task.submit', specs: tasks.map((task) => taskSpec(task.spec)), tasks: items };
}

function key(idempotencyKey: string, bodyHash = 'h'): TaskFields {
  return { idempotencyKey, bodyHash };
}

/** Runs one command and says what became of it. */
function outcome(world: World, command: Command, at = 1000): string {
  const [result] = world.run(at, command).results;
  const [code] = refusalsOf(result);
  return code ?? (result === undefined ? '' : resultText(result));
}

function limited(limits: Partial<World['state']['settings']>): World {
  const world = new World();
  const settings = { ...world.state.settings, ...limits };
  world.run(1000, { type: 'settings.set', settings });
  return world;
}

describe('a submitted task', () => {
  test('keeps what it came with', () => {
    const world = new World();
    const fields = { deadlineAt: 9_000, affinityKey: 'user-1', metadata: { ward: 3 }, ...key('k') };
    world.run(1000, submit('t1', { priority: 9 }, fields));
    expect(world.task()).toMatchObject({
      seq: 1,
      state: 'queued',
      reason: null,
      createdAt: 1000,
      stateAt: 1000,
      payloadBytes: 10,
      deadlineAt: 9_000,
      affinityKey: 'user-1',
      metadata: { ward: 3 },
      idempotencyKey: 'k',
    });
    expect(world.task().profile.spec.priority).toBe(9);
  });

  test.each([
    ['a moment ahead', 1001, 'scheduled', 1001],
    ['this very moment', 1000, 'queued', 0],
    ['a moment past', 999, 'queued', 0],
  ])('that may start at %s', (_, runAt, state, kept) => {
    const world = new World();
    world.run(1000, submit('t1', {}, { runAt }));
    expect(world.task()).toMatchObject({ state, runAt: kept });
  });

  test('of a namespace waits in that namespace, and `default` is no prefix', () => {
    const world = new World();
    world.run(
      1000,
      submit('t1', { namespace: 'team', queue: 'mail' }),
      submit('t2', { queue: 'mail' }),
    );
    expect([...world.state.queues.keys()]).toEqual(['team/mail', 'mail']);
  });
});

describe('all or nothing', () => {
  test.each<[string, Submit, string]>([
    ['a known id', submitAll([{ id: 'new' }, { id: 'old' }]) as Submit, 'TASK_EXISTS'],
    ['an id given twice', submitAll([{ id: 'new' }, { id: 'new' }]) as Submit, 'TASK_EXISTS'],
    [
      'a conflict of keys',
      submitAll([{ id: 'new' }, { id: 'other', ...key('k', 'changed') }]) as Submit,
      'IDEMPOTENCY_CONFLICT',
    ],
    [
      'a full queue among others',
      submitMixed([
        { id: 'new', spec: { queue: 'fresh' } },
        { id: 'other', spec: { queue: 'full' } },
      ]),
      'QUEUE_FULL',
    ],
  ])('%s leaves no trace of the others', (_, command, code) => {
    const world = new World();
    world.run(1000, { type: 'queue.set', queue: 'full', settings: { depthMax: 0 } });
    world.run(1000, submit('old', {}, key('k')));
    const before = rowsOf(world.state);
    expect(outcome(world, command)).toBe(code);
    expect({ ...rowsOf(world.state), head: null }).toEqual({ ...before, head: null });
  });

  test('planning says the same beforehand, and changes nothing', () => {
    const world = new World();
    world.run(1000, submit('old', {}, key('k')));
    const before = rowsOf(world.state);
    const repeat = submitAll([{ id: 'a' }, { id: 'b', ...key('k') }]) as Submit;
    const conflict = submitAll([{ id: 'a' }, { id: 'b', ...key('k', 'changed') }]) as Submit;
    expect(planSubmit(world.state, repeat)).toEqual({
      flow: null,
      isFamily: false,
      known: new Map([[1, 'old']]),
      keys: 0,
    });
    expect(planSubmit(world.state, conflict)).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
      details: { taskId: 'old', position: 1, idempotencyKey: 'k' },
    });
    expect(rowsOf(world.state)).toEqual(before);
  });

  test('planning for a later moment sees a throttle window as it will be then', () => {
    const world = new World();
    const dedupe = { key: 'd', mode: 'throttle', windowMs: 100 } as const;
    world.run(1000, submit('t1', {}, { dedupe }));
    const again = submit('t2', {}, { dedupe }) as Submit;
    const known = [1000, 1099, 1100].map((nowMs) => {
      const plan = planSubmit(world.state, again, nowMs);
      return 'code' in plan ? plan.code : plan.known.size;
    });
    expect(known).toEqual([1, 1, 0]);
  });

  test('a task that names no spec of its command is a bug, found before anything is done', () => {
    const world = new World();
    const tasks = [0, 1].map((spec) => ({ id: `t${spec}`, spec, payloadBytes: 1 }) as NewTask);
    const command: Submit = { type: 'task.submit', specs: [taskSpec()], tasks };
    expect(() => world.run(1000, command)).toThrow(InvariantError);
    expect(world.state.tasks.size).toBe(0);
  });
});

describe('an idempotency key', () => {
  test('sent again answers with the first task, also after it is finished', () => {
    const world = new World();
    world.run(1000, register('a1'), submit('t1', {}, key('k')));
    expect(outcome(world, submit('t2', {}, key('k')))).toBe('submitted t1 (repeated at 0)');
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, complete('t1', world.state.index));
    expect(outcome(world, submit('t3', {}, key('k')))).toBe('submitted t1 (repeated at 0)');
    expect(world.state.tasks.size).toBe(0);
  });

  test('works within one command, and answers at each position', () => {
    const world = new World();
    const tasks = [{ id: 't1', ...key('k') }, { id: 't2' }, { id: 't3', ...key('k') }];
    expect(outcome(world, submitAll(tasks))).toBe('submitted t1 t2 t1 (repeated at 2)');
    expect([...world.state.tasks.keys()]).toEqual(['t1', 't2']);
  });

  test('with another body within one command is a conflict', () => {
    const tasks = [
      { id: 't1', ...key('k') },
      { id: 't2', ...key('k', 'changed') },
    ];
    expect(outcome(new World(), submitAll(tasks))).toBe('IDEMPOTENCY_CONFLICT');
  });

  test('without a body hash is a repeat of itself', () => {
    const world = new World();
    world.run(1000, submit('t1', {}, { idempotencyKey: 'k' }));
    const again = submit('t2', {}, { idempotencyKey: 'k' });
    expect(outcome(world, again)).toBe('submitted t1 (repeated at 0)');
  });

  test('belongs to its namespace', () => {
    const world = new World();
    world.run(1000, submit('t1', { namespace: 'one' }, key('k')));
    expect(outcome(world, submit('t2', { namespace: 'two' }, key('k', 'changed')))).toBe(
      'submitted t2',
    );
  });

  test('is forgotten when its window has passed, and not a millisecond before', () => {
    const world = limited({ idempotencyWindowMs: 500 });
    world.run(1000, submit('t1', {}, key('k')));
    world.run(1499, ADVANCE);
    expect(outcome(world, submit('t2', {}, key('k')), 1499)).toBe('submitted t1 (repeated at 0)');
    world.run(1500, ADVANCE);
    expect(outcome(world, submit('t2', {}, key('k')), 1500)).toBe('submitted t2');
  });

  test('leaves nothing behind when it was a repeat: no profile, no queue', () => {
    const world = new World();
    world.run(1000, submit('t1', {}, key('k')));
    world.run(1000, submit('t2', { queue: 'elsewhere' }, key('k')));
    expect([...world.state.queues.keys()]).toEqual(['default']);
    expect(world.state.profiles.size).toBe(1);
    expect(world.state.profileSeq).toBe(1);
  });
});

describe('bounds', () => {
  test('a queue takes as many waiting tasks as it may hold, delayed ones included', () => {
    const world = new World();
    world.run(1000, { type: 'queue.set', queue: 'default', settings: { depthMax: 2 } });
    world.run(1000, submit('t1', {}, { runAt: 9_000 }), register('a1'));
    expect(outcome(world, submitAll([{ id: 't2' }, { id: 't3' }]))).toBe('QUEUE_FULL');
    expect(outcome(world, submit('t2'))).toBe('submitted t2');
    expect(outcome(world, submit('t3'))).toBe('QUEUE_FULL');
    world.run(1000, assign('t2', 'a1'));
    expect(outcome(world, submit('t3'))).toBe('submitted t3');
  });

  test('repeats need no room', () => {
    const world = new World();
    world.run(1000, { type: 'queue.set', queue: 'default', settings: { depthMax: 1 } });
    world.run(1000, submit('t1', {}, key('k')));
    expect(outcome(world, submit('t2', {}, key('k')))).toBe('submitted t1 (repeated at 0)');
  });

  test('tasks of one queue count together, whatever their specs', () => {
    const world = new World();
    world.run(1000, { type: 'queue.set', queue: 'mail', settings: { depthMax: 1 } });
    const command = submitMixed([
      { id: 't1', spec: { queue: 'mail', priority: 1 } },
      { id: 't2', spec: { queue: 'mail', priority: 2 } },
    ]);
    expect(outcome(world, command)).toBe('QUEUE_FULL');
  });

  test('new queues are bounded by tasks and by operators alike', () => {
    const world = limited({ queuesMax: 1 });
    const two = submitMixed([
      { id: 't1', spec: { queue: 'one' } },
      { id: 't2', spec: { queue: 'two' } },
    ]);
    expect(outcome(world, two)).toBe('QUEUE_LIMIT');
    expect(outcome(world, submit('t1', { queue: 'one' }))).toBe('submitted t1');
    expect(outcome(world, { type: 'queue.set', queue: 'two', settings: {} })).toBe('QUEUE_LIMIT');
    expect(outcome(world, { type: 'queue.set', queue: 'one', settings: {} })).toBe('taken');
    expect(outcome(world, submit('t2', { queue: 'one' }))).toBe('submitted t2');
  });

  test('keys are bounded, and tasks without one go on', () => {
    const world = limited({ idempotencyKeysMax: 2 });
    world.run(1000, submit('t1', {}, key('k1')), submit('t2', {}, key('k2')));
    expect(outcome(world, submit('t3', {}, key('k3')))).toBe('IDEMPOTENCY_FULL');
    expect(outcome(world, submit('t3', {}, key('k2')))).toBe('submitted t2 (repeated at 0)');
    expect(outcome(world, submit('t3'))).toBe('submitted t3');
  });

  test('a bound lowered below what is held refuses new keys only', () => {
    const world = limited({});
    world.run(1000, submit('t1', {}, key('k1')), submit('t2', {}, key('k2')));
    const settings = { ...world.state.settings, idempotencyKeysMax: 1 };
    world.run(1000, { type: 'settings.set', settings });
    expect(outcome(world, submit('t3'))).toBe('submitted t3');
    expect(outcome(world, submit('t4', {}, key('k1')))).toBe('submitted t1 (repeated at 0)');
    expect(outcome(world, submit('t4', {}, key('k3')))).toBe('IDEMPOTENCY_FULL');
  });
});

test('a task id is free again once its task is finished', () => {
  const world = new World();
  world.run(1000, submit('t1'));
  world.run(1000, cancel('t1'));
  expect(outcome(world, submit('t1'))).toBe('submitted t1');
  expect(world.task().seq).toBe(2);
});
