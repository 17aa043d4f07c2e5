import { expect, test } from 'vitest';
import { createState, type Task, type TaskId } from '../core/index.ts';
import { makeProfile, makeQueue, makeTask } from '../scheduling/testing/fixtures.ts';
import type { FinishedView, Store } from '../store/index.ts';
import { ParentResults } from './parent-results.ts';

/** A history that counts how often it is read. */
class History {
  readonly records = new Map<string, Partial<FinishedView>>();
  reads = 0;
  readonly results = new ParentResults(createState(1), this as unknown as Store);

  finished(id: TaskId): FinishedView | null {
    this.reads += 1;
    return (this.records.get(id) as FinishedView | undefined) ?? null;
  }

  /** What a child of those parents is told. */
  told(...parents: readonly string[]): unknown {
    const dependsOn = parents.map((taskId) => ({ taskId, on: 'completed' }));
    const task = makeTask(1, makeProfile({ queue: makeQueue('default', 'born') }));
    task.extra = { flow: { dependsOn } } as unknown as Task['extra'];
    return JSON.parse(this.results.textOf(task) ?? '');
  }
}

test('children that start together read a completed parent once', () => {
  const history = new History();
  history.records.set('a', { state: 'completed', result: '7', extra: null });
  for (let n = 0; n < 100; n++) {
    expect(history.told('a')).toEqual({ a: { state: 'completed', result: 7 } });
  }
  expect(history.reads).toBe(1);
});

test('a parent that may still be another tomorrow is read each time', () => {
  const history = new History();
  history.records.set('a', { state: 'canceled', error: null, extra: null });
  expect(history.told('a')).toMatchObject({ a: { state: 'canceled' } });
  history.records.delete('a');
  expect(history.told('a')).toEqual({ a: { state: 'forgotten' } });
});

test('few parents are remembered, and no long results', () => {
  const history = new History();
  const long = JSON.stringify('x'.repeat(20_000));
  history.records.set('long', { state: 'completed', result: long, extra: null });
  for (let n = 0; n < 2; n++) history.told('long');
  expect(history.reads).toBe(2);
  for (let n = 0; n < 33; n++) {
    history.records.set(`p${n}`, { state: 'completed', result: '1', extra: null });
    history.told(`p${n}`);
  }
  history.told('p32', 'p1');
  expect(history.reads).toBe(35);
  history.told('p0');
  expect(history.reads).toBe(36);
});
