/** An order of tasks in which each stands after those that it depends on. */
import { OrchestratorError } from '../base/errors.ts';
import { findCycle, type NewTask, type TaskId } from '../core/index.ts';

/**
 * Positions in that order; the given order where it is one already. O(tasks + edges), some ten
 * milliseconds for 100,000 of each.
 *
 * @throws OrchestratorError `FLOW_CYCLE`
 */
export function flowOrder(
  tasks: readonly NewTask[],
  own: ReadonlyMap<TaskId, number>,
): readonly number[] {
  const given = tasks.map((_, position) => position);
  if (isOrdered(tasks, own)) return given;
  const left = new Int32Array(tasks.length);
  const children: number[][] = [];
  for (const [position, { dependsOn = [] }] of tasks.entries()) {
    for (const { taskId } of dependsOn) {
      const parent = own.get(taskId);
      if (parent === undefined) continue;
      left[position] = (left[position] as number) + 1;
      (children[parent] ??= []).push(position);
    }
  }
  const order = given.filter((position) => left[position] === 0);
  for (let at = 0; at < order.length; at++) {
    for (const child of children[order[at] as number] ?? []) {
      left[child] = (left[child] as number) - 1;
      if (left[child] === 0) order.push(child);
    }
  }
  if (order.length < tasks.length) throw cycleError(tasks, own);
  return order;
}

function isOrdered(tasks: readonly NewTask[], own: ReadonlyMap<TaskId, number>): boolean {
  return tasks.every(({ dependsOn }, position) =>
    (dependsOn ?? []).every(({ taskId }) => (own.get(taskId) ?? -1) < position),
  );
}

function cycleError(
  tasks: readonly NewTask[],
  own: ReadonlyMap<TaskId, number>,
): OrchestratorError {
  const edges = new Map(tasks.map(({ dependsOn = [] }, position) => [position, dependsOn]));
  const { code = 'FLOW_CYCLE', details, message = '' } = findCycle(tasks, own, edges) ?? {};
  return new OrchestratorError(code, message, details);
}
