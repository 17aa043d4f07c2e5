import { describe, expect, test } from 'vitest';
import type { AgentId, Profile, StrategyName, Task } from '../core/index.ts';
import { STRATEGY_NAMES } from '../core/index.ts';
import type { Placement } from './placement.ts';
import { Scheduler } from './scheduler.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from './testing/fixtures.ts';
import { arrivalOf, Fleet } from './testing/fleet.ts';

const queue = makeQueue('default', 'power-of-two-choices');
const work = makeProfile({ queue });

function schedulerWith(...slots: number[]): Scheduler {
  const scheduler = new Scheduler({ seed: 1 });
  for (const [index, count] of slots.entries()) {
    const agent = makeAgent(`agent-${index}`, { slots: count });
    scheduler.agentChanged(agent);
    scheduler.setCredit(agent.id, Infinity);
  }
  return scheduler;
}

interface Batch {
  readonly freed?: readonly AgentId[];
  readonly arrivals?: readonly Task[];
  readonly assignmentsMax?: number;
}

function place(scheduler: Scheduler, batch: Batch = {}): Placement {
  const { freed = [], arrivals = [], assignmentsMax = 100 } = batch;
  const request = { freed, ended: [], arrivals: arrivals.map(arrivalOf), nowMs: 0, assignmentsMax };
  return scheduler.place(request);
}

function idsOf(...seqs: number[]): string[] {
  return seqs.map((seq) => `task-${seq}`);
}

describe('order', () => {
  test('a freed slot takes the waiting task of highest priority, then the oldest', () => {
    const scheduler = schedulerWith(1);
    place(scheduler, { arrivals: [makeTask(1, work)] });
    const urgent = makeProfile({ queue, priority: 9 });
    const tasks = [makeTask(2, work), makeTask(4, urgent), makeTask(3, urgent)];
    const busy = makeAgent('agent-0', { slots: 1 });
    busy.leases.add(makeTask(1, work));
    scheduler.agentChanged(busy);
    for (const task of tasks) scheduler.taskWaiting(task);
    expect(scheduler.hasWork()).toBe(false);
    expect(place(scheduler, { freed: [busy.id] }).taskIds).toEqual(idsOf(3));
  });

  test('a task that waits again goes before younger ones', () => {
    const scheduler = schedulerWith();
    for (const seq of [5, 6, 2]) scheduler.taskWaiting(makeTask(seq, work));
    const agent = makeAgent('late', { slots: 9 });
    scheduler.agentChanged(agent);
    scheduler.setCredit(agent.id, Infinity);
    expect(place(scheduler).taskIds).toEqual(idsOf(2, 5, 6));
  });

  test('an arrival comes after the waiting tasks of its pool and queue, however urgent it is', () => {
    const scheduler = schedulerWith(2);
    for (const seq of [1, 2]) scheduler.taskWaiting(makeTask(seq, work));
    const urgent = makeProfile({ queue, priority: 9 });
    const { taskIds } = place(scheduler, { arrivals: [makeTask(3, urgent)] });
    expect(taskIds).toEqual(idsOf(1, 2));
  });

  test('arrivals of one batch go by priority before they go by order', () => {
    const scheduler = schedulerWith(2);
    const urgent = makeProfile({ queue, priority: 9 });
    const arrivals = [makeTask(1, work), makeTask(2, work), makeTask(3, urgent)];
    expect(place(scheduler, { arrivals }).taskIds).toEqual(idsOf(3, 1));
  });

  test('a freed slot takes the best task over all pools of its agent', () => {
    const scheduler = new Scheduler({ seed: 1 });
    const gpu = makeProfile({ queue, requires: { capabilities: ['gpu'] }, priority: 5 });
    scheduler.taskWaiting(makeTask(1, work));
    scheduler.taskWaiting(makeTask(2, gpu));
    const agent = makeAgent('both', { slots: 1, capabilities: ['work', 'gpu'] });
    scheduler.agentChanged(agent);
    scheduler.setCredit(agent.id, Infinity);
    expect(place(scheduler).taskIds).toEqual(idsOf(2));
  });

  test('no more than the wanted number of assignments is proposed, and the rest stays work to do', () => {
    const scheduler = schedulerWith(9);
    for (let seq = 1; seq <= 5; seq++) scheduler.taskWaiting(makeTask(seq, work));
    expect(place(scheduler, { assignmentsMax: 2 }).taskIds).toEqual(idsOf(1, 2));
    expect(scheduler.hasWork()).toBe(true);
    expect(place(scheduler, { assignmentsMax: 0 }).taskIds).toEqual([]);
  });
});

describe('queues', () => {
  test('a paused queue holds up its own tasks and no others of the pool', () => {
    const scheduler = schedulerWith(9);
    const email = makeQueue('email', 'power-of-two-choices');
    email.paused = true;
    scheduler.taskWaiting(makeTask(1, makeProfile({ queue: email, priority: 9 })));
    scheduler.taskWaiting(makeTask(2, work));
    expect(place(scheduler).taskIds).toEqual(idsOf(2));
    expect(scheduler.hasWork()).toBe(false);
    email.paused = false;
    scheduler.queueChanged(email);
    expect(scheduler.hasWork()).toBe(true);
    expect(place(scheduler).taskIds).toEqual(idsOf(1));
  });

  test('an arrival does not overtake the tasks of a queue whose resumption is not applied yet', () => {
    const scheduler = schedulerWith(9);
    const email = makeQueue('email', 'power-of-two-choices');
    email.paused = true;
    const profile = makeProfile({ queue: email });
    scheduler.taskWaiting(makeTask(1, profile));
    email.paused = false;
    expect(place(scheduler, { arrivals: [makeTask(2, profile)] }).taskIds).toEqual([]);
    scheduler.queueChanged(email);
    expect(place(scheduler).taskIds).toEqual(idsOf(1));
  });

  test('the oldest waiting task of a queue tells since when it waits, unless the queue is paused', () => {
    const scheduler = schedulerWith();
    const email = makeQueue('email', 'round-robin');
    const since = [700, 300, 500];
    for (const [index, stateAt] of since.entries()) {
      const profile = makeProfile({ queue: email, priority: index });
      scheduler.taskWaiting(Object.assign(makeTask(index + 1, profile), { stateAt }));
    }
    expect(scheduler.oldestReadyAt('email')).toBe(300);
    expect(scheduler.oldestReadyAt('other')).toBeNull();
    email.paused = true;
    scheduler.queueChanged(email);
    expect(scheduler.oldestReadyAt('email')).toBeNull();
  });

  test('waiting tasks follow the strategy that their queue is given', () => {
    const scheduler = schedulerWith();
    const changing = makeQueue('changing', 'power-of-two-choices');
    const profile = makeProfile({ queue: changing });
    for (let seq = 1; seq <= 6; seq++) scheduler.taskWaiting(makeTask(seq, profile));
    changing.settings = { ...changing.settings, strategy: 'round-robin' };
    scheduler.queueChanged(changing);
    for (const id of ['a', 'b', 'c']) {
      const agent = makeAgent(id, { slots: 9 });
      scheduler.agentChanged(agent);
      scheduler.setCredit(agent.id, Infinity);
    }
    const { agentIds } = place(scheduler);
    expect(agentIds.slice(3)).toEqual(agentIds.slice(0, 3));
    expect(new Set(agentIds).size).toBe(3);
  });
});

describe('credit', () => {
  test('an agent gets no more tasks than it asked for', () => {
    const scheduler = schedulerWith(9);
    const id = 'agent-0' as AgentId;
    scheduler.setCredit(id, 2);
    for (let seq = 1; seq <= 5; seq++) scheduler.taskWaiting(makeTask(seq, work));
    expect(place(scheduler).taskIds).toEqual(idsOf(1, 2));
    expect(place(scheduler).taskIds).toEqual([]);
    scheduler.setCredit(id, 1);
    expect(place(scheduler).taskIds).toEqual(idsOf(3));
  });

  test('a refused proposal gives its credit back', () => {
    const scheduler = schedulerWith(9);
    const id = 'agent-0' as AgentId;
    scheduler.setCredit(id, 1);
    const task = makeTask(1, work);
    scheduler.taskWaiting(task);
    place(scheduler);
    scheduler.refused(task.id, id);
    scheduler.taskWaiting(task);
    expect(place(scheduler).taskIds).toEqual(idsOf(1));
  });

  test('a refusal brings nothing back to an agent that stopped asking meanwhile', () => {
    const scheduler = schedulerWith(9);
    const id = 'agent-0' as AgentId;
    scheduler.setCredit(id, 1);
    const task = makeTask(1, work);
    scheduler.taskWaiting(task);
    place(scheduler);
    scheduler.setCredit(id, 0);
    scheduler.refused(task.id, id);
    scheduler.taskWaiting(task);
    expect(scheduler.hasWork()).toBe(false);
  });
});

describe('mirror', () => {
  test('a task that moved on before its event was fed does not wait', () => {
    const scheduler = schedulerWith(1);
    const task = makeTask(1, work);
    task.state = 'running';
    scheduler.taskWaiting(task);
    expect(scheduler.counts().waiting).toBe(0);
  });

  test('a slot that was expected to be freed and was not counts as taken again', () => {
    const scheduler = schedulerWith();
    const agent = makeAgent('a', { slots: 1 });
    agent.leases.add(makeTask(1, work));
    scheduler.agentChanged(agent);
    scheduler.setCredit(agent.id, Infinity);
    place(scheduler, { freed: [agent.id] });
    expect(place(scheduler, { arrivals: [makeTask(2, work)] }).taskIds).toEqual([]);
  });

  test('an agent that registers anew with other capabilities changes pools', () => {
    const scheduler = new Scheduler({ seed: 1 });
    const agent = makeAgent('a', { capabilities: ['gpu'], slots: 2 });
    scheduler.agentChanged(agent);
    scheduler.setCredit(agent.id, Infinity);
    scheduler.taskWaiting(makeTask(1, work));
    expect(scheduler.hasWork()).toBe(false);
    agent.spec = { ...agent.spec, capabilities: ['work@2'] };
    scheduler.agentChanged(agent);
    expect(place(scheduler).taskIds).toEqual(idsOf(1));
  });
});

describe('bounds', () => {
  function profileOf(name: string): Profile {
    return makeProfile({ queue, requires: { capabilities: [name] } });
  }

  test('pools that nobody asks for any more are dropped once there are too many', () => {
    const scheduler = schedulerWith(1);
    const agent = makeAgent('able', { slots: 1, capabilities: ['kind-0'] });
    scheduler.agentChanged(agent);
    const waits = makeTask(1, profileOf('kind-0'));
    scheduler.taskWaiting(waits);
    for (let kind = 1; kind < 5_000; kind++) {
      place(scheduler, { arrivals: [makeTask(kind + 1, profileOf(`kind-${kind}`))] });
    }
    expect(scheduler.counts().pools).toBeLessThanOrEqual(1_025);
    scheduler.setCredit(agent.id, 1);
    expect(place(scheduler).taskIds).toEqual([waits.id]);
  });

  test('a pool that was dropped is built again with the agents that came meanwhile', () => {
    const scheduler = schedulerWith();
    place(scheduler, { arrivals: [makeTask(1, work)] });
    for (let kind = 1; kind < 5_000; kind++) {
      place(scheduler, { arrivals: [makeTask(kind + 1, profileOf(`kind-${kind}`))] });
    }
    const agent = makeAgent('a', { slots: 1 });
    scheduler.agentChanged(agent);
    scheduler.setCredit(agent.id, 1);
    expect(place(scheduler, { arrivals: [makeTask(9_000, work)] }).agentIds).toEqual(['a']);
  });

  test('an agent that comes after a pool was dropped is not put into it', () => {
    const scheduler = schedulerWith(1);
    place(scheduler, { arrivals: [makeTask(1, work)] });
    for (let kind = 1; kind < 3_000; kind++) {
      place(scheduler, { arrivals: [makeTask(kind + 1, profileOf(`kind-${kind}`))] });
    }
    const twin = makeAgent('twin', { slots: 1 });
    scheduler.agentChanged(twin);
    scheduler.setCredit(twin.id, Infinity);
    scheduler.checkInvariants();
  });

  test('an agent stays in its other pools when one of them is dropped', () => {
    const scheduler = new Scheduler({ seed: 1 });
    const agent = makeAgent('a', { slots: 1, capabilities: ['work', 'kept'] });
    scheduler.agentChanged(agent);
    place(scheduler, { arrivals: [makeTask(1, work)] });
    const kept = makeTask(2, profileOf('kept'));
    scheduler.taskWaiting(kept);
    for (let kind = 1; kind < 3_000; kind++) {
      place(scheduler, { arrivals: [makeTask(kind + 2, profileOf(`kind-${kind}`))] });
    }
    scheduler.checkInvariants();
    scheduler.setCredit(agent.id, Infinity);
    expect(place(scheduler).taskIds).toEqual([kept.id]);
  });

  test('lanes in which nothing waits are dropped once there are too many', () => {
    const scheduler = schedulerWith();
    for (let index = 0; index < 20_000; index++) {
      const one = makeQueue(`queue-${index}`, 'round-robin');
      const task = makeTask(index + 1, makeProfile({ queue: one }));
      scheduler.taskWaiting(task);
      scheduler.taskLeft(task);
    }
    expect(scheduler.counts()).toMatchObject({ waiting: 0, pools: 1 });
    expect(scheduler.counts().lanes).toBeLessThanOrEqual(4_096);
  });
});

test.each(STRATEGY_NAMES.map((strategy) => ({ strategy })))(
  'explain tells beforehand whom $strategy picks',
  ({ strategy }: { strategy: StrategyName }) => {
    const fleet = new Fleet(strategy);
    for (let index = 0; index < 30; index++) {
      fleet.add(`agent-${index}`, { slots: 3, weight: (index % 4) + 1 });
    }
    for (let round = 0; round < 60; round++) {
      const task = makeTask(1_000, fleet.profile, `key-${round}`);
      const { pick } = fleet.scheduler.explain(task, fleet.nowMs);
      expect(fleet.start(`key-${round}`)).toBe(pick?.agentId);
      fleet.nowMs += 50;
    }
  },
);

test('10,000 queues that come and go with their namespaces leave no lane and no share', () => {
  const scheduler = schedulerWith(1);
  for (let i = 0; i < 10_000; i++) {
    const own = makeQueue(`team-${i}/mail`, 'born');
    const task = makeTask(i + 1, makeProfile({ queue: own }));
    scheduler.queueChanged(own);
    scheduler.taskWaiting(task);
    scheduler.taskLeft(task);
    scheduler.queueRemoved(own);
  }
  expect(scheduler.counts()).toMatchObject({ lanes: 0, waiting: 0 });
  expect(scheduler.shares()).toEqual([]);
});

test('a namespace keeps its share until its last queue is removed, and is anew after that', () => {
  const scheduler = schedulerWith(1);
  const [one, other] = [makeQueue('team/a', 'born'), makeQueue('team/b', 'born')];
  scheduler.queueChanged(one);
  scheduler.queueChanged(other);
  scheduler.queueRemoved(one);
  expect(scheduler.shares()).toMatchObject([{ name: 'team' }]);
  scheduler.queueRemoved(other);
  expect(scheduler.shares()).toEqual([]);
  const again = makeQueue('team/a', 'born');
  const task = makeTask(1, makeProfile({ queue: again }));
  scheduler.taskWaiting(task);
  expect(place(scheduler).taskIds).toEqual([task.id]);
  expect(scheduler.shares()).toMatchObject([{ name: 'team', waiting: 0 }]);
});
