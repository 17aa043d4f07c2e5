import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import type { TaskId } from './ids.ts';
import { CORE_SETTINGS_DEFAULT } from './state.ts';
import {
  ADVANCE,
  agentCommand,
  assign,
  fail,
  register,
  release,
  submit,
} from './testing/commands.ts';
import { eventText, refusalsOf, taskText } from './testing/trace.ts';
import { below, TreeWorld } from './testing/tree-world.ts';

describe('a task that another one submits', () => {
  test('counts in the tree of its parent, which goes with its last task', () => {
    const world = new TreeWorld();
    world.start('a');
    world.start('b', below('a'));
    world.start('c', below('b'));
    expect(world.task('c').extra?.family).toMatchObject({ tree: 'a', depth: 2, parentId: 'b' });
    expect(world.tree('a').subtasks).toBe(2);
    for (const id of ['a', 'b', 'c']) world.end(id);
    expect(world.state.records.trees.size).toBe(0);
  });

  test('needs a parent that runs, in its newest attempt', () => {
    const world = new TreeWorld();
    world.add('a');
    expect(world.add('b', below('a'))).toEqual(['LEASE_FENCED']);
    expect(world.add('b', below('nobody'))).toEqual(['TASK_NOT_FOUND']);
    world.run(1000, assign('a', 'a1'));
    const token = world.task('a').fencingToken;
    expect(world.add('b', below('a', { parentToken: token - 1 }))).toEqual(['LEASE_FENCED']);
    expect(world.add('b', below('a', { parentToken: token }))).toEqual([]);
  });

  test('goes only so deep, and so wide', () => {
    const world = new TreeWorld();
    const settings = { ...CORE_SETTINGS_DEFAULT, depthMax: 2, fanOutMax: 2 };
    world.run(1000, { type: 'settings.set', settings });
    world.start('a');
    world.start('b', below('a'));
    world.start('c', below('b'));
    expect(world.start('d', below('c'))).toBe('DEPTH_EXCEEDED');
    world.start('e', below('a'));
    expect(world.start('f', below('a'))).toBe('FAN_OUT_EXCEEDED');
  });

  test('is refused where it would go round: same type and payload as one above it', () => {
    const world = new TreeWorld();
    world.start('a', {}, 'plan');
    world.start('b', below('a', { hash: 'h2', parentHash: 'h1' }), 'search');
    const loop = below('b', { hash: 'h1', parentHash: 'h2' });
    expect(world.add('c', loop, 'plan')).toEqual(['LOOP_DETECTED']);
    expect(world.add('c', below('b', { hash: 'h2' }), 'search')).toEqual(['LOOP_DETECTED']);
    expect(world.add('c', below('b', { hash: 'h3' }), 'plan')).toEqual([]);
    expect(world.add('d', { ...loop, allowsLoop: true }, 'plan')).toEqual([]);
  });

  test('tells in the refusal how it came round', () => {
    const world = new TreeWorld();
    world.start('a', {}, 'plan');
    world.start('b', below('a', { hash: 'h2', parentHash: 'h1' }), 'search');
    const again = submit('c', { type: 'plan' }, below('b', { hash: 'h1' }));
    const [result] = world.run(1000, again).results;
    expect(result).toMatchObject({
      rejection: { details: { chain: 'plan a → search b → plan again' } },
    });
  });
});

describe('a budget', () => {
  test('is reserved when an attempt starts and settled when it ends', () => {
    const world = new TreeWorld();
    const estimate = { tokens: 30, costUsd: 0.1 };
    world.start('a', { budget: { tokens: 100, costUsd: 1 }, estimate });
    expect(world.tree('a')).toMatchObject({ reservedTokens: 30, reservedMicros: 100_000 });
    world.start('b', below('a', { estimate }));
    expect(world.tree('a')).toMatchObject({ reservedTokens: 60, usedTokens: 0 });
    world.end('b', { tokens: 10, costUsd: 0.3 });
    expect(world.tree('a')).toMatchObject({
      reservedTokens: 30,
      usedTokens: 10,
      usedMicros: 300_000,
    });
  });

  test.each([
    ['completes without a word', (world: TreeWorld) => void world.end('b'), 30],
    [
      'is given back',
      (world: TreeWorld) => void world.run(1000, release('b', world.task('b').fencingToken)),
      0,
    ],
    [
      'fails',
      (world: TreeWorld) => void world.run(1000, fail('b', world.task('b').fencingToken)),
      30,
    ],
    ['is lost', (world: TreeWorld) => void world.run(1000, agentCommand('agent.lost', 'a2')), 30],
    [
      'is canceled',
      (world: TreeWorld) =>
        void world.run(1000, { type: 'task.cancel', taskIds: ['b' as TaskId], reason: 'x' }),
      30,
    ],
  ])('counts what an attempt that %s was expected to take', (_, end, used) => {
    const world = new TreeWorld();
    world.run(1000, register('a2', { slots: 9 }));
    world.start('a', { budget: { tokens: 100 } });
    world.add('b', below('a', { estimate: { tokens: 30, costUsd: 0 } }));
    world.run(1000, assign('b', 'a2'));
    end(world);
    expect(world.tree('a')).toMatchObject({ usedTokens: used, reservedTokens: 0 });
  });

  test('fails a task that it leaves no room for, saying which, and does not try it again', () => {
    const world = new TreeWorld();
    world.start('a', { budget: { tokens: 50 } });
    world.start('b', below('a'));
    world.add('c', below('a', { estimate: { tokens: 30, costUsd: 0 } }));
    world.end('b', { tokens: 30, costUsd: 0 });
    const { events } = world.run(1000, assign('c', 'a1'));
    expect(events.map(eventText)).toEqual([
      'task.failed c (budget_exceeded)',
      'assignment.refused c to a1',
    ]);
    expect(world.task('c').error).toEqual({
      code: 'BUDGET_EXCEEDED',
      message:
        'the budget of task a is 50 tokens, of which 30 are used and 0 reserved, got 30 more',
    });
  });

  test('lets a task wait for what others reserved, until that is settled one way or the other', () => {
    const world = new TreeWorld();
    const estimate = { tokens: 30, costUsd: 0 };
    world.start('a', { budget: { tokens: 50 } });
    world.start('b', below('a', { estimate }));
    expect(world.start('c', below('a', { estimate }))).toBe('GATE_CLOSED');
    expect(world.start('d', below('a', { estimate }))).toBe('GATE_CLOSED');
    const [use] = world.task('c').gates ?? [];
    expect(use?.gate.key).toBe('budget of task a (tokens)');
    expect(use?.gate.describe(1000, use.units)).toBe('0 of 50 used and 30 reserved, 30 wanted');
    world.end('b', { tokens: 10, costUsd: 0 });
    expect(refusalsOf(world.run(1000, assign('c', 'a1')).results[0])).toEqual([]);
    world.end('c', { tokens: 20, costUsd: 0 });
    expect(refusalsOf(world.run(1000, assign('d', 'a1')).results[0])).toEqual(['BUDGET_EXCEEDED']);
  });

  test('lets no task wait for what its own ancestors reserved', () => {
    const world = new TreeWorld();
    const estimate = { tokens: 30, costUsd: 0 };
    world.start('a', { budget: { tokens: 50 }, estimate });
    expect(world.start('b', below('a', { estimate }))).toBe('BUDGET_EXCEEDED');
  });

  test('holds on every level above a task', () => {
    const world = new TreeWorld();
    world.start('a', { budget: { tokens: 50 } });
    world.start('b', below('a', { budget: { tokens: 40 } }));
    const estimate = { tokens: 30, costUsd: 0 };
    expect(world.start('c', below('b', { estimate }))).toBeUndefined();
    expect(world.tree('a').reservedTokens).toBe(30);
    expect(world.start('d', below('b', { estimate: { tokens: 15, costUsd: 0 } }))).toBe(
      'GATE_CLOSED',
    );
    expect(world.start('e', below('a', { estimate }))).toBe('GATE_CLOSED');
    expect(world.start('f', below('b', { estimate: { tokens: 10, costUsd: 0 } }))).toBeUndefined();
  });

  test('that is spent lets nothing start and nothing in', () => {
    const world = new TreeWorld();
    world.start('a', { budget: { tokens: 50 } });
    world.add('w', below('a'));
    world.start('b', below('a'));
    world.end('b', { tokens: 60, costUsd: 0 });
    expect(world.add('c', below('a'))).toEqual(['BUDGET_EXCEEDED']);
    world.run(1000, assign('w', 'a1'));
    expect(taskText(world.task('w'))).toContain('failed (budget_exceeded)');
  });

  test('warns once when four fifths are used', () => {
    const world = new TreeWorld();
    world.start('a', { budget: { tokens: 100 } });
    const texts: string[] = [];
    for (const [id, tokens] of [
      ['b', 79],
      ['c', 1],
      ['d', 5],
    ] as const) {
      world.start(id, below('a'));
      const token = world.task(id).fencingToken;
      const items = [
        {
          taskId: id as TaskId,
          fencingToken: token,
          resultBytes: 1,
          usage: { tokens, costUsd: 0 },
        },
      ];
      const { events } = world.run(1000, { type: 'task.complete', items });
      texts.push(...events.map(eventText).filter((text) => text.startsWith('budget')));
    }
    expect(texts).toEqual(['budget.warned a: 80 of 100 tokens']);
  });

  test('bounds subtasks, generations and children below it', () => {
    const world = new TreeWorld();
    world.start('a', { budget: { subtasks: 3, depth: 2, fanOut: 2 } });
    world.start('b', below('a'));
    world.start('c', below('b'));
    expect(world.start('d', below('c'))).toBe('BUDGET_EXCEEDED');
    world.start('e', below('a'));
    expect(world.start('f', below('a'))).toBe('BUDGET_EXCEEDED');
    expect(world.start('g', below('b'))).toBe('BUDGET_EXCEEDED');
  });

  test('of wall time warns, then ends everything that came of it', () => {
    const world = new TreeWorld();
    world.start('a', { budget: { wallMs: 1000 } });
    world.start('b', below('a'));
    world.add('c', { dependsOn: [{ taskId: 'b' as TaskId }] });
    expect(world.run(1800, ADVANCE).events.map(eventText)).toEqual([
      'budget.warned a: 800 of 1000 wallMs',
    ]);
    const texts = world.run(2000, ADVANCE).events.map(eventText);
    expect(texts).toContain('tree.killed a: its wall budget of 1000 ms is spent');
    expect(texts).toContain('task.canceled b (budget_exceeded)');
    expect(world.live()).toEqual(['c']);
  });

  test.each([
    { tokens: -1, costUsd: 0 },
    { tokens: Number.NaN, costUsd: 0 },
    { tokens: 1.5, costUsd: 0 },
    { tokens: 0, costUsd: -0.1 },
    { tokens: 0, costUsd: Number.NaN },
    { tokens: 0, costUsd: Infinity },
  ])('takes no report of %o', (usage) => {
    const world = new TreeWorld();
    world.start('a', { budget: { tokens: 50 } });
    expect(world.end('a', usage)).toEqual(['USAGE_INVALID']);
    expect(world.tree('a').usedTokens).toBe(0);
  });
});

describe('a flow', () => {
  const flow = (fields: object = {}): Command => ({
    ...(submit('a', {}, {}) as Extract<Command, { type: 'task.submit' }>),
    flow: { id: 'f', name: 'nightly', ...fields },
  });

  test('counts its tasks and what comes of them, and stays when they are over', () => {
    const world = new TreeWorld();
    world.run(1000, flow());
    world.run(1000, assign('a', 'a1'));
    world.start('b', below('a'));
    expect(world.task('b').extra?.family?.flowId).toBe('f');
    world.end('b');
    world.end('a');
    expect(world.tree('f')).toMatchObject({ subtasks: 2, completed: 2, firstId: 'a' });
  });

  test('is refused whole where its budget is too small for it', () => {
    const world = new TreeWorld();
    const command = flow({ budget: { subtasks: 1 } }) as Extract<Command, { type: 'task.submit' }>;
    const two = {
      ...command,
      tasks: ['a', 'b'].map((id) => ({ id: id as TaskId, spec: 0, payloadBytes: 1 })),
    };
    expect(refusalsOf(world.run(1000, two).results[0])).toEqual(['BUDGET_EXCEEDED']);
    expect(world.live()).toEqual([]);
  });
});

test('a dead letter that waits for its redriven parent has its total time before it again', () => {
  const world = new TreeWorld();
  world.add('a');
  const spec = { requires: { capabilities: [], labels: {} }, timeouts: { totalMs: 5000 } };
  world.run(1000, submit('b', spec, { dependsOn: [{ taskId: 'a' as TaskId }] }));
  world.run(1000, assign('a', 'a1'));
  world.run(1000, fail('a', world.task('a').fencingToken, { retryable: false }));
  expect(taskText(world.task('b'))).toContain('failed (dependency_failed)');
  world.run(9000, { type: 'task.retry', taskIds: ['a' as TaskId] });
  expect(world.task('b').state).toBe('blocked');
  world.run(13_999, ADVANCE);
  expect(world.task('b').state).toBe('blocked');
  world.run(14_000, ADVANCE);
  expect(taskText(world.task('b'))).toContain('failed (total_timeout)');
});

test('a dead letter that is redriven with changes runs without the parents that are over', () => {
  const world = new TreeWorld();
  world.add('a');
  world.add('b', { dependsOn: [{ taskId: 'a' as TaskId }] });
  world.run(1000, { type: 'task.cancel', taskIds: ['a' as TaskId], reason: 'unwanted' });
  expect(taskText(world.task('b'))).toContain('failed (dependency_failed)');
  const redrive = { redrive: {}, by: 'ann', reason: null };
  world.run(1000, { type: 'task.redrive', items: [{ taskId: 'b' as TaskId }], ...redrive });
  expect(world.task('b').state).toBe('queued');
});
