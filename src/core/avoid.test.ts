import { describe, expect, test, vi } from 'vitest';
import { apply } from './apply.ts';
import type { Command } from './command.ts';
import type { TaskId } from './ids.ts';
import { agentCommand, assign, fail, register, submit } from './testing/commands.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

/** A task that failed on `a1` and is kept from it. */
function worldAfterFailure(): World {
  const world = new World();
  const spec = { rules: { avoid: 'agent' as const }, retry: { attemptsMax: 5, delayMs: 0 } };
  world.run(1_000, register('a1'), submit('t1', spec));
  world.run(1_000, assign('t1', 'a1'));
  world.run(1_000, fail('t1', world.task().fencingToken));
  world.run(1_000, { type: 'clock.advance' });
  return world;
}

const unable = { capabilities: ['other'] };
const kill: Command = { type: 'agent.kill', target: 'a2', reason: 'odd', by: 'ann' };

describe('a task that failed on an agent goes back there', () => {
  test.each<{ name: string; others: readonly Command[]; isRefused: boolean }>([
    { name: 'where no other is known', others: [], isRefused: false },
    { name: 'not while another is ready', others: [register('a2')], isRefused: true },
    {
      name: 'where the other is lost',
      others: [register('a2'), agentCommand('agent.lost', 'a2')],
      isRefused: false,
    },
    {
      name: 'not once the other is back',
      others: [register('a2'), agentCommand('agent.lost', 'a2'), agentCommand('agent.back', 'a2')],
      isRefused: true,
    },
    { name: 'where the other was killed', others: [register('a2'), kill], isRefused: false },
    {
      name: 'where the other was removed',
      others: [register('a2'), agentCommand('agent.remove', 'a2')],
      isRefused: false,
    },
    { name: 'where others lack what it takes', others: [register('a2', unable)], isRefused: false },
    {
      name: 'not once the other can do it',
      others: [register('a2', unable), register('a2')],
      isRefused: true,
    },
    {
      name: 'where the other can do it no more',
      others: [register('a2'), register('a2', unable)],
      isRefused: false,
    },
  ])('$name', ({ isRefused, others }) => {
    const world = worldAfterFailure();
    world.run(2_000, ...others);
    const { results } = world.run(2_000, assign('t1', 'a1'));
    expect(refusalsOf(results[0])).toEqual(isRefused ? ['AGENT_AVOIDED'] : []);
    expect(world.task().agentId).toBe(isRefused ? null : 'a1');
  });
});

test('whether another agent is ready is known without a walk over all of them', () => {
  const { state } = worldAfterFailure();
  const others = Array.from({ length: 50 }, (_, at) => register(`b${at}`, unable));
  apply(state, state.index + 1, { at: 2_000, commands: others });
  const walk = vi.spyOn(state.agents, 'values');
  apply(state, state.index + 1, { at: 2_000, commands: [assign('t1', 'a1')] });
  expect(walk).not.toHaveBeenCalled();
  expect(state.tasks.get('t1' as TaskId)?.agentId).toBe('a1');
});
