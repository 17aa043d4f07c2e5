import { describe, expect, test } from 'vitest';
import { InvariantError } from '../base/invariant.ts';
import { apply } from './apply.ts';
import { digest } from './digest.ts';
import { TIMERS_FIRED_MAX } from './advance.ts';
import { CORE_SETTINGS_DEFAULT, createState, nextDeadline } from './state.ts';
import { ADVANCE, submit, submitAll } from './testing/commands.ts';
import { World } from './testing/world.ts';

describe('the next deadline', () => {
  test('is absent while nothing waits for a moment', () => {
    const world = new World();
    world.run(1000, submit('t1'));
    expect(nextDeadline(world.state)).toBeNull();
  });

  test('is the earliest bound of any task', () => {
    const world = new World();
    world.run(1000, submit('t1', {}, { deadlineAt: 9_000 }), submit('t2', {}, { runAt: 4_000 }));
    expect(nextDeadline(world.state)).toBe(4_000);
  });

  test('is the expiry of the oldest idempotency key where that comes first', () => {
    const world = new World();
    const day = CORE_SETTINGS_DEFAULT.idempotencyWindowMs;
    world.run(1000, submit('t1', {}, { idempotencyKey: 'k', bodyHash: 'h' }));
    expect(nextDeadline(world.state)).toBe(1000 + day);
    world.run(1500, submit('t2', {}, { deadlineAt: 2000 + day }));
    expect(nextDeadline(world.state)).toBe(1000 + day);
    world.run(1500, submit('t3', {}, { deadlineAt: 2000 }));
    expect(nextDeadline(world.state)).toBe(2000);
  });
});

describe('time', () => {
  test('stays where it was when a leader with a slower clock takes over', () => {
    const world = new World();
    world.run(5_000, submit('t1'));
    world.run(1_000, submit('t2'));
    expect(world.state.nowMs).toBe(5_000);
    expect(world.task('t2').createdAt).toBe(5_000);
  });

  test('fires at most a bounded number of timers at once, and the rest at the next turn', () => {
    const world = new World();
    const ids = Array.from({ length: TIMERS_FIRED_MAX + 1 }, (_, i) => ({
      id: `t${i}`,
      runAt: 2_000,
    }));
    world.run(1_000, submitAll(ids));
    world.run(2_000, ADVANCE);
    expect(world.queue()).toMatchObject({ scheduled: 1, queued: TIMERS_FIRED_MAX });
    expect(nextDeadline(world.state)).toBe(2_000);
    world.run(2_000, ADVANCE);
    expect(world.queue()).toMatchObject({ scheduled: 0, queued: TIMERS_FIRED_MAX + 1 });
  });
});

test.each([[0], [2], [-1], [1.5]])('entry %s is refused where entry 1 is next', (index) => {
  const state = createState(1);
  expect(() => apply(state, index, { at: 1, commands: [] })).toThrow(InvariantError);
});

test('states of different seeds differ', () => {
  expect(digest(createState(1))).not.toBe(digest(createState(2)));
  expect(digest(createState(1))).toBe(digest(createState(1)));
});
