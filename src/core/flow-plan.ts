/** Judges the dependencies of a submit before anything of it is taken. */
import type { Command, NewTask } from './command.ts';
import { DEPENDENCIES_MAX, type Dependency, type ParentEnd } from './flow.ts';
import type { TaskId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';

type Submit = Extract<Command, { type: 'task.submit' }>;

/** The dependencies of a submit that holds together. */
export interface FlowPlan {
  /** By position; tasks that depend on nothing are missing. */
  readonly edges: ReadonlyMap<number, readonly Dependency[]>;
  /** How parents ended that core holds no more. */
  readonly ends: ReadonlyMap<TaskId, ParentEnd>;
}

/** Names shown of a cycle, at most. */
const CYCLE_NAMES_MAX = 20;

/**
 * Finds the parents of every task of a submit: among its own tasks, live ones, or ended ones that the
 * command tells of. O(tasks + edges), without recursion.
 *
 * @param known - positions that repeat earlier tasks
 */
export function planFlow(
  state: CoreState,
  command: Submit,
  known: ReadonlyMap<number, TaskId>,
): FlowPlan | Rejection {
  const own = new Map(command.tasks.map((task, position) => [task.id, position]));
  const ends = new Map((command.ends ?? []).map((end) => [end.taskId, end]));
  const edges = new Map<number, readonly Dependency[]>();
  for (const [position, task] of command.tasks.entries()) {
    if (known.has(position) || !dependsOnSome(task)) continue;
    const resolved = task.dependsOn.map((edge) => {
      const earlier = known.get(own.get(edge.taskId) ?? -1);
      return earlier === undefined ? edge : { ...edge, taskId: earlier };
    });
    const fault =
      findTwice(task, position, resolved) ??
      findUnknown(resolved, position, (id) => own.has(id) || state.tasks.has(id) || ends.has(id));
    if (fault !== null) return fault;
    edges.set(position, resolved);
  }
  return findCycle(command.tasks, own, edges) ?? { edges, ends };
}

export function dependsOnSome(
  task: NewTask,
): task is NewTask & Required<Pick<NewTask, 'dependsOn'>> {
  return task.dependsOn !== undefined && task.dependsOn.length > 0;
}

/** A task that depends on another twice, or on too many. */
export function findTwice(
  task: NewTask,
  position: number,
  edges: readonly Dependency[],
): Rejection | null {
  if (edges.length > DEPENDENCIES_MAX) {
    return reject(
      'FLOW_TOO_WIDE',
      `a task can depend on at most ${DEPENDENCIES_MAX} others, got ${edges.length}`,
      { position, dependenciesMax: DEPENDENCIES_MAX },
    );
  }
  if (edges.length === 1) return null;
  const seen = new Set<TaskId>();
  for (const { taskId } of edges) {
    if (seen.has(taskId)) {
      return reject(
        'FLOW_DUPLICATE',
        `${task.ref ?? task.id} must depend on each task once, got ${taskId} twice`,
        { position, taskId },
      );
    }
    seen.add(taskId);
  }
  return null;
}

function findUnknown(
  edges: readonly Dependency[],
  position: number,
  isKnown: (id: TaskId) => boolean,
): Rejection | null {
  const unknown = edges.find(({ taskId }) => !isKnown(taskId));
  if (unknown === undefined) return null;
  const { taskId } = unknown;
  return reject(
    'FLOW_TASK_NOT_FOUND',
    `a task must depend on tasks of its submit or on known ones, got ${taskId}`,
    { position, taskId },
  );
}

/**
 * The refusal of a circle of dependencies, or null: takes away tasks whose parents are all taken away;
 * what stays has one in it.
 *
 * @param own - positions of the tasks by their ids
 * @param edges - dependencies by position
 */
export function findCycle(
  tasks: readonly NewTask[],
  own: ReadonlyMap<TaskId, number>,
  edges: ReadonlyMap<number, readonly Dependency[]>,
): Rejection | null {
  const left = new Int32Array(tasks.length);
  const children = new Map<number, number[]>();
  for (const [position, dependencies] of edges) {
    for (const { taskId } of dependencies) {
      const parent = own.get(taskId);
      if (parent === undefined) continue;
      left[position] = (left[position] as number) + 1;
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [position]);
      else siblings.push(position);
    }
  }
  const free: number[] = [];
  for (let position = 0; position < tasks.length; position++) {
    if (left[position] === 0) free.push(position);
  }
  let at = 0;
  for (; at < free.length; at++) {
    for (const child of children.get(free[at] as number) ?? []) {
      left[child] = (left[child] as number) - 1;
      if (left[child] === 0) free.push(child);
    }
  }
  if (at === tasks.length) return null;
  return cycleOf(tasks, { own, edges, isLeft: (position) => left[position] !== 0 });
}

interface Leftover {
  readonly own: ReadonlyMap<TaskId, number>;
  readonly edges: ReadonlyMap<number, readonly Dependency[]>;
  readonly isLeft: (position: number) => boolean;
}

/** Every task that stayed has a parent that stayed: going from one to the next must come round. */
function cycleOf(tasks: readonly NewTask[], { edges, isLeft, own }: Leftover): Rejection {
  const path: number[] = [];
  const placeOf = new Map<number, number>();
  let position = tasks.findIndex((_, index) => isLeft(index));
  while (!placeOf.has(position)) {
    placeOf.set(position, path.length);
    path.push(position);
    const parents = (edges.get(position) ?? []).map(({ taskId }) => own.get(taskId) ?? -1);
    position = parents.find((parent) => parent >= 0 && isLeft(parent)) as number;
  }
  // The walk went from children to parents: read backwards it is the order of work.
  const cycle = path.slice(placeOf.get(position)).toReversed();
  const names = cycle.map((index) => tasks[index]?.ref ?? tasks[index]?.id ?? '');
  const shown = names.length > CYCLE_NAMES_MAX ? [...names.slice(0, CYCLE_NAMES_MAX), '…'] : names;
  const text = [...shown, names[0]].join(' → ');
  return reject('FLOW_CYCLE', `tasks must not wait for each other in a circle, got ${text}`, {
    cycle: text,
  });
}
