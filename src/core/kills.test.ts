import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { restoreState } from './restore.ts';
import { CORE_SETTINGS_DEFAULT } from './state.ts';
import { ADVANCE, agentCommand, assign, register, submit } from './testing/commands.ts';
import { eventText, refusalsOf, taskText } from './testing/trace.ts';
import { rowsOf } from './testing/snapshot.ts';
import { below, TreeWorld } from './testing/tree-world.ts';
import { World } from './testing/world.ts';

const kill = (type: 'tree.kill' | 'agent.kill' | 'namespace.kill', target: string): Command => ({
  type,
  target,
  reason: 'enough',
  by: 'ann',
});

describe('killing', () => {
  test('a tree cancels all of it and lets nothing more in', () => {
    const world = new TreeWorld();
    world.start('a');
    world.start('b', below('a'));
    world.add('c', below('b', { budget: { tokens: 5 } }));
    world.add('other');
    const { events } = world.run(1000, kill('tree.kill', 'a'));
    expect(world.live()).toEqual(['other']);
    expect(events.filter(({ type }) => type === 'lease.revoked').length).toBe(2);
  });

  test('a tree leaves its dead letters, which can be purged and nothing else', () => {
    const world = new TreeWorld();
    world.start('a');
    world.start('b', below('a'));
    world.start('c', below('b', { budget: { tokens: 5 } }));
    world.fail('b');
    world.fail('c');
    world.run(1000, kill('tree.kill', 'a'));
    expect(world.live()).toEqual(['b', 'c']);
    const ids = ['b', 'c'] as TaskId[];
    const redrive = { redrive: {}, items: ids.map((taskId) => ({ taskId })), reason: null };
    const { results } = world.run(
      1000,
      { type: 'task.retry', taskIds: ids },
      { type: 'task.redrive', by: 'ann', ...redrive },
      { type: 'dead-letter.purge', taskIds: ids },
    );
    expect(results.map(refusalsOf)).toEqual([
      ['TREE_KILLED', 'TREE_KILLED'],
      ['TREE_KILLED', 'TREE_KILLED'],
      [],
    ]);
    expect(world.state.records.trees.size).toBe(0);
  });

  test('a tree leaves what a parent in another tree revives as it is', () => {
    const world = new TreeWorld();
    world.start('parent');
    world.start('a');
    world.add('b', below('a', { dependsOn: [{ taskId: 'parent' as TaskId }] }));
    world.fail('parent');
    world.run(1000, kill('tree.kill', 'a'));
    world.run(1000, { type: 'task.retry', taskIds: ['parent' as TaskId] });
    expect(world.task('parent').state).toBe('queued');
    expect(taskText(world.task('b'))).toContain('failed (dependency_failed)');
  });

  test('part of a tree leaves the rest', () => {
    const world = new TreeWorld();
    world.start('a');
    world.start('b', below('a'));
    world.start('c', below('b'));
    world.start('d', below('c', { budget: { tokens: 5 } }));
    world.start('e', below('a'));
    world.end('c');
    world.run(1000, { type: 'tree.cancel', target: 'b', reason: 'canceled' });
    expect(world.live()).toEqual(['a', 'e']);
  });

  test('a large tree goes some at a time, also across a restart', () => {
    const world = new TreeWorld();
    const settings = { ...CORE_SETTINGS_DEFAULT, flowStepMax: 3 };
    world.run(1000, { type: 'settings.set', settings });
    world.start('a');
    for (let i = 0; i < 10; i++) world.add(`b${i}`, below('a'));
    const chained = below('a', {
      dependsOn: [{ taskId: 'b9' as TaskId }, { taskId: 'b0' as TaskId }],
    });
    world.add('c', chained);
    world.run(1000, kill('tree.kill', 'a'));
    expect(world.live().length).toBe(8);
    expect(refusalsOf(world.run(1000, submit('x', {}, below('a'))).results[0])).toEqual([
      'TASK_NOT_FOUND',
    ]);
    const again = new World(restoreState(rowsOf(world.state)));
    for (let step = 0; step < 3; step++) {
      world.run(1000, ADVANCE);
      again.run(1000, ADVANCE);
      expect(digest(again.state)).toBe(digest(world.state));
    }
    expect(world.live()).toEqual([]);
    expect(world.state.records.cuts.size).toBe(0);
  });

  test('an agent takes its work away, and keeps it away until it is restored', () => {
    const world = new TreeWorld();
    world.start('a');
    world.run(1000, kill('agent.kill', 'a1'));
    expect(taskText(world.task('a'))).toContain('queued (agent_killed)');
    expect(world.agent().state).toBe('killed');
    const tryIt = (): string | undefined =>
      refusalsOf(world.run(1000, assign('a', 'a1')).results[0])[0];
    expect(tryIt()).toBe('AGENT_NOT_READY');
    world.run(1000, register('a1', {}, 'second'));
    expect(world.agent().state).toBe('killed');
    world.run(1000, agentCommand('agent.remove', 'a1'), register('a1', {}, 'third'));
    expect(tryIt()).toBe('AGENT_NOT_READY');
    world.run(1000, agentCommand('agent.lost', 'a1'), agentCommand('agent.back', 'a1'));
    expect(world.agent().state).toBe('killed');
    world.run(1000, { type: 'agent.restore', target: 'a1' });
    expect(tryIt()).toBeUndefined();
    expect(refusalsOf(world.run(1000, { type: 'agent.restore', target: 'a1' }).results[0])).toEqual(
      ['NOT_KILLED'],
    );
  });

  test('a namespace holds what waits, takes back what runs and refuses what comes, until it is restored', () => {
    const world = new TreeWorld();
    const team = { namespace: 'team', requires: { capabilities: [], labels: {} } };
    world.run(1000, submit('runs', team), submit('waits', team), submit('other'));
    world.run(1000, assign('runs', 'a1'), assign('other', 'a1'));
    const { events } = world.run(1000, kill('namespace.kill', 'team'));
    expect(events.map(eventText)).toContain('lease.revoked runs from a1 token=3 (killed)');
    expect(taskText(world.task('runs'))).toContain('queued (killed) attempt=0');
    expect(world.task('other').state).toBe('running');
    const again = new World(restoreState(rowsOf(world.state)));
    for (const one of [world, again]) {
      expect(refusalsOf(one.run(1000, assign('waits', 'a1')).results[0])).toEqual([
        'NAMESPACE_KILLED',
      ]);
      expect(refusalsOf(one.run(1000, submit('new', team)).results[0])).toEqual([
        'NAMESPACE_KILLED',
      ]);
      one.run(1000, { type: 'namespace.restore', target: 'team' });
      expect(refusalsOf(one.run(1000, assign('waits', 'a1')).results[0])).toEqual([]);
    }
  });
});
