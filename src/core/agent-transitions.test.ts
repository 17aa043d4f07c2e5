import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import { agentCommand, assign, complete, register, submit } from './testing/commands.ts';
import { agentOutcome, isRefusal } from './testing/outcome.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf } from './testing/trace.ts';
import { World, worldWithAgent, type GivenAgent } from './testing/world.ts';

/** When: the command given to each state, at 2000. */
const COMMANDS = {
  'register again': register('a1'),
  'register as a new process': register('a1', {}, 'second'),
  drain: agentCommand('agent.drain', 'a1'),
  lost: agentCommand('agent.lost', 'a1'),
  back: agentCommand('agent.back', 'a1'),
  remove: agentCommand('agent.remove', 'a1'),
  assign: assign('t1', 'a1'),
} as const satisfies Record<string, Command>;

/** Then: `a1` afterwards with its leases and the events, or the refusal's code. */
type Then = readonly string[];

const TAKEN_BACK = (reason: string): Then =>
  ['t1', 't2'].flatMap((id) => [
    `lease.revoked ${id} from a1 token=3 (${reason})`,
    `attempt.failed ${id} attempt=1 on a1: ${reason.toUpperCase()}`,
    `task.queued ${id} (${reason})`,
  ]);

const REGISTERED = 'agent.registered a1 ready';
const CHANGED_READY = 'agent.changed a1 ready';
const CHANGED_LOST = 'agent.changed a1 lost';
const CHANGED_DRAINING = 'agent.changed a1 draining';
const REFUSED = 'assignment.refused t1 to a1';

const TABLE: Record<keyof typeof COMMANDS, Record<GivenAgent, Then>> = {
  'register again': {
    unknown: ['ready 0', REGISTERED],
    ready: ['ready 0', REGISTERED],
    full: ['ready 2', REGISTERED],
    draining: ['ready 0', CHANGED_READY, REGISTERED],
    leaving: ['ready 2', CHANGED_READY, REGISTERED],
    lost: ['ready 0', CHANGED_READY, REGISTERED],
  },
  'register as a new process': {
    unknown: ['ready 0', REGISTERED],
    ready: ['ready 0', REGISTERED],
    full: ['ready 0', ...TAKEN_BACK('agent_restarted'), REGISTERED],
    draining: ['ready 0', CHANGED_READY, REGISTERED],
    leaving: ['ready 0', ...TAKEN_BACK('agent_restarted'), CHANGED_READY, REGISTERED],
    lost: ['ready 0', CHANGED_READY, REGISTERED],
  },
  drain: {
    unknown: ['AGENT_NOT_FOUND'],
    ready: ['draining 0', CHANGED_DRAINING],
    full: ['draining 2', CHANGED_DRAINING],
    draining: ['draining 0'],
    leaving: ['draining 2'],
    lost: ['draining 0', CHANGED_DRAINING],
  },
  lost: {
    unknown: ['AGENT_NOT_FOUND'],
    ready: ['lost 0', CHANGED_LOST],
    full: ['lost 0', ...TAKEN_BACK('agent_lost'), CHANGED_LOST],
    draining: ['lost 0', CHANGED_LOST],
    leaving: ['lost 0', ...TAKEN_BACK('agent_lost'), CHANGED_LOST],
    lost: ['lost 0'],
  },
  back: {
    unknown: ['AGENT_NOT_FOUND'],
    ready: ['ready 0'],
    full: ['ready 2'],
    draining: ['ready 0', CHANGED_READY],
    leaving: ['ready 2', CHANGED_READY],
    lost: ['ready 0', CHANGED_READY],
  },
  remove: {
    unknown: ['AGENT_NOT_FOUND'],
    ready: ['gone', 'agent.removed a1 ready'],
    full: ['gone', ...TAKEN_BACK('agent_removed'), 'agent.removed a1 ready'],
    draining: ['gone', 'agent.removed a1 draining'],
    leaving: ['gone', ...TAKEN_BACK('agent_removed'), 'agent.removed a1 draining'],
    lost: ['gone', 'agent.removed a1 lost'],
  },
  assign: {
    unknown: ['AGENT_NOT_FOUND', REFUSED],
    ready: ['ready 1', 'task.assigned t1 to a1 token=3'],
    full: ['TASK_NOT_QUEUED', REFUSED],
    draining: ['AGENT_NOT_READY', REFUSED],
    leaving: ['TASK_NOT_QUEUED', REFUSED],
    lost: ['AGENT_NOT_READY', REFUSED],
  },
};

const CASES = Object.entries(TABLE).flatMap(([when, row]) =>
  Object.entries(row).map(([given, then]) => ({ given, when, then })),
);

describe('given an agent, when a command comes', () => {
  test.each(CASES)('$given, $when: $then', ({ given, when, then }) => {
    const world = worldWithAgent(given as GivenAgent);
    const before = rowsOf(world.state);
    const applied = world.run(2000, COMMANDS[when as keyof typeof COMMANDS]);
    expect(agentOutcome(world, applied)).toEqual(then);
    if (!isRefusal(then)) return;
    expect({ ...rowsOf(world.state), head: null }).toEqual({ ...before, head: null });
  });
});

describe('an agent', () => {
  test('with all slots taken gets no more', () => {
    const world = worldWithAgent('full');
    world.run(2000, submit('t3'));
    expect(refusalsOf(world.run(2000, assign('t3', 'a1')).results[0])).toEqual(['AGENT_FULL']);
  });

  test('with fewer slots than leases keeps them, and gets one more only below its slots', () => {
    const world = worldWithAgent('full');
    world.run(2000, register('a1', { slots: 1 }), submit('t3'));
    expect(world.agent().leases.size).toBe(2);
    world.run(2000, complete('t1', 3));
    expect(refusalsOf(world.run(2000, assign('t3', 'a1')).results[0])).toEqual(['AGENT_FULL']);
    world.run(2000, complete('t2', 3));
    expect(refusalsOf(world.run(2000, assign('t3', 'a1')).results[0])).toEqual([]);
  });

  test('that drains finishes what it has', () => {
    const world = worldWithAgent('full');
    world.run(2000, agentCommand('agent.drain', 'a1'));
    expect(refusalsOf(world.run(2000, complete('t1', 3)).results[0])).toEqual([]);
    expect(world.agent()).toMatchObject({ state: 'draining' });
  });

  test('remembers when its state changed, and when it first registered', () => {
    const world = worldWithAgent('ready');
    world.run(2000, agentCommand('agent.lost', 'a1'));
    world.run(3000, agentCommand('agent.lost', 'a1'));
    expect(world.agent()).toMatchObject({ stateAt: 2000, registeredAt: 1000 });
    world.run(4000, register('a1', { slots: 7 }, 'second'));
    expect(world.agent()).toMatchObject({ stateAt: 4000, registeredAt: 1000 });
    expect(world.agent().spec.slots).toBe(7);
  });

  test('beyond the most that may register is refused; a known one is not', () => {
    const world = worldWithAgent('ready');
    const settings = { ...world.state.settings, agentsMax: 1 };
    world.run(2000, { type: 'settings.set', settings });
    const [first, second] = world.run(2000, register('a2'), register('a1')).results;
    expect(refusalsOf(first)).toEqual(['AGENT_LIMIT']);
    expect(refusalsOf(second)).toEqual([]);
  });

  test('whose loss uses up the attempts of a task makes it a dead letter', () => {
    const world = new World();
    world.run(1000, register('a1'), submit('t1', { retry: { attemptsMax: 1 } }));
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, agentCommand('agent.lost', 'a1'));
    expect(world.task()).toMatchObject({ state: 'failed', reason: 'attempts_exhausted' });
    expect(world.task().error?.code).toBe('AGENT_LOST');
  });

  test('whose loss the policy names as final fails its task', () => {
    const world = new World();
    world.run(1000, register('a1'), submit('t1', { retry: { nonRetryable: ['AGENT_LOST'] } }));
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, agentCommand('agent.lost', 'a1'));
    expect(world.task()).toMatchObject({ state: 'failed', reason: 'not_retryable' });
  });
});
