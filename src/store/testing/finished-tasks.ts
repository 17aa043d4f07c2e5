import { createState, apply, type Task, type TaskId, type TaskState } from '../../core/index.ts';
import { submit, type SpecOptions, type TaskFields } from '../../core/testing/commands.ts';
import type { FinishedTask } from '../finished-record.ts';

/** A task that core took, for tests that are about what comes after. */
export function taskOf(id: TaskId, spec: SpecOptions = {}, fields: TaskFields = {}): Task {
  const state = createState(1);
  apply(state, 1, { at: 1_000, commands: [submit(id, spec, fields)] });
  const task = state.tasks.get(id);
  if (task === undefined) throw new Error('core takes the task');
  return task;
}

/** The same as it leaves core in `state`, at `finishedAt`. */
export function finishedOf(task: Task, state: TaskState, finishedAt = 2_000): FinishedTask {
  task.state = state;
  task.stateAt = finishedAt;
  return { task, result: null, startedAt: 1_500, finishedAt };
}
