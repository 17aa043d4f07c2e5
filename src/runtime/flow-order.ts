/** An order of tasks in which each stands after those that it depends on. */
import { OrchestratorError } from '../base/errors.ts';
import { findCycle, type NewTask, type TaskId } from '../core/index.ts';
import type { Slices } from './slices.ts';

/** Edges looked at between two looks at the clock. */
const EDGES_AT_ONCE = 64;

/**
 * Positions in that order; the given order where it is one already. O(tasks + edges), in slices.
 *
 * @throws OrchestratorError `FLOW_CYCLE`
 */
export async function flowOrder(
  tasks: readonly NewTask[],
  own: ReadonlyMap<TaskId, number>,
  slices: Slices,
): Promise<readonly number[]> {
  const given = tasks.map((_, position) => position);
  if (await isOrdered(tasks, own, slices)) return given;
  const left = new Int32Array(tasks.length);
  const children: number[][] = [];
  let edges = 0;
  for (const [position, { dependsOn = [] }] of tasks.entries()) {
    for (const { taskId } of dependsOn) {
      if (++edges % EDGES_AT_ONCE === 0 && slices.isOver) await slices.next();
      const parent = own.get(taskId);
      if (parent === undefined) continue;
      left[position] = (left[position] as number) + 1;
      (children[parent] ??= []).push(position);
    }
  }
  const order = given.filter((position) => left[position] === 0);
  for (let at = 0; at < order.length; at++) {
    for (const child of children[order[at] as number] ?? []) {
      if (++edges % EDGES_AT_ONCE === 0 && slices.isOver) await slices.next();
      left[child] = (left[child] as number) - 1;
      if (left[child] === 0) order.push(child);
    }
  }
  if (order.length < tasks.length) throw cycleError(tasks, own);
  return order;
}

async function isOrdered(
  tasks: readonly NewTask[],
  own: ReadonlyMap<TaskId, number>,
  slices: Slices,
): Promise<boolean> {
  let edges = 0;
  for (const [position, { dependsOn = [] }] of tasks.entries()) {
    for (const { taskId } of dependsOn) {
      if ((own.get(taskId) ?? -1) >= position) return false;
      if (++edges % EDGES_AT_ONCE === 0 && slices.isOver) await slices.next();
    }
  }
  return true;
}

function cycleError(
  tasks: readonly NewTask[],
  own: ReadonlyMap<TaskId, number>,
): OrchestratorError {
  const edges = new Map(tasks.map(({ dependsOn = [] }, position) => [position, dependsOn]));
  const { code = 'FLOW_CYCLE', details, message = '' } = findCycle(tasks, own, edges) ?? {};
  return new OrchestratorError(code, message, details);
}
