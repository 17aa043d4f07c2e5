import { describe, expect, test } from 'vitest';
import { InvariantError } from '../base/invariant.ts';
import { digest } from './digest.ts';
import { checkInvariants } from './invariants.ts';
import { restoreState, type StateRows } from './restore.ts';
import { nextDeadline } from './state.ts';
import { ADVANCE, agentCommand, assign, complete, register, submit } from './testing/commands.ts';
import { busyWorld, rowsOf } from './testing/snapshot.ts';
import { eventText, stateLines } from './testing/trace.ts';
import { World } from './testing/world.ts';

describe('a restored state', () => {
  const { state } = busyWorld();
  const restored = restoreState(rowsOf(state));

  test('reads as the one it was taken of, and holds its invariants', () => {
    expect(stateLines(restored)).toEqual(stateLines(state));
    expect(digest(restored)).toBe(digest(state));
    checkInvariants(restored);
  });

  test('has its timers armed', () => {
    expect(restored.timers.size).toBe(state.timers.size);
    expect(nextDeadline(restored)).toBe(nextDeadline(state));
  });

  test('draws the same chance from then on', () => {
    expect(restored.rng.state).toEqual(state.rng.state);
  });

  test('has nothing to write, and remembers which keys were written', () => {
    for (const changes of [restored.taskChanges, restored.agentChanges, restored.queueChanges]) {
      expect(changes.size).toBe(0);
    }
    expect(restored.profileChanges.size).toBe(0);
    expect(restored.idempotencySeqStored).toBe(state.idempotencySeq);
  });
});

test('a restored state goes on exactly like the one it was taken of', () => {
  const world = busyWorld();
  const twin = new World(restoreState(rowsOf(world.state)));
  const commands = [complete('running', 4), agentCommand('agent.remove', 'a1'), ADVANCE];
  const [events, twinEvents] = [world, twin].map((one) => one.run(60_000, ...commands).events);
  expect(twinEvents?.map(eventText)).toEqual(events?.map(eventText));
  expect(digest(twin.state)).toBe(digest(world.state));
});

test('leases lost after a restore are met in the order of submission, whatever the order of rows', () => {
  const world = new World();
  const ids = ['t1', 't2', 't3'];
  world.run(1000, register('a1', { slots: 3 }), ...ids.map((id) => submit(id)));
  world.run(1000, ...ids.map((id) => assign(id, 'a1')));
  const rows = rowsOf(world.state);
  const turned: StateRows = { ...rows, tasks: [...rows.tasks].toReversed() };
  const [one, other] = [rows, turned].map((some) => {
    const restored = new World(restoreState(some));
    return restored.run(2_000, agentCommand('agent.lost', 'a1')).events.map(eventText);
  });
  expect(one).toContain('task.queued t1 (agent_lost)');
  expect(other).toEqual(one);
});

describe('a snapshot that lacks a row', () => {
  const rows = rowsOf(busyWorld().state);

  test.each([
    ['a queue', { ...rows, queues: [] }, /the queue of profile \d+ is in the snapshot/],
    ['a profile', { ...rows, profiles: [] }, /the profile \d+ of task \w+ is in the snapshot/],
    ['an agent', { ...rows, agents: [] }, /the agent of task running is in the snapshot/],
  ])('is refused: %s', (_, partial, message) => {
    expect(() => restoreState(partial)).toThrow(InvariantError);
    expect(() => restoreState(partial)).toThrow(message);
  });
});
