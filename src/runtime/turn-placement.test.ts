import { describe, expect, test } from 'vitest';
import {
  apply,
  createState,
  type Agent,
  type AgentId,
  type Command,
  type CoreState,
} from '../core/index.ts';
import {
  answer,
  ask,
  assign,
  complete,
  details,
  extend,
  register,
  submit,
  submitAll,
} from '../core/testing/commands.ts';
import { Scheduler } from '../scheduling/index.ts';
import { proposePlacement } from './turn-placement.ts';

const AT = 1_000;

interface Place {
  readonly state: CoreState;
  readonly scheduler: Scheduler;
}

function place(slots: number, ...commands: Command[]): Place {
  const [state, scheduler] = [createState(1), new Scheduler({ seed: 1 })];
  for (const [i, command] of [register('a', { slots }), ...commands].entries())
    apply(state, i + 1, { at: AT, commands: [command] });
  scheduler.agentChanged(state.agents.get('a' as AgentId) as Agent);
  scheduler.setCredit('a' as AgentId, Number.POSITIVE_INFINITY);
  return { state, scheduler };
}

function proposed({ scheduler, state }: Place, ...commands: Command[]): readonly string[] {
  const command = proposePlacement(state, scheduler, commands, AT);
  return command === null || command.type !== 'task.assign' ? [] : command.taskIds;
}

describe('placement of a turn', () => {
  test('gives tasks of this turn to free slots, and no more than there are', () => {
    const world = place(2);
    expect(proposed(world, submitAll(['t1', 't2', 't3'].map((id) => ({ id }))))).toEqual([
      't1',
      't2',
    ]);
  });

  test('counts a slot that a report of this turn frees, once', () => {
    const world = place(1, submit('t1'), assign('t1', 'a'), submit('t2'));
    for (const task of world.state.tasks.values()) world.scheduler.taskWaiting(task);
    expect(proposed(world, extend('t1', 3))).toEqual([]);
    expect(proposed(world, complete('t1', 2))).toEqual([]);
    expect(proposed(world, complete('t1', 3))).toEqual(['t2']);
  });

  test('counts a slot that a question frees, and none that a task frees which waits for input', () => {
    const world = place(1, submit('t1'), assign('t1', 'a'), submit('t2'));
    for (const task of world.state.tasks.values()) world.scheduler.taskWaiting(task);
    expect(proposed(world, details('t1', 3))).toEqual([]);
    expect(proposed(world, ask('t1', 3))).toEqual(['t2']);
    const first = [submit('t1'), assign('t1', 'a'), ask('t1', 3)];
    const asked = place(1, ...first, submit('t2'), assign('t2', 'a'), submit('t3'));
    for (const task of asked.state.tasks.values()) asked.scheduler.taskWaiting(task);
    expect(proposed(asked, answer('t1', 3), complete('t1', 3))).toEqual([]);
    expect(proposed(asked, complete('t2', 6))).toEqual(['t3']);
  });

  test('passes over what is delayed, a repeat, of a paused queue, or fit for no agent', () => {
    const key = { idempotencyKey: 'k', bodyHash: 'h' };
    const paused: Command = { type: 'queue.pause', queue: 'held' };
    const made: Command = { type: 'queue.set', queue: 'held', settings: {} };
    const world = place(9, submit('t1', {}, key), made, paused);
    expect(proposed(world, submit('t2', {}, { runAt: AT + 1 }))).toEqual([]);
    expect(proposed(world, submit('t3', {}, { runAt: AT }))).toEqual(['t3']);
    expect(proposed(world, submit('t4', {}, key))).toEqual([]);
    expect(proposed(world, submit('t6', { queue: 'held' }))).toEqual([]);
    expect(proposed(world, submit('t7', { type: 'unheard-of' }))).toEqual([]);
  });

  test('costs nothing where no command asks and nothing waits', () => {
    const world = place(1);
    const { scheduler } = world;
    scheduler.place = () => {
      throw new Error('the scheduler was asked');
    };
    expect(proposed(world)).toEqual([]);
    expect(proposed(world, { type: 'clock.advance' })).toEqual([]);
  });
});
