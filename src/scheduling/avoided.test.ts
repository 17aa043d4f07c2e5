import { expect, test } from 'vitest';
import type { Agent, Task } from '../core/index.ts';
import { Scheduler } from './index.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from './testing/fixtures.ts';

const profile = makeProfile({ queue: makeQueue('default', 'least-loaded') });

/** A task that failed on `a0` for good. */
function pickyTask(): Task {
  const task = makeTask(1, profile);
  const avoid = { agents: ['a0'], zones: [] };
  return {
    ...task,
    failures: [{ agentId: 'a0', attempt: 1, error: { code: 'X', message: '' }, at: 0 }] as never,
    extra: { avoid } as never,
  };
}

/** Where the task goes; null while it waits for another agent. */
function placeOf(agents: readonly Agent[], change?: (scheduler: Scheduler) => void): string | null {
  const scheduler = new Scheduler({ seed: 1 });
  for (const agent of agents) {
    scheduler.agentChanged(agent);
    // Only the one it failed on has room.
    scheduler.setCredit(agent.id, agent.id === 'a0' ? 1 : 0);
  }
  const nothing = { freed: [], ended: [], arrivals: [], nowMs: 0, assignmentsMax: 10 };
  scheduler.place(nothing);
  scheduler.taskWaiting(pickyTask());
  change?.(scheduler);
  return scheduler.place(nothing).agentIds[0] ?? null;
}

const manyOf = (state: Agent['state']): Agent[] =>
  Array.from({ length: 200 }, (_, at) => ({ ...makeAgent(`b${at}`), state }));

test('a task waits for another agent that is ready, though only the one it failed on has room', () => {
  expect(placeOf([makeAgent('a0'), ...manyOf('ready')])).toBeNull();
  expect(placeOf([makeAgent('a0'), ...manyOf('lost'), makeAgent('c')])).toBeNull();
});

test('a task goes back where it failed when no other agent is ready', () => {
  const others = manyOf('lost');
  expect(placeOf([makeAgent('a0'), ...others, makeAgent('c', { capabilities: ['x'] })])).toBe('a0');
});

test('a task goes back where it failed once the others are lost, changed or gone', () => {
  const others = ['b', 'c', 'd'].map((id) => makeAgent(id));
  const [lost, changed, gone] = others as [Agent, Agent, Agent];
  const place = placeOf([makeAgent('a0'), ...others], (scheduler) => {
    scheduler.agentChanged({ ...lost, state: 'lost' });
    scheduler.agentChanged({ ...changed, spec: { ...changed.spec, capabilities: ['other'] } });
    scheduler.agentRemoved(gone);
  });
  expect(place).toBe('a0');
});
