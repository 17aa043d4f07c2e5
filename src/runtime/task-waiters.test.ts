import { describe, expect, test } from 'vitest';
import type { Task, TaskId } from '../core/index.ts';
import { TaskWaiters, type FinishedListener } from './task-waiters.ts';

const ID = 'one' as TaskId;
const TASK = { id: ID, state: 'completed', error: null } as Task;

describe('those who wait', () => {
  test('are told once, with the result', () => {
    const waiters = new TaskWaiters();
    const told: string[] = [];
    const a: FinishedListener = (task, result) => told.push(`a ${task.id} ${result}`);
    const b: FinishedListener = (task, result) => told.push(`b ${task.id} ${result}`);
    for (const listener of [a, a, b, b]) waiters.add(ID, listener);
    waiters.finished({ ...TASK, id: 'other' as TaskId }, '0');
    waiters.finished(TASK, '1');
    waiters.finished(TASK, '2');
    expect(told).toEqual(['a one 1', 'b one 1']);
    expect(waiters.size).toBe(0);
  });

  test('may leave before, in any order, and leave nothing behind', () => {
    const waiters = new TaskWaiters();
    let told = 0;
    const listeners = [1, 2, 3].map((): FinishedListener => () => (told += 1));
    for (const listener of listeners) waiters.add(ID, listener);
    waiters.remove(ID, () => undefined);
    waiters.remove('other' as TaskId, listeners[0] as FinishedListener);
    for (const listener of listeners.slice(1)) waiters.remove(ID, listener);
    waiters.finished(TASK, null);
    expect(told).toBe(1);
    for (const listener of listeners) waiters.add(ID, listener);
    for (const listener of listeners) waiters.remove(ID, listener);
    expect(waiters.size).toBe(0);
  });

  test('may wait again while they are told; one that leaves only then is told all the same', () => {
    const waiters = new TaskWaiters();
    const told: string[] = [];
    const second: FinishedListener = () => told.push('second');
    const first: FinishedListener = () => {
      told.push('first');
      waiters.remove(ID, second);
      waiters.add(ID, first);
    };
    waiters.add(ID, first);
    waiters.add(ID, second);
    waiters.finished(TASK, null);
    waiters.finished(TASK, null);
    expect(told).toEqual(['first', 'second', 'first']);
  });
});
