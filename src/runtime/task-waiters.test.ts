import { describe, expect, test } from 'vitest';
import type { Task, TaskId } from '../core/index.ts';
import { taskWaiters, type FinishedListener } from './task-waiters.ts';

const taskOf = (id: string): Task =>
  ({ id: id as TaskId, state: 'completed', error: null, listeners: null }) as Task;

describe('those who wait', () => {
  test('are told once, with the result', () => {
    const [task, other] = [taskOf('one'), taskOf('other')];
    const told: string[] = [];
    const a: FinishedListener = { finished: ({ id }, result) => told.push(`a ${id} ${result}`) };
    const b: FinishedListener = { finished: ({ id }, result) => told.push(`b ${id} ${result}`) };
    for (const listener of [a, a, b, b]) taskWaiters.add(task, listener);
    taskWaiters.finished(other, '0');
    taskWaiters.finished(task, '1');
    taskWaiters.finished(task, '2');
    expect(told).toEqual(['a one 1', 'b one 1']);
    expect(taskWaiters.has(task)).toBe(false);
  });

  test('may leave before, in any order', () => {
    const task = taskOf('one');
    let told = 0;
    const listeners = [1, 2, 3].map((): FinishedListener => ({ finished: () => (told += 1) }));
    for (const listener of listeners) taskWaiters.add(task, listener);
    taskWaiters.remove(task, { finished: () => undefined });
    for (const listener of listeners.slice(1)) taskWaiters.remove(task, listener);
    taskWaiters.finished(task, null);
    expect(told).toBe(1);
  });

  test('give their place away once they are gone', () => {
    const task = taskOf('one');
    const told: string[] = [];
    const listenerOf = (name: string): FinishedListener & { isGone: boolean } => ({
      finished: () => told.push(name),
      isGone: false,
    });
    const [first, second, third] = [listenerOf('1'), listenerOf('2'), listenerOf('3')];
    taskWaiters.add(task, first);
    first.isGone = true;
    taskWaiters.add(task, second);
    expect(task.listeners).toBe(second);
    taskWaiters.add(task, third);
    third.isGone = true;
    taskWaiters.add(task, first);
    taskWaiters.finished(task, null);
    expect(told).toEqual(['2', '1']);
  });

  test('may wait again while they are told; one that leaves only then is told all the same', () => {
    const task = taskOf('one');
    const told: string[] = [];
    const second: FinishedListener = { finished: () => told.push('second') };
    const first: FinishedListener = {
      finished: () => {
        told.push('first');
        taskWaiters.remove(task, second);
        taskWaiters.add(task, first);
      },
    };
    taskWaiters.add(task, first);
    taskWaiters.add(task, second);
    taskWaiters.finished(task, null);
    taskWaiters.finished(task, null);
    expect(told).toEqual(['first', 'second', 'first']);
  });
});
