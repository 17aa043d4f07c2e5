import { expect, test } from 'vitest';
import { criticalPath, type PathTask } from './critical-path.ts';

const task = (id: string, durationMs: number, ...parents: readonly string[]): PathTask => ({
  id,
  ref: null,
  state: 'completed',
  parents,
  durationMs,
});

test('the longest chain is that of the greatest sum, not of the most tasks', () => {
  const tasks = [
    task('d', 1, 'b', 'c'),
    task('a', 1),
    task('b', 1, 'a'),
    task('c', 9),
    task('e', 1, 'elsewhere'),
  ];
  expect(criticalPath(tasks)).toMatchObject({ durationMs: 10, tasks: [{ id: 'c' }, { id: 'd' }] });
  expect(criticalPath([])).toBeNull();
});
