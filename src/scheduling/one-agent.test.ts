/** Pools of tasks that one agent alone may have. */
import { describe, expect, test } from 'vitest';
import type { AgentSpec, Profile } from '../core/index.ts';
import { Scheduler } from './scheduler.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from './testing/fixtures.ts';
import { arrivalOf } from './testing/fleet.ts';

const queue = makeQueue('default', 'least-loaded');
const forAgent = (agent: string, more = {}): Profile =>
  makeProfile({ queue, requires: { agent, ...more } });

function schedulerWith(...ids: string[]): Scheduler {
  const scheduler = new Scheduler({ seed: 1, buildSlice: 4 });
  for (const id of ids) add(scheduler, id);
  return scheduler;
}

function add(scheduler: Scheduler, id: string, spec: Partial<AgentSpec> = {}): void {
  const agent = makeAgent(id, { slots: 1, ...spec });
  scheduler.agentChanged(agent);
  scheduler.setCredit(agent.id, Infinity);
}

function place(scheduler: Scheduler, arrivals: readonly ReturnType<typeof makeTask>[] = []) {
  const request = { freed: [], ended: [], arrivals: arrivals.map(arrivalOf), nowMs: 0 };
  return scheduler.place({ ...request, assignmentsMax: 100 }).agentIds;
}

describe('a task for one agent', () => {
  test('goes to it and to no other, at once or when it comes', () => {
    const scheduler = schedulerWith('a', 'b', 'c');
    expect(place(scheduler, [makeTask(1, forAgent('b'))])).toEqual(['b']);
    scheduler.taskWaiting(makeTask(2, forAgent('d')));
    expect(place(scheduler)).toEqual([]);
    add(scheduler, 'd');
    scheduler.checkInvariants();
    expect(place(scheduler)).toEqual(['d']);
  });

  test('waits while the agent lacks what else is required, and goes when it has that', () => {
    const scheduler = schedulerWith('a');
    scheduler.taskWaiting(makeTask(1, forAgent('a', { labels: { zone: 'eu' } })));
    expect(place(scheduler)).toEqual([]);
    add(scheduler, 'a', { labels: { zone: 'eu' } });
    scheduler.checkInvariants();
    expect(place(scheduler)).toEqual(['a']);
  });

  test('makes no pool of all agents, however many there are', () => {
    const ids = Array.from({ length: 500 }, (_, i) => `a${i}`);
    const scheduler = schedulerWith(...ids);
    scheduler.taskWaiting(makeTask(1, forAgent('a499')));
    // A pool of more than the slice would have to be built on.
    expect(scheduler.isUnfinished).toBe(false);
    expect(scheduler.explain(makeTask(1, forAgent('a499')), 0).agents.matching).toBe(1);
    expect(place(scheduler)).toEqual(['a499']);
  });

  test('an agent that leaves and comes back is in its pools again', () => {
    const scheduler = schedulerWith('a');
    const first = makeTask(1, forAgent('a'));
    scheduler.taskWaiting(first);
    scheduler.agentRemoved(makeAgent('a', { slots: 1 }));
    expect(place(scheduler)).toEqual([]);
    add(scheduler, 'a');
    scheduler.checkInvariants();
    expect(place(scheduler)).toEqual(['a']);
  });

  test('pools for one agent that nobody asks for any more are dropped, and made again', () => {
    const scheduler = schedulerWith('a0');
    for (let i = 0; i < 5_000; i++) place(scheduler, [makeTask(i + 1, forAgent(`a${i}`))]);
    expect(scheduler.counts().pools).toBeLessThanOrEqual(1_025);
    scheduler.agentRemoved(makeAgent('a0'));
    add(scheduler, 'a0');
    scheduler.checkInvariants();
    expect(place(scheduler, [makeTask(9_000, forAgent('a0'))])).toEqual(['a0']);
  });

  test('40,000 that wait for an agent each are taken in without looking at all pools for each', () => {
    const scheduler = schedulerWith();
    const startMs = performance.now();
    for (let i = 0; i < 40_000; i++) scheduler.taskWaiting(makeTask(i + 1, forAgent(`a${i}`)));
    // Each looking at all before it took about 20 s.
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(scheduler.counts()).toMatchObject({ pools: 40_000, waiting: 40_000 });
    add(scheduler, 'a39999');
    expect(place(scheduler)).toEqual(['a39999']);
  });
});

describe('the explanation of a task for one agent', () => {
  const verdict = (scheduler: Scheduler, profile = forAgent('a')): string => {
    const task = makeTask(99, profile);
    scheduler.taskWaiting(task);
    return scheduler.explain(task, 0).verdict;
  };

  test('says that the agent is not there', () => {
    const scheduler = schedulerWith('b');
    expect(verdict(scheduler)).toBe('it waits for agent a, which is not registered');
    const { requirements } = scheduler.explain(makeTask(98, forAgent('a')), 0);
    expect(requirements).toContainEqual({ requirement: 'agent a', agentsMatching: 0 });
  });

  test('says what the agent lacks', () => {
    const more = { capabilities: ['work', 'gpu'], labels: { zone: 'eu' } };
    expect(verdict(schedulerWith('a', 'b'), forAgent('a', more))).toBe(
      'it waits for agent a, which lacks capability gpu, label zone=eu',
    );
  });

  test('says that the agent is lost, or full', () => {
    const lost = schedulerWith('b');
    const agent = makeAgent('a');
    agent.state = 'lost';
    lost.agentChanged(agent);
    expect(verdict(lost)).toBe('it waits for agent a, which is lost');
    const full = schedulerWith('a');
    place(full, [makeTask(1, forAgent('a'))]);
    expect(verdict(full)).toBe('it waits for agent a, which is full (1 of 1 slots)');
  });

  test('says that it would take it', () => {
    expect(verdict(schedulerWith('a', 'b'))).toBe('it is next: agent a would take it now');
  });
});
