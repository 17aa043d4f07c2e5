import { describe, expect, test } from 'vitest';
import { ERROR_MESSAGE_MAX, FAILURES_KEPT_MAX, type Task } from './task.ts';
import {
  ADVANCE,
  assign,
  breakLease,
  complete,
  fail,
  register,
  release,
  retry,
  submit,
  type SpecOptions,
} from './testing/commands.ts';
import { refusalsOf } from './testing/trace.ts';
import { TOKEN, World, worldWith } from './testing/world.ts';

/** Fails `t1` that many times, a second apart, each time waiting out its delay. */
function failedTimes(count: number, spec: SpecOptions): World {
  const world = new World();
  world.run(1_000, register('a1'), submit('t1', spec));
  for (let i = 1; i <= count; i++) {
    world.run(i * 1_000_000, ADVANCE);
    world.run(i * 1_000_000, assign('t1', 'a1'));
    world.run(i * 1_000_000 + 5, fail('t1', world.state.index, { code: `CODE_${i}` }));
  }
  return world;
}

describe('the failures of a task', () => {
  test('say which attempt, where, when and why', () => {
    const { failures } = failedTimes(2, {}).task();
    expect(failures).toEqual([
      {
        attempt: 1,
        agentId: 'a1',
        startedAt: 1_000_000,
        endedAt: 1_000_005,
        error: { code: 'CODE_1', message: 'no route' },
      },
      {
        attempt: 2,
        agentId: 'a1',
        startedAt: 2_000_000,
        endedAt: 2_000_005,
        error: { code: 'CODE_2', message: 'no route' },
      },
    ]);
  });

  test('are kept up to a bound, the newest ones', () => {
    const { failures, attempt } = failedTimes(25, { retry: { attemptsMax: 30 } }).task();
    expect(failures).toHaveLength(FAILURES_KEPT_MAX);
    expect(failures.map((failure) => failure.attempt)).toEqual(
      Array.from({ length: FAILURES_KEPT_MAX }, (_, i) => i + 6),
    );
    expect(attempt).toBe(25);
  });

  test('stay on record when a dead letter is retried, with all its attempts before it', () => {
    const world = failedTimes(3, {});
    world.run(5_000_000, retry('t1'));
    expect(world.task()).toMatchObject({
      state: 'queued',
      attempt: 0,
      error: null,
      delayMsLast: 0,
    });
    expect(world.task().failures).toHaveLength(3);
  });
});

describe('a long error message', () => {
  const kept = (message: string, end: 'fail' | 'break'): Task => {
    const world = worldWith('running', { retry: { attemptsMax: 1 } });
    const error = { code: 'LONG', message };
    world.run(2000, end === 'fail' ? fail('t1', TOKEN, error) : breakLease('t1', TOKEN, error));
    return world.task();
  };

  test.each(['fail', 'break'] as const)(
    'is cut in the record and in the final error, on %s',
    (end) => {
      const task = kept('x'.repeat(ERROR_MESSAGE_MAX + 1), end);
      expect(task.failures[0]?.error.message).toHaveLength(ERROR_MESSAGE_MAX);
      expect(task.error?.message).toHaveLength(ERROR_MESSAGE_MAX);
    },
  );

  test('of exactly the bound stays whole', () => {
    const message = 'x'.repeat(ERROR_MESSAGE_MAX);
    expect(kept(message, 'fail').error?.message).toBe(message);
  });

  test('is not cut through a character of two units', () => {
    const message = kept(`${'x'.repeat(ERROR_MESSAGE_MAX - 1)}😀`, 'fail').error?.message ?? '';
    expect(message.isWellFormed()).toBe(true);
    expect(message).toBe('x'.repeat(ERROR_MESSAGE_MAX - 1));
  });
});

describe('fencing', () => {
  test('each assignment has a greater token, and the older one can do nothing any more', () => {
    const world = worldWith('running');
    world.run(2000, release('t1', TOKEN));
    world.run(2000, assign('t1', 'a1'));
    const newest = world.state.index;
    expect(world.task().fencingToken).toBe(newest);
    for (const command of [complete, fail, release, breakLease]) {
      const [result] = world.run(2000, command('t1', TOKEN)).results;
      expect(refusalsOf(result)).toEqual(['LEASE_FENCED']);
    }
    expect(refusalsOf(world.run(2000, complete('t1', newest)).results[0])).toEqual([]);
  });

  test('a task released in the batch of its assignment gets no second token of that batch', () => {
    const world = worldWith('queued');
    const index = world.state.index + 1;
    const { results } = world.run(
      2000,
      assign('t1', 'a1'),
      release('t1', index),
      assign('t1', 'a1'),
    );
    expect(results.map((result) => refusalsOf(result))).toEqual([[], [], ['TASK_NOT_QUEUED']]);
    expect(refusalsOf(world.run(2000, assign('t1', 'a1')).results[0])).toEqual([]);
  });

  test('a refusal names the newest token and the state', () => {
    const world = worldWith('running');
    const [result] = world.run(2000, complete('t1', TOKEN - 1)).results;
    const refused = result?.type === 'taken' ? result.refused?.get(0) : undefined;
    expect(refused?.details).toEqual({
      taskId: 't1',
      fencingToken: TOKEN - 1,
      newest: TOKEN,
      state: 'running',
    });
  });
});

describe('items of one command', () => {
  test('are judged one by one', () => {
    const world = worldWith('running');
    world.run(2000, submit('t2'));
    const [taskId, other] = [world.task('t1').id, world.task('t2').id];
    const items = [
      { taskId: other, fencingToken: 9, resultBytes: 1 },
      { taskId, fencingToken: TOKEN, resultBytes: 1 },
      { taskId, fencingToken: TOKEN, resultBytes: 1 },
    ];
    const [result] = world.run(2000, { type: 'task.complete', items }).results;
    const refused = result?.type === 'taken' ? [...(result.refused ?? [])] : [];
    expect(refused.map(([position, { code }]) => [position, code])).toEqual([
      [0, 'LEASE_FENCED'],
      [2, 'TASK_NOT_FOUND'],
    ]);
  });

  test('decorrelated waits build on the wait before, not on what the agent asked for', () => {
    const world = new World();
    const spec = { retry: { strategy: 'decorrelated-jitter', delayMs: 100 } } as const;
    world.run(1000, register('a1'), submit('t1', spec));
    world.run(1000, assign('t1', 'a1'));
    world.run(1000, fail('t1', 2, { retryAfterMs: 50_000 }));
    expect(world.task().runAt).toBe(51_000);
    expect(world.task().delayMsLast).toBeLessThanOrEqual(300);
    expect(world.task().delayMsLast).toBeGreaterThanOrEqual(100);
  });
});
