import { describe, expect, test } from 'vitest';
import { apply, createState, type Command, type Task } from '../core/index.ts';
import { assign, fail, register, submit } from '../core/testing/commands.ts';
import { agentView, liveTaskView, outcomeOf, queueView } from './views.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

function stateAfter(...commands: Command[]): ReturnType<typeof createState> {
  const state = createState(1);
  for (const [i, command] of commands.entries())
    apply(state, i + 1, { at: AT + i, commands: [command] });
  return state;
}

describe('a task', () => {
  test('that waits shows no moment that it has not reached', () => {
    const state = stateAfter(submit('t', {}, { metadata: { a: 1 } }));
    const view = liveTaskView(state.tasks.get('t' as never) as Task);
    expect(view).toMatchObject({
      state: 'queued',
      createdAt: '2026-01-02T03:04:05.000Z',
      metadata: { a: 1 },
      fencingToken: 0,
      failures: [],
    });
    const absent = ['runAt', 'startedAt', 'runUntil', 'deadlineAt', 'agentId', 'payload', 'error'];
    for (const field of absent) expect(view).not.toHaveProperty(field);
  });

  test('that failed shows its attempts, and the agent of the last', () => {
    const state = stateAfter(
      register('a'),
      submit('t'),
      assign('t', 'a'),
      fail('t', 3, { retryable: false }),
    );
    const task = state.tasks.get('t' as never) as Task;
    const error = { code: 'SMTP_DOWN', message: 'no route' };
    expect(liveTaskView(task, '{"p":1}')).toMatchObject({
      state: 'failed',
      payload: { p: 1 },
      agentId: 'a',
      startedAt: '2026-01-02T03:04:05.002Z',
      error,
      failures: [{ attempt: 1, agentId: 'a', endedAt: '2026-01-02T03:04:05.003Z', error }],
    });
    expect(outcomeOf(task, null)).toEqual({ id: 't', state: 'failed', error });
  });
});

test('an outcome has a result or an error, never both', () => {
  const error = { code: 'C', message: 'm' };
  expect(outcomeOf({ id: 't', state: 'completed', error }, '[1]')).toEqual({
    id: 't',
    state: 'completed',
    result: [1],
  });
  expect(outcomeOf({ id: 't', state: 'canceled', error: null }, null)).toMatchObject({
    error: { code: 'CANCELED' },
  });
  expect(outcomeOf({ id: 't', state: 'queued', error }, null)).toEqual({
    id: 't',
    state: 'queued',
  });
});

const GONE = { connection: null, isAsleep: false, wakesAt: null };

test('an agent without a free slot is busy; one that drains is draining', () => {
  const state = stateAfter(register('a', { slots: 1 }), submit('t'), assign('t', 'a'));
  const agent = state.agents.get('a' as never);
  if (agent === undefined) throw new Error('the agent is registered');
  expect(agentView(agent, { ...GONE, connection: 'poll' })).toMatchObject({
    state: 'busy',
    running: 1,
    connection: 'poll',
  });
  apply(state, 4, { at: AT, commands: [{ type: 'agent.drain', agentId: 'a' as never }] });
  expect(agentView(agent, GONE)).toMatchObject({ state: 'draining', connection: null });
  const [queue] = state.queues.values();
  if (queue === undefined) throw new Error('the queue is there');
  expect(queueView(queue, 5)).toMatchObject({ name: 'default', running: 1, oldestReadyAgeMs: 5 });
});
