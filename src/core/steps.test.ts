/** How far one batch reaches beside what its commands name. */
import { expect, test } from 'vitest';
import type { Command } from './command.ts';
import type { TaskId } from './ids.ts';
import { nextDeadline } from './state.ts';
import { ADVANCE, agentCommand, complete, fail, register, submit } from './testing/commands.ts';
import { below, TreeWorld } from './testing/tree-world.ts';
import { World } from './testing/world.ts';

const IDS = ['t1', 't2', 't3', 't4', 't5'];

function states({ state }: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const task of state.tasks.values()) counts[task.state] = (counts[task.state] ?? 0) + 1;
  return counts;
}

/** Five tasks wait for `root`, which runs. */
function fan(): TreeWorld {
  const world = new TreeWorld();
  world.start('root');
  const dependsOn = [{ taskId: 'root' as TaskId }];
  world.run(1000, ...IDS.map((id) => submit(id, {}, { dependsOn })));
  return world;
}

const step = (world: World, at: number, ...commands: readonly Command[]): void => {
  world.runBatch({ at, commands, stepMax: 2 });
};

test('timers of one moment fire some at a time, and stay due', () => {
  const world = new World();
  world.run(1000, ...IDS.map((id) => submit(id, {}, { deadlineAt: 2000 })));
  for (const failed of [2, 4, 5]) {
    expect(nextDeadline(world.state)).toBe(2000);
    step(world, 2000, ADVANCE);
    expect(states(world)['failed']).toBe(failed);
  }
});

test('without a bound they fire in one step, as entries of earlier versions had it', () => {
  const world = new World();
  world.run(1000, ...IDS.map((id) => submit(id, {}, { deadlineAt: 2000 })));
  world.run(2000, ADVANCE);
  expect(states(world)).toEqual({ failed: 5 });
});

test.each([
  ['released', (world: TreeWorld) => complete('root', world.task('root').fencingToken), 'queued'],
  [
    'failed',
    (world: TreeWorld) => fail('root', world.task('root').fencingToken, { retryable: false }),
    'failed',
  ],
] as const)('children of one parent are %s some at a time', (_, end, to) => {
  const world = fan();
  step(world, 1000, end(world));
  expect(states(world)['blocked']).toBe(3);
  step(world, 1000, ADVANCE);
  expect(states(world)['blocked']).toBe(1);
  step(world, 1000, ADVANCE);
  expect(states(world)[to]).toBeGreaterThanOrEqual(5);
  expect(world.state.records.waves.size).toBe(0);
});

test('children that wait on are all told at once: nothing comes of it', () => {
  const world = new TreeWorld();
  for (const id of IDS) world.start(id);
  world.run(
    1000,
    submit('other'),
    submit('sum', {}, { dependsOn: [...IDS, 'other'].map((id) => ({ taskId: id as TaskId })) }),
  );
  step(world, 1000, ...IDS.map((id) => complete(id, world.task(id).fencingToken)));
  expect([world.task('sum').links?.left, world.state.records.waves.size]).toEqual([1, 0]);
});

test('commands of one batch share how far it reaches', () => {
  const world = new World();
  world.run(1000, register('a1'), register('a2'));
  world.run(1000, ...['t1', 't2', 't3', 't4'].map((id) => submit(id)));
  const agents = ['a1', 'a1', 'a2', 'a2'].map((id) => id as never);
  const taskIds = ['t1', 't2', 't3', 't4'].map((id) => id as TaskId);
  world.run(1000, { type: 'task.assign', taskIds, agentIds: agents });
  step(world, 1000, agentCommand('agent.lost', 'a1'), agentCommand('agent.lost', 'a2'));
  expect(states(world)).toEqual({ queued: 2, running: 2 });
  expect([world.agent('a1').state, world.agent('a2').state]).toEqual(['lost', 'lost']);
  step(world, 1000, ADVANCE);
  expect(states(world)).toEqual({ queued: 4 });
});

test.each(['tree.cancel', 'tree.kill'] as const)(
  '%s reaches so many, and the rest follows',
  (type) => {
    const world = new TreeWorld();
    world.start('top');
    for (const id of IDS) world.add(id, below('top'));
    const facts = { target: 'top', reason: 'enough', by: null };
    step(world, 1000, { type, ...facts } as Command);
    expect(world.state.tasks.size).toBe(4);
    step(world, 1000, ADVANCE);
    step(world, 1000, ADVANCE);
    expect([world.state.tasks.size, world.state.records.cuts.size]).toEqual([0, 0]);
  },
);
