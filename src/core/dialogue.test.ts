import { describe, expect, test } from 'vitest';
import type { Applied } from './apply.ts';
import { slotsUsed } from './agent.ts';
import {
  ADVANCE,
  agentCommand,
  answer,
  ask,
  assign,
  complete,
  details,
  fail,
  purge,
  register,
  release,
  retry,
  submit,
} from './testing/commands.ts';
import { taskOutcome } from './testing/outcome.ts';
import { eventText, refusalsOf, taskText } from './testing/trace.ts';
import { TOKEN, worldWith, type World } from './testing/world.ts';

function codes(applied: Applied): readonly string[] {
  return applied.results.flatMap((result) => refusalsOf(result));
}

/** `t1` lost its attempt and runs again on `a1`, assigned by the newest batch. */
function secondAttempt(world: World, at: number): number {
  world.run(at, fail('t1', world.task().fencingToken, { retryAfterMs: 1 }));
  world.run(at + 100, ADVANCE);
  world.run(at + 100, assign('t1', 'a1'));
  return world.task().fencingToken;
}

describe('a question', () => {
  test('gives the slot free and keeps the lease; an answer takes the slot again, even one too many', () => {
    const world = worldWith('absent');
    world.run(1000, register('a1', { slots: 1 }), submit('t1'), submit('t2'), submit('t3'));
    const token = world.state.index + 1;
    world.run(1000, assign('t1', 'a1'));
    world.run(1100, ask('t1', token));
    expect([slotsUsed(world.agent()), world.agent().leases.size]).toEqual([0, 1]);
    world.run(1200, assign('t2', 'a1'));
    expect(codes(world.run(1200, assign('t3', 'a1')))).toEqual(['AGENT_FULL']);
    world.run(1300, answer('t1', token));
    expect([slotsUsed(world.agent()), world.agent().waiting]).toEqual([2, 0]);
    world.run(1400, complete('t1', token));
    expect(codes(world.run(1400, assign('t3', 'a1')))).toEqual(['AGENT_FULL']);
    world.run(1500, complete('t2', world.task('t2').fencingToken));
    expect(codes(world.run(1500, assign('t3', 'a1')))).toEqual([]);
  });

  test('stops the clock of the run: what was left of it goes on with the answer', () => {
    const world = worldWith('running', { timeouts: { runMs: 500 } });
    world.run(1400, ask('t1', TOKEN));
    world.run(9000, answer('t1', TOKEN));
    expect(world.task().runUntil).toBe(9100);
    world.run(9050, ask('t1', TOKEN, { key: 'more' }));
    world.run(20_000, answer('t1', TOKEN, { key: 'more' }));
    world.run(20_049, ADVANCE);
    expect(world.task().state).toBe('running');
    expect(taskOutcome(world, world.run(20_050, ADVANCE))[0]).toBe(
      'queued (run_timeout) attempt=1 token=3 ok=true by ann more=true by ann',
    );
    const [failure] = world.task().failures;
    expect([failure?.startedAt, failure?.endedAt]).toEqual([1000, 20_050]);
  });

  test('tells with the end of its attempt how long it was waited for', () => {
    const world = worldWith('running');
    world.run(1400, ask('t1', TOKEN));
    world.run(2400, answer('t1', TOKEN));
    world.run(2500, ask('t1', TOKEN, { key: 'more' }));
    const [end] = world.run(2600, complete('t1', TOKEN)).events;
    expect(end).toMatchObject({ type: 'task.completed', startedAt: 1000, waitedMs: 1100 });
  });

  test('that nobody answers in time is answered with its default', () => {
    const world = worldWith('running');
    world.run(1100, ask('t1', TOKEN, { expiresMs: 400, default: '"no"' }));
    expect(world.run(1499, ADVANCE).events).toEqual([]);
    expect(taskOutcome(world, world.run(1500, ADVANCE))).toEqual([
      'running attempt=1 token=3 agent=a1 ok="no" by expired_default',
      'task.input_answered t1 on a1: ok by expired_default',
    ]);
    expect(world.task().extra?.answers).toMatchObject([{ by: null, reason: 'expired_default' }]);
    expect(codes(world.run(1600, answer('t1', TOKEN)))).toEqual(['INPUT_NOT_ASKED']);
  });

  test('that nobody answers in time and that has no default fails the task for good', () => {
    const world = worldWith('running');
    world.run(1100, ask('t1', TOKEN, { expiresMs: 400 }));
    expect(taskOutcome(world, world.run(1500, ADVANCE))).toEqual([
      'failed (input_expired) attempt=1 token=3 error=INPUT_EXPIRED',
      'lease.revoked t1 from a1 token=3 (input_expired)',
      'attempt.failed t1 attempt=1 on a1: INPUT_EXPIRED',
      'task.failed t1 (input_expired)',
    ]);
    expect(world.agent().waiting).toBe(0);
  });

  test('is answered only by those it names', () => {
    const world = worldWith('running');
    world.run(1100, ask('t1', TOKEN, { answerers: ['ann', 'bob'] }));
    expect(codes(world.run(1200, answer('t1', TOKEN, { by: 'eve' })))).toEqual([
      'INPUT_NOT_ALLOWED',
    ]);
    expect(codes(world.run(1200, answer('t1', TOKEN, { by: null })))).toEqual([
      'INPUT_NOT_ALLOWED',
    ]);
    expect(codes(world.run(1200, answer('t1', TOKEN, { by: 'bob' })))).toEqual([]);
  });

  test('goes with its attempt when the agent is lost, and is asked again by the next', () => {
    const world = worldWith('input_required');
    const { events } = world.run(1100, agentCommand('agent.lost', 'a1'));
    expect(events.map(eventText)).toContain('task.queued t1 (agent_lost)');
    expect(world.agent().waiting).toBe(0);
    expect(codes(world.run(1200, answer('t1', TOKEN)))).toEqual(['INPUT_NOT_ASKED']);
    world.run(1300, agentCommand('agent.back', 'a1'));
    world.run(1300, assign('t1', 'a1'));
    const token = world.task().fencingToken;
    world.run(1400, ask('t1', token));
    expect(codes(world.run(1500, answer('t1', TOKEN)))).toEqual(['INPUT_NOT_ASKED']);
    expect(codes(world.run(1500, answer('t1', token)))).toEqual([]);
  });

  test('goes with its attempt when that is given back', () => {
    const world = worldWith('input_required');
    world.run(1100, release('t1', TOKEN));
    expect(taskText(world.task())).toBe('queued (released) attempt=0 token=3');
    expect(world.task().extra).toBeNull();
  });
});

describe('an answer', () => {
  test('is kept: a later attempt that asks under the same key does not wait', () => {
    const world = worldWith('running');
    world.run(1100, ask('t1', TOKEN));
    world.run(1200, answer('t1', TOKEN, { answer: '"yes"' }));
    const token = secondAttempt(world, 1300);
    expect(taskOutcome(world, world.run(1500, ask('t1', token)))).toEqual([
      `running attempt=2 token=${token} agent=a1 ok="yes" by ann`,
    ]);
    world.run(1600, ask('t1', token, { key: 'next' }));
    expect(world.task().state).toBe('input_required');
  });

  test('is kept through the end of the task and a second life', () => {
    const world = worldWith('running');
    world.run(1100, ask('t1', TOKEN));
    world.run(1200, answer('t1', TOKEN), fail('t1', TOKEN, { retryable: false }));
    expect(world.task().extra?.answers).toHaveLength(1);
    world.run(1300, retry('t1'));
    world.run(1300, assign('t1', 'a1'));
    const token = world.task().fencingToken;
    world.run(1400, ask('t1', token));
    expect(world.task().state).toBe('running');
  });

  test('may be said again, but not changed', () => {
    const world = worldWith('input_required');
    world.run(1100, answer('t1', TOKEN));
    expect(world.run(1200, answer('t1', TOKEN)).events).toEqual([]);
    expect(codes(world.run(1200, answer('t1', TOKEN)))).toEqual([]);
    expect(codes(world.run(1200, answer('t1', TOKEN, { by: 'bob' })))).toEqual(['INPUT_NOT_ASKED']);
    expect(codes(world.run(1200, answer('t1', TOKEN, { answer: '1' })))).toEqual([
      'INPUT_NOT_ASKED',
    ]);
  });
});

test('questions without keys are counted among those of their attempt, and begin anew with the next', () => {
  const world = worldWith('running');
  const keys = [null, 'named', null, '4', null];
  const asked = keys.map((key, i) => {
    world.run(1100 + i, ask('t1', TOKEN, { key }));
    const got = world.task().extra?.dialogue?.asked.at(-1) ?? '';
    world.run(1100 + i, answer('t1', TOKEN, { key: got }));
    return got;
  });
  expect(asked).toEqual(['1', 'named', '3', '4', '5']);
  const token = secondAttempt(world, 1300);
  world.run(1500, ask('t1', token, { key: null }));
  expect([world.task().state, world.task().extra?.dialogue?.asked]).toEqual(['running', ['1']]);
});

describe('details of a heartbeat', () => {
  test('are the newest, stay for the next attempt, and go when the task finishes', () => {
    const world = worldWith('running');
    world.run(1100, details('t1', TOKEN, '1'), details('t1', TOKEN, '2'));
    const token = secondAttempt(world, 1200);
    expect(world.task().extra?.details).toBe('2');
    expect(codes(world.run(1400, details('t1', TOKEN, '3')))).toEqual(['LEASE_FENCED']);
    const task = world.task();
    world.run(1500, complete('t1', token));
    expect(task.extra).toBeNull();
  });

  test('go when the task becomes a dead letter', () => {
    const world = worldWith('running', {}, { traceparent: 'of whom' });
    world.run(1100, details('t1', TOKEN));
    world.run(1200, fail('t1', TOKEN, { retryable: false }));
    expect(world.task().extra).toMatchObject({ details: null, traceparent: 'of whom' });
    expect(codes(world.run(1300, purge('t1')))).toEqual([]);
  });
});

test('a task that uses none of this has nothing of it, from its submit to its end', () => {
  const world = worldWith('running');
  const task = world.task();
  expect(task.extra).toBeNull();
  world.run(1100, complete('t1', TOKEN));
  expect(task.extra).toBeNull();
});
