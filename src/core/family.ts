/** Gives new tasks their place among those that they come from. */
import { joinBudgets } from './budget-gate.ts';
import type { NewFlow, NewTask } from './command.ts';
import { warn } from './budgets.ts';
import { lineageFrom } from './family-plan.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import type { StagedChildren } from './staged-children.ts';
import type { Stage, StagePlace } from './stage.ts';
import type { Ancestor, FamilyFacts, Tree } from './tree.ts';
import { addTree, chainOf, familyOf, requireTree, rootTree, setFamily } from './trees.ts';

/** What one submit remembers while it places its tasks, so that siblings share what they can. */
export interface Placing {
  readonly flow: Tree | null;
  readonly lineages: Map<Task, readonly Ancestor[]>;
}

export function startPlacing(
  state: CoreState,
  flow: NewFlow | undefined,
  tasks: readonly Task[],
): Placing {
  const [first] = tasks;
  if (flow === undefined || first === undefined) return { flow: null, lineages: new Map() };
  const tree = startFlow(state, flow, {
    namespace: first.profile.spec.namespace,
    firstId: first.id,
    lastId: tasks.at(-1)?.id ?? first.id,
  });
  return { flow: tree, lineages: new Map() };
}

/** The tree of a new flow. */
export function startFlow(
  state: CoreState,
  { budget, id, name }: NewFlow,
  facts: { readonly namespace: string; readonly firstId: string; readonly lastId: string },
): Tree {
  const fields = { kind: 'flow', parentKey: null, depth: 0 } as const;
  const said = { name: name ?? null, budget: budget ?? null };
  return addTree(state, { key: id, ...fields, ...said, ...facts });
}

/** Puts a task of a large submit where it belongs: its tree, if any, counts it already. */
export function placeStaged(state: CoreState, task: Task, item: NewTask, stage: Stage): void {
  const { parentId } = item;
  const place = parentId === undefined ? undefined : stage.places.get(parentId);
  if (parentId !== undefined && place !== undefined) {
    const { depth, flowId, lineage, tree } = place;
    requireTree(state, tree).coming -= 1;
    const hash = item.hash ?? null;
    join(state, task, item, { tree, flowId, parentId, depth, children: 0, hash, lineage });
  } else if (stage.flow !== null) {
    requireTree(state, stage.flow.id).coming -= 1;
    join(state, task, item, { ...ROOT, tree: stage.flow.id, flowId: stage.flow.id });
  } else if (item.budget !== undefined) join(state, task, item, ROOT);
}

/** Counts the children of a large submit with the task that submitted them, and says where they go. */
export function reservePlace(step: Step, { count, hash, parent }: StagedChildren): StagePlace {
  const { state } = step;
  const above = familyOf(parent) ?? rootTree(state, parent, hash);
  setFamily(state, parent, { ...above, children: above.children + count });
  const tree = requireTree(state, above.tree);
  tree.coming += count;
  countAll(step, tree, count);
  const lineage = lineageFrom(parent, hash);
  return { tree: tree.key, flowId: above.flowId, depth: above.depth + 1, lineage, cut: null };
}

/** Puts a new task where it belongs: below its parent, into the flow of its submit, or on top of a budget. */
export function placeTask(step: Step, task: Task, item: NewTask, placing: Placing): void {
  const { state } = step;
  const parent = item.parentId === undefined ? undefined : state.tasks.get(item.parentId);
  if (parent !== undefined) placeChild(step, { task, item, parent }, placing);
  else if (placing.flow !== null) {
    countAll(step, placing.flow, 1);
    const family = { ...ROOT, tree: placing.flow.key, flowId: placing.flow.key };
    join(state, task, item, family);
  } else if (item.budget !== undefined) join(state, task, item, ROOT);
}

const ROOT: FamilyFacts = {
  tree: '',
  flowId: null,
  parentId: null,
  depth: 0,
  children: 0,
  hash: null,
  lineage: [],
};

interface NewChild {
  readonly task: Task;
  readonly item: NewTask;
  readonly parent: Task;
}

function placeChild(step: Step, { item, parent, task }: NewChild, { lineages }: Placing): void {
  const { state } = step;
  const hash = item.parentHash ?? null;
  const above = familyOf(parent) ?? rootTree(state, parent, hash);
  const lineage = lineages.get(parent) ?? lineageFrom(parent, hash);
  lineages.set(parent, lineage);
  setFamily(state, parent, { ...above, children: above.children + 1 });
  countAll(step, requireTree(state, above.tree), 1);
  join(state, task, item, {
    tree: above.tree,
    flowId: above.flowId,
    parentId: parent.id,
    depth: above.depth + 1,
    children: 0,
    hash: item.hash ?? null,
    lineage,
  });
}

/** Counts new tasks on all levels. */
export function countAll(step: Step, tree: Tree, tasks: number): void {
  for (const each of chainOf(tree)) {
    step.state.records.trees.touch(each);
    each.subtasks += tasks;
    const limit = each.budget?.subtasks;
    if (limit !== undefined) {
      warn(step, each, { name: 'subtasks', limit, used: each.subtasks, unit: 1 });
    }
  }
}

function join(state: CoreState, task: Task, item: NewTask, family: FamilyFacts): void {
  const { budget } = item;
  let { tree } = family;
  if (budget !== undefined) {
    addTree(state, {
      key: task.id,
      kind: 'task',
      parentKey: tree === '' ? null : tree,
      namespace: task.profile.spec.namespace,
      name: null,
      depth: family.depth,
      budget,
    });
    tree = task.id;
  }
  setFamily(state, task, { ...family, tree });
  const joined = requireTree(state, tree);
  joined.members.add(task);
  joinBudgets(state, task, joined);
}
