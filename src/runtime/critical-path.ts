/** Which chain of a flow's tasks ran longest so far. */
import type { FlowView } from '../contract/index.ts';

export interface PathTask {
  readonly id: string;
  readonly ref: string | null;
  readonly state: string;
  /** Ids; those of other flows count for nothing. */
  readonly parents: readonly string[];
  readonly durationMs: number;
}

interface Place {
  /** The whole chain down to this task. */
  readonly durationMs: number;
  readonly before: PathTask | null;
}

/** The chain with the greatest sum of durations; null without tasks. O(tasks + edges). */
export function criticalPath(tasks: readonly PathTask[]): FlowView['criticalPath'] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const places = new Map<string, Place>();
  let last: PathTask | null = null;
  for (const task of inOrder(tasks, byId)) {
    let before: PathTask | null = null;
    let longest = 0;
    for (const id of task.parents) {
      const parent = byId.get(id);
      const durationMs = places.get(id)?.durationMs ?? -1;
      if (parent === undefined || (before !== null && durationMs <= longest)) continue;
      before = parent;
      longest = durationMs;
    }
    places.set(task.id, { before, durationMs: longest + task.durationMs });
    if (last === null || longest + task.durationMs > (places.get(last.id)?.durationMs ?? 0)) {
      last = task;
    }
  }
  if (last === null) return null;
  const path: PathTask[] = [];
  for (let at: PathTask | null = last; at !== null; at = places.get(at.id)?.before ?? null) {
    path.push(at);
  }
  return {
    durationMs: places.get(last.id)?.durationMs ?? 0,
    tasks: path.toReversed().map(({ durationMs, id, ref, state }) => ({
      id,
      ...(ref === null ? {} : { ref }),
      state,
      durationMs,
    })),
  };
}

/** Parents first. */
function inOrder(
  tasks: readonly PathTask[],
  byId: ReadonlyMap<string, PathTask>,
): readonly PathTask[] {
  const left = new Map<string, number>();
  const children = new Map<string, PathTask[]>();
  for (const task of tasks) {
    const own = task.parents.filter((id) => byId.has(id));
    left.set(task.id, own.length);
    for (const id of own) {
      const siblings = children.get(id);
      if (siblings === undefined) children.set(id, [task]);
      else siblings.push(task);
    }
  }
  const order = tasks.filter(({ id }) => left.get(id) === 0);
  for (let at = 0; at < order.length; at++) {
    for (const child of children.get((order[at] as PathTask).id) ?? []) {
      const rest = (left.get(child.id) ?? 0) - 1;
      left.set(child.id, rest);
      if (rest === 0) order.push(child);
    }
  }
  return order;
}
