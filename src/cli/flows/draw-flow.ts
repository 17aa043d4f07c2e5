/** Draws the tasks of a flow as a tree of lines. */
import type { TaskView } from '../../contract/index.ts';

const MARKS: Readonly<Record<string, string>> = {
  completed: '✓',
  failed: '✗',
  canceled: '–',
  running: '▶',
  input_required: '?',
  queued: '○',
  scheduled: '◷',
  blocked: '·',
};

interface Drawn {
  readonly task: TaskView;
  readonly indent: string;
  readonly branch: string;
}

/**
 * One line a task: below the parent that it was drawn under, which is its deepest one. Further parents
 * stand behind it. O(tasks + edges).
 */
export function drawFlow(tasks: readonly TaskView[]): string[] {
  const ordered = tasks.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const byId = new Map(ordered.map((task) => [task.id, task]));
  const depths = depthsOf(ordered, byId);
  const children = new Map<string, TaskView[]>();
  const roots: TaskView[] = [];
  for (const task of ordered) {
    const above = deepestParent(task, depths);
    if (above === null) roots.push(task);
    else children.set(above, [...(children.get(above) ?? []), task]);
  }
  const lines: string[] = [];
  const todo: Drawn[] = roots.toReversed().map((task) => ({ task, indent: '', branch: '' }));
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { branch, indent, task } = next;
    lines.push(`${indent}${branch}${lineOf(task, byId, deepestParent(task, depths))}`);
    const below = children.get(task.id) ?? [];
    const inner = branch === '' ? indent : `${indent}${branch === '└─ ' ? '   ' : '│  '}`;
    for (const [at, child] of below.toReversed().entries()) {
      todo.push({ task: child, indent: inner, branch: at === 0 ? '└─ ' : '├─ ' });
    }
  }
  return lines;
}

function lineOf(task: TaskView, byId: ReadonlyMap<string, TaskView>, above: string | null): string {
  const others = (task.dependsOn ?? []).filter(({ taskId }) => taskId !== above);
  const names = others.map(({ taskId }) => byId.get(taskId)?.ref ?? taskId);
  const also =
    names.length === 0
      ? ''
      : `  (also after ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''})`;
  const why = task.error === undefined ? '' : `  ${task.error.code}`;
  return `${MARKS[task.state] ?? ' '} ${task.ref ?? task.id}  ${task.type}  ${task.state}${why}${also}`;
}

function deepestParent(task: TaskView, depths: ReadonlyMap<string, number>): string | null {
  let deepest: string | null = null;
  for (const { taskId } of task.dependsOn ?? []) {
    const depth = depths.get(taskId);
    if (depth === undefined) continue;
    if (deepest === null || depth > (depths.get(deepest) ?? 0)) deepest = taskId;
  }
  return deepest;
}

/** Longest way down to each task. */
function depthsOf(
  tasks: readonly TaskView[],
  byId: ReadonlyMap<string, TaskView>,
): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const left = new Map<string, number>();
  const children = new Map<string, string[]>();
  for (const task of tasks) {
    const parents = (task.dependsOn ?? []).filter(({ taskId }) => byId.has(taskId));
    left.set(task.id, parents.length);
    for (const { taskId } of parents) {
      const siblings = children.get(taskId);
      if (siblings === undefined) children.set(taskId, [task.id]);
      else siblings.push(task.id);
    }
  }
  const order = tasks.map(({ id }) => id).filter((id) => left.get(id) === 0);
  for (const id of order) depths.set(id, 0);
  for (let at = 0; at < order.length; at++) {
    const id = order[at] as string;
    for (const child of children.get(id) ?? []) {
      depths.set(child, Math.max(depths.get(child) ?? 0, (depths.get(id) ?? 0) + 1));
      const rest = (left.get(child) ?? 0) - 1;
      left.set(child, rest);
      if (rest === 0) order.push(child);
    }
  }
  return depths;
}
