/** Tasks that one agent alone may have. */
import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import type { Placement } from './operation.ts';
import type { TaskId } from './ids.ts';
import { agentCommand, assign, fail, register, submit } from './testing/commands.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const PINNED = { capabilities: ['email'], labels: {}, agent: 'a2' };

function redrive(id: string, how: Placement): Command {
  return {
    type: 'task.redrive',
    items: [{ taskId: id as TaskId }],
    redrive: how,
    by: 'ann',
    reason: null,
  };
}

const refusals = (world: World, ...commands: Command[]): unknown =>
  world.run(2000, ...commands).results.flatMap(refusalsOf);

describe('a task for one agent', () => {
  test('is given to no other one, and waits for one that never registered', () => {
    const world = new World();
    world.run(1000, register('a1'), submit('t1', { requires: PINNED }));
    expect(refusals(world, assign('t1', 'a1'))).toEqual(['AGENT_NOT_ABLE']);
    expect(refusals(world, assign('t1', 'a2'))).toEqual(['AGENT_NOT_FOUND']);
    world.run(1000, register('a2'));
    expect(refusals(world, assign('t1', 'a2'))).toEqual([]);
  });

  test('waits for it again when it leaves, and asks it for the rest as well', () => {
    const world = new World();
    world.run(1000, register('a2'), submit('t1', { requires: PINNED }));
    world.run(1000, assign('t1', 'a2'));
    world.run(1000, agentCommand('agent.remove', 'a2'));
    expect(world.task('t1').state).toBe('queued');
    world.run(1000, register('a2', { capabilities: ['other'] }));
    expect(refusals(world, assign('t1', 'a2'))).toEqual(['AGENT_NOT_ABLE']);
  });

  test('stays with it where an escalation asks for other capabilities', () => {
    const escalate = [{ afterAttempt: 1, capabilities: ['better'] }];
    const world = new World();
    world.run(1000, register('a2'), submit('t1', { requires: PINNED, rules: { escalate } }));
    world.run(1000, assign('t1', 'a2'));
    world.run(1000, fail('t1', 2));
    expect(world.task('t1').profile.spec.requires).toEqual({ ...PINNED, capabilities: ['better'] });
  });

  test('goes back to an agent that its rules would keep it from: there is no other', () => {
    const world = new World();
    const spec = { requires: PINNED, rules: { avoid: 'agent' as const }, retry: { delayMs: 0 } };
    world.run(1000, register('a1'), register('a2'), submit('t1', spec));
    world.run(1000, assign('t1', 'a2'));
    world.run(1000, fail('t1', 2));
    expect(refusals(world, assign('t1', 'a2'))).toEqual([]);
  });
});

describe('a dead letter', () => {
  function dead(rules = {}): World {
    const world = new World();
    world.run(1000, register('a1'), register('a2'));
    world.run(1000, submit('t1', { retry: { attemptsMax: 1 }, ...rules }));
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, fail('t1', 3));
    expect(world.task('t1').state).toBe('failed');
    return world;
  }

  test('is redriven to one agent, and freed from it with null', () => {
    const world = dead();
    expect(refusals(world, redrive('t1', { requires: { agent: 'a2' } }))).toEqual([]);
    expect(world.task('t1').profile.spec.requires).toEqual(PINNED);
    expect(refusals(world, assign('t1', 'a1'))).toEqual(['AGENT_NOT_ABLE']);
    expect(refusals(world, assign('t1', 'a2'))).toEqual([]);
    world.run(2000, fail('t1', 7));
    world.run(2000, redrive('t1', { requires: { labels: {} } }));
    expect(world.task('t1').profile.spec.requires.agent).toBe('a2');
    world.run(2000, assign('t1', 'a2'));
    world.run(2000, fail('t1', 10));
    world.run(2000, redrive('t1', { requires: { agent: null } }));
    expect(world.task('t1').profile.spec.requires).not.toHaveProperty('agent');
    expect(refusals(world, assign('t1', 'a1'))).toEqual([]);
  });

  test('that copies are made of is not redriven to one agent', () => {
    const world = new World();
    const redundancy = { copies: 2, agree: 2 };
    world.run(
      1000,
      register('a1'),
      submit('t1', { rules: { redundancy }, timeouts: { queueMs: 100 } }),
    );
    world.run(9000, { type: 'clock.advance' });
    expect(world.task('t1').state).toBe('failed');
    const before = world.task('t1').profile;
    expect(refusals(world, redrive('t1', { requires: { agent: 'a1' } }))).toEqual([
      'COPIES_ONE_AGENT',
    ]);
    expect(world.task('t1')).toMatchObject({ state: 'failed', profile: before });
  });
});
