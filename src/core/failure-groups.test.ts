import { describe, expect, test } from 'vitest';
import { FAILURE_GROUPS_MAX, groupKey, normalizeMessage, OTHER_GROUP } from './failure-group.ts';
import { checkInvariants } from './invariants.ts';
import type { AgentId, TaskId } from './ids.ts';
import { assign, fail, purge, register, retry, submit, submitAll } from './testing/commands.ts';
import { World } from './testing/world.ts';

const A1 = 'a1' as AgentId;

/** A world in which each task fails for good with its message. */
function failed(messages: readonly string[]): World {
  const world = new World();
  const ids = messages.map((_, at) => `t${at}`);
  world.run(1_000, register('a1', { slots: 100_000 }));
  world.run(1_000, submitAll(ids.map((id) => ({ id }))));
  world.run(1_000, { type: 'task.assign', taskIds: ids as TaskId[], agentIds: ids.map(() => A1) });
  const items = ids.map((id, at) => ({
    taskId: id as TaskId,
    fencingToken: world.task(id).fencingToken,
    error: { code: 'BROKEN', message: messages[at] as string },
    retryable: false,
  }));
  world.run(1_001, { type: 'task.fail', items });
  checkInvariants(world.state);
  return world;
}

describe('dead letters that failed alike', () => {
  test('are one group, whatever ids and numbers their messages hold', () => {
    const world = failed([
      'no route to 10.0.0.7 after 3 tries',
      'no route to 10.0.0.9 after 12 tries',
    ]);
    const [group, ...others] = world.state.records.failureGroups.values();
    expect(others).toEqual([]);
    expect(group).toMatchObject({
      count: 2,
      live: 2,
      state: 'open',
      firstAt: 1_001,
      lastAt: 1_001,
    });
  });

  test('of another text are another group', () => {
    expect(failed(['no route', 'no disk']).state.records.failureGroups.size).toBe(2);
  });

  test('leave the group when they are retried or purged, and the group stays', () => {
    const world = failed(['x', 'x']);
    world.run(2_000, retry('t0'));
    world.run(2_000, purge('t1'));
    checkInvariants(world.state);
    expect([...world.state.records.failureGroups.values()]).toMatchObject([{ count: 2, live: 0 }]);
  });

  test('open a group again that was resolved', () => {
    const world = failed(['x']);
    for (const group of world.state.records.failureGroups.values()) group.state = 'resolved';
    world.run(3_000, submit('again'));
    world.run(3_000, assign('again', 'a1'));
    const token = world.task('again').fencingToken;
    world.run(3_000, fail('again', token, { retryable: false, code: 'BROKEN', message: 'x' }));
    expect([...world.state.records.failureGroups.values()]).toMatchObject([{ state: 'open' }]);
  });

  test('past the bound share one group', () => {
    const many = Array.from({ length: FAILURE_GROUPS_MAX + 5 }, (_, n) => `case ${letters(n)}`);
    const groups = failed(many).state.records.failureGroups;
    expect(groups.size).toBe(FAILURE_GROUPS_MAX + 1);
    expect(groups.get(OTHER_GROUP)).toMatchObject({ live: 5, type: '' });
  });
});

/** A number written with letters that no hexadecimal number has. */
function letters(number: number): string {
  return String(number).replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] as string);
}

test.each([
  ['user 42 of "acme"', "user 7 of 'globex'"],
  [
    'task 0190a3f2-7c1e-7000-8000-0000000000aa is late',
    'task 0190a3f2-7c1e-7abc-8fff-000000000001 is late',
  ],
  ['at 0x7ffe12:  bad', 'at 0x1:\n bad'],
])('%j and %j are the same message', (a, b) => {
  expect(normalizeMessage(a)).toBe(normalizeMessage(b));
});

test('a message of junk is normalised in no time', () => {
  const startedAt = performance.now();
  for (const junk of ['a0'.repeat(1e6), '"'.repeat(1e6), '0x'.repeat(1e6)]) normalizeMessage(junk);
  expect(performance.now() - startedAt).toBeLessThan(100);
});

test('keys tell type, code and message apart', () => {
  expect(
    new Set([groupKey('a', 'b', 'c'), groupKey('ab', '', 'c'), groupKey('a', 'bc', '')]).size,
  ).toBe(3);
});
