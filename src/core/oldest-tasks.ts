import type { Task } from './task.ts';

/**
 * The first `max` tasks by order of submission, in that order. O(tasks), and what sorting so many numbers takes.
 *
 * Every replica must meet tasks in the same order, whatever order it restored them in.
 */
export function oldestTasks(tasks: readonly Task[], max: number): readonly Task[] {
  if (max <= 0) return [];
  let some = tasks;
  if (tasks.length > max) {
    const last = Float64Array.from(tasks, ({ seq }) => seq).sort()[max - 1] as number;
    some = tasks.filter(({ seq }) => seq <= last);
  }
  return some.toSorted((a, b) => a.seq - b.seq);
}
