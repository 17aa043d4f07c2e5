/** Judges where the tasks of a submit come from: who may have children, how many, how deep, and of what kind. */
import { copyOf } from './copies.ts';
import { countExceeded, findSpent } from './budgets.ts';
import type { Command, NewTask } from './command.ts';
import type { TaskId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import type { TaskSpec } from './spec.ts';
import type { StagedChildren } from './staged-children.ts';
import type { CoreState } from './state.ts';
import { isLeased, type Task } from './task.ts';
import { killKey, type Ancestor, type FamilyFacts, type Tree } from './tree.ts';
import { chainOf, familyOf, findKilled, requireTree } from './trees.ts';

type Submit = Extract<Command, { type: 'task.submit' }>;

/** Counts of one submit, which is taken whole or not at all. */
interface Counts {
  readonly perTree: Map<Tree, number>;
  readonly perParent: Map<Task, number>;
}

/** Finds what forbids a submit because of where its tasks come from; null where nothing does. */
export function findFamilyFault(
  state: CoreState,
  command: Submit,
  known: ReadonlyMap<number, TaskId>,
): Rejection | null {
  const tasks = command.tasks.length - known.size;
  const whole = findFlowFault(state, { ...command, tasks });
  if (whole !== null) return whole;
  const counts: Counts = { perTree: new Map(), perParent: new Map() };
  for (const [position, item] of command.tasks.entries()) {
    if (item.parentId === undefined || known.has(position)) continue;
    const type = command.specs[item.spec]?.type ?? '';
    const fault = findChildFault(state, { item, type, counts });
    if (fault !== null) return { ...fault, details: { ...fault.details, position } };
  }
  return null;
}

/** What forbids a submit of so many tasks whatever they are: a killed namespace, or its flow. */
export function findFlowFault(
  state: CoreState,
  { flow, specs, tasks }: Pick<Submit, 'flow' | 'specs'> & { readonly tasks: number },
): Rejection | null {
  const killed = findKilledNamespace(state, specs);
  if (killed !== null) return killed;
  const subtasks = flow?.budget?.subtasks ?? Infinity;
  if (flow !== undefined && state.records.trees.get(flow.id) !== undefined) {
    return reject('TASK_EXISTS', `a flow's id must be new, got ${flow.id} again`, {
      flowId: flow.id,
    });
  }
  if (tasks <= subtasks) return null;
  return reject('BUDGET_EXCEEDED', `the budget of the flow is ${subtasks} subtasks, got ${tasks}`, {
    bound: 'subtasks',
    limit: subtasks,
    used: 0,
    reserved: 0,
    asked: tasks,
  });
}

function findKilledNamespace(state: CoreState, specs: readonly TaskSpec[]): Rejection | null {
  if (state.records.kills.size === 0) return null;
  for (const { namespace } of specs) {
    const kill = state.records.kills.get(killKey('namespace', namespace));
    if (kill === undefined) continue;
    return reject(
      'NAMESPACE_KILLED',
      `namespace ${namespace} takes no tasks until it is restored: ${kill.reason}`,
      { namespace, reason: kill.reason, by: kill.by },
    );
  }
  return null;
}

interface Child {
  readonly item: NewTask;
  readonly type: string;
  readonly counts: Counts;
}

function findChildFault(state: CoreState, { counts, item, type }: Child): Rejection | null {
  const parent = findParent(state, item);
  if ('code' in parent) return parent;
  const family = familyOf(parent);
  const tree = family === null ? null : requireTree(state, family.tree);
  const isLooped = item.allowsLoop === true ? null : findLoop(parent, item, type);
  return isLooped ?? findTreeFault(tree) ?? findCountFault(state, { parent, family, tree }, counts);
}

/** What forbids a child of a large submit by itself: who may have it, and what it is. */
export function findStagedChildFault(
  state: CoreState,
  item: NewTask,
  type: string,
): Rejection | null {
  const parent = findParent(state, item);
  if ('code' in parent) return parent;
  return item.allowsLoop === true ? null : findLoop(parent, item, type);
}

/** What forbids so many children of a large submit. */
export function findStagedChildrenFault(
  state: CoreState,
  groups: readonly StagedChildren[],
): Rejection | null {
  const counts: Counts = { perTree: new Map(), perParent: new Map() };
  for (const { count, parent } of groups) {
    const family = familyOf(parent);
    const tree = family === null ? null : requireTree(state, family.tree);
    const fault =
      findTreeFault(tree) ?? findCountFault(state, { parent, family, tree }, counts, count);
    if (fault !== null) return fault;
  }
  return null;
}

/** The running task that submits another. */
export function findParent(
  state: CoreState,
  { parentId, parentToken }: Pick<NewTask, 'parentId' | 'parentToken'>,
): Task | Rejection {
  const parent = state.tasks.get(parentId as TaskId);
  const taskId = parentId ?? '';
  if (parent === undefined) {
    return reject('TASK_NOT_FOUND', `a task's parent must be live, got ${taskId}`, { taskId });
  }
  const isNewest = parentToken === undefined || parentToken === parent.fencingToken;
  if (!isLeased(parent) || !isNewest) {
    return reject(
      'LEASE_FENCED',
      `only the newest attempt of a running task may submit others, got a ${parent.state} one`,
      { taskId, state: parent.state },
    );
  }
  return parent;
}

function findTreeFault(tree: Tree | null): Rejection | null {
  return tree === null ? null : (findKilled(tree) ?? findSpent(tree));
}

interface Parent {
  readonly parent: Task;
  readonly family: FamilyFacts | null;
  readonly tree: Tree | null;
}

function findCountFault(
  { settings }: CoreState,
  { family, parent, tree }: Parent,
  { perParent, perTree }: Counts,
  added = 1,
): Rejection | null {
  // As the last of them finds it, which is refused first.
  const children = (family?.children ?? 0) + (perParent.get(parent) ?? 0) + added - 1;
  perParent.set(parent, (perParent.get(parent) ?? 0) + added);
  const depth = (family?.depth ?? 0) + 1;
  if (depth > settings.depthMax) {
    return reject(
      'DEPTH_EXCEEDED',
      `tasks may come from one another at most ${settings.depthMax} deep, got ${depth}`,
      { taskId: parent.id, depthMax: settings.depthMax },
    );
  }
  if (children >= settings.fanOutMax) {
    return reject(
      'FAN_OUT_EXCEEDED',
      `a task may submit at most ${settings.fanOutMax} others, got one more`,
      { taskId: parent.id, fanOutMax: settings.fanOutMax },
    );
  }
  for (const each of chainOf(tree)) {
    const used = each.subtasks + (perTree.get(each) ?? 0) + added - 1;
    perTree.set(each, (perTree.get(each) ?? 0) + added);
    const { budget } = each;
    if (budget === null) continue;
    const generation = depth - each.depth;
    if (used >= (budget.subtasks ?? Infinity)) {
      return countExceeded(each, 'subtasks', { limit: budget.subtasks ?? 0, used, asked: 1 });
    }
    if (generation > (budget.depth ?? Infinity)) {
      const counts = { limit: budget.depth ?? 0, used: generation - 1, asked: 1 };
      return countExceeded(each, 'depth', counts);
    }
    if (children >= (budget.fanOut ?? Infinity)) {
      const counts = { limit: budget.fanOut ?? 0, used: children, asked: 1 };
      return countExceeded(each, 'fanOut', counts);
    }
  }
  return null;
}

/** From the first task down to the one itself. */
export function lineageFrom(parent: Task, hash: string | null): readonly Ancestor[] {
  const family = familyOf(parent);
  const { type } = parent.profile.spec;
  const own: Ancestor = [parent.id, type, family?.hash ?? hash];
  const of = copyOf(parent);
  // What comes from a copy comes from the task that it is one of: it ends with that task's tree.
  const original: Ancestor[] = of === null ? [] : [[of.taskId, type, null]];
  return [...(family?.lineage ?? []), ...original, own];
}

/** The same work again below itself would go round for ever. */
function findLoop(parent: Task, item: NewTask, type: string): Rejection | null {
  const { hash } = item;
  if (hash === undefined) return null;
  const lineage = lineageFrom(parent, item.parentHash ?? null);
  const at = lineage.findIndex(([, ofType, ofHash]) => ofType === type && ofHash === hash);
  if (at < 0) return null;
  const steps = lineage.slice(at).map(([id, ofType]) => `${ofType} ${id}`);
  const chain = [...steps, `${type} again`].join(' → ');
  return reject(
    'LOOP_DETECTED',
    `a task must not come from one with the same type and payload unless it says allowLoop, got ${chain}`,
    { taskId: parent.id, chain },
  );
}
