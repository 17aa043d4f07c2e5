import { describe, expect, test } from 'vitest';
import type { AgentSpec, Task } from '../core/index.ts';
import { Scheduler } from './scheduler.ts';
import {
  makeAgent,
  makeProfile,
  makeQueue,
  makeTask,
  type ProfileChoice,
} from './testing/fixtures.ts';

class Scene {
  readonly scheduler = new Scheduler({ seed: 1 });
  #seq = 0;

  agent(id: string, spec: Partial<AgentSpec> = {}, state: 'ready' | 'draining' | 'lost' = 'ready') {
    const agent = makeAgent(id, spec);
    agent.state = state;
    this.scheduler.agentChanged(agent);
    this.scheduler.setCredit(agent.id, Infinity);
    return agent;
  }

  busy(id: string, slots: number): void {
    const agent = this.agent(id, { slots });
    const profile = makeProfile({ queue: makeQueue('default', 'round-robin') });
    while (agent.leases.size < slots) {
      const task = makeTask(++this.#seq, profile);
      task.state = 'running';
      agent.leases.add(task);
      this.scheduler.leaseGranted(agent, task);
    }
  }

  wait(choice: Partial<ProfileChoice> = {}): Task {
    const queue = makeQueue('email', 'round-robin');
    const task = makeTask(++this.#seq, makeProfile({ queue, ...choice }));
    this.scheduler.taskWaiting(task);
    return task;
  }

  verdict(task: Task): string {
    return this.scheduler.explain(task, 0).verdict;
  }
}

describe('verdicts', () => {
  test('a capability nobody has, with the nearest that someone has', () => {
    const scene = new Scene();
    scene.agent('a', { capabilities: ['pdf.extract-text', 'email'] });
    const task = scene.wait({ requires: { capabilities: ['pdf.extract'] } });
    expect(scene.verdict(task)).toBe(
      'no agent has capability pdf.extract; nearest: pdf.extract-text',
    );
  });

  test('a label value nobody has, with another value of the same label', () => {
    const scene = new Scene();
    scene.agent('a', { labels: { zone: 'eu-west', zono: 'eu-wast' } });
    const task = scene.wait({ requires: { labels: { zone: 'eu-wast' } } });
    expect(scene.verdict(task)).toBe('no agent has label zone=eu-wast; nearest: zone=eu-west');
  });

  test('requirements that different agents meet, but none alone', () => {
    const scene = new Scene();
    scene.agent('a', { capabilities: ['work'] });
    scene.agent('b', { capabilities: ['gpu'] });
    scene.agent('c', { capabilities: ['gpu@2'] });
    const task = scene.wait({ requires: { capabilities: ['work', 'gpu'] } });
    expect(scene.verdict(task)).toBe(
      'no agent has all that is required at once: capability work (1 agent), capability gpu (2 agents)',
    );
  });

  test('no agent at all', () => {
    const scene = new Scene();
    const task = scene.wait({ requires: { capabilities: [] } });
    expect(scene.verdict(task)).toBe('no agent is registered');
  });

  test('agents that are all full, with their slots', () => {
    const scene = new Scene();
    for (const id of ['a', 'b', 'c']) scene.busy(id, 4);
    expect(scene.verdict(scene.wait())).toBe('all 3 matching agents are full (12 of 12 slots)');
  });

  test('a single agent that is full', () => {
    const scene = new Scene();
    scene.busy('a', 2);
    expect(scene.verdict(scene.wait())).toBe('the only matching agent is full (2 of 2 slots)');
  });

  test('agents that are draining', () => {
    const scene = new Scene();
    for (const id of ['a', 'b']) scene.agent(id, {}, 'draining');
    expect(scene.verdict(scene.wait())).toBe('2 agents match but are draining');
  });

  test('an agent that is not connected', () => {
    const scene = new Scene();
    scene.scheduler.setCredit(scene.agent('a').id, 0);
    expect(scene.verdict(scene.wait())).toBe(
      '1 agent matches but is not connected or not asking for work',
    );
  });

  test('agents that are held up for different reasons', () => {
    const scene = new Scene();
    scene.busy('a', 1);
    scene.agent('b', {}, 'lost');
    scene.agent('c', {}, 'lost');
    expect(scene.verdict(scene.wait())).toBe(
      'none of 3 matching agents is available: 1 full, 2 lost',
    );
  });

  test('a paused queue', () => {
    const scene = new Scene();
    scene.agent('a');
    const queue = makeQueue('email', 'round-robin');
    queue.paused = true;
    expect(scene.verdict(scene.wait({ queue }))).toBe('queue email is paused');
  });

  test('a task whose turn is next, and one behind it', () => {
    const scene = new Scene();
    const [first, second] = [scene.wait(), scene.wait()];
    scene.agent('a', { slots: 1 });
    expect(scene.verdict(first)).toBe('it is next: agent a would take it now');
    expect(scene.verdict(second)).toBe('1 task of its queue goes first; 1 agent available');
  });

  test('a task that does not wait', () => {
    const scene = new Scene();
    const running = scene.wait();
    Object.assign(running, { state: 'running', agentId: 'a' });
    expect(scene.verdict(running)).toBe('it runs on agent a');
    const delayed = scene.wait();
    Object.assign(delayed, { state: 'scheduled', reason: 'retry', runAt: 1_700_000_000_000 });
    expect(scene.verdict(delayed)).toBe('it waits until 2023-11-14T22:13:20.000Z (retry)');
    const failed = scene.wait();
    Object.assign(failed, { state: 'failed', error: { code: 'BOOM', message: 'boom' } });
    expect(scene.verdict(failed)).toBe(
      'it failed for good (BOOM) and waits to be retried or purged',
    );
  });
});

test('an explanation is plain JSON with counts, examples and the choice', () => {
  const scene = new Scene();
  const free = scene.agent('free', { slots: 2 });
  scene.busy('busy', 1);
  for (let index = 0; index < 7; index++) scene.agent(`lost-${index}`, {}, 'lost');
  const task = scene.wait({ requires: { capabilities: ['work'] } });
  const explanation = scene.scheduler.explain(task, 0);
  expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  expect(explanation).toMatchObject({
    taskId: task.id,
    state: 'queued',
    queue: 'email',
    pool: '[["work"],[]]',
    strategy: 'round-robin',
    waitingAhead: 0,
    requirements: [{ requirement: 'capability work', agentsMatching: 9 }],
    agents: {
      matching: 9,
      available: 1,
      passedOver: { full: 1, draining: 0, breaker: 0, lost: 7, noCredit: 0 },
      examples: { available: ['free'], full: ['busy'], draining: [], noCredit: [] },
    },
    pick: { agentId: free.id, reason: 'its turn, of 1 available' },
  });
  expect(explanation.agents.examples.lost).toHaveLength(5);
});
