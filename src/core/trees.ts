/** How tasks join and leave the trees that they count in. */
import { invariant } from '../base/invariant.ts';
import { joinBudgets } from './budget-gate.ts';
import { UNTRACKED } from './change-set.ts';
import { liveCopies, originalOf } from './copies.ts';
import { NO_EXTRA } from './extra.ts';
import { reject, type Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import { isLeased, type Task } from './task.ts';
import { estimateOf, microsOf, type FamilyFacts, type Tree, type TreeFields } from './tree.ts';
import { treeName } from './tree-name.ts';

/** Flows that are remembered after all their tasks left core, at most. */
export const FLOWS_KEPT_MAX = 10_000;

export function familyOf(task: Task): FamilyFacts | null {
  return task.extra?.family ?? null;
}

/** The nearest tree of a task; null for most. */
export function treeOf(state: CoreState, task: Task): Tree | null {
  const family = familyOf(task);
  return family === null ? null : requireTree(state, family.tree);
}

export function requireTree(state: CoreState, key: string): Tree {
  const tree = state.records.trees.get(key);
  invariant(tree !== undefined, () => `tree ${key} is kept while it has tasks`);
  return tree;
}

/** A tree and those that it is part of, from the inside out. */
export function* chainOf(tree: Tree | null): Generator<Tree> {
  for (let at = tree; at !== null; at = at.parent) yield at;
}

/** The refusal of work in a tree that was killed, or that is part of one; null where none was. */
export function findKilled(tree: Tree | null): Rejection | null {
  for (const each of chainOf(tree)) {
    if (each.kill === null) continue;
    const { by, reason } = each.kill;
    const message = `${treeName(each)} was killed: ${reason}`;
    return reject('TREE_KILLED', message, { tree: each.key, reason, by });
  }
  return null;
}

type NewTree = Pick<TreeFields, 'kind' | 'parentKey' | 'namespace' | 'name' | 'depth' | 'budget'> &
  Partial<Pick<TreeFields, 'firstId' | 'lastId'>> & { readonly key: string };

export function addTree(state: CoreState, { key, ...fields }: NewTree): Tree {
  if (fields.kind === 'flow') forgetOldFlow(state);
  state.recordSeq += 1;
  const tree: Tree = {
    table: 'trees',
    key,
    seq: state.recordSeq,
    firstId: '',
    lastId: '',
    ...fields,
    createdAt: state.nowMs,
    subtasks: 0,
    completed: 0,
    canceled: 0,
    usedTokens: 0,
    usedMicros: 0,
    reservedTokens: 0,
    reservedMicros: 0,
    warned: [],
    kill: null,
    parent: null,
    parts: new Set(),
    members: new Set(),
    coming: 0,
    gates: null,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  state.records.trees.add(tree);
  attach(state, tree);
  state.alarms.arm(tree, wallDueAt(tree));
  return tree;
}

function attach(state: CoreState, tree: Tree): void {
  if (tree.parentKey === null) return;
  tree.parent = requireTree(state, tree.parentKey);
  tree.parent.parts.add(tree);
}

/** When the wall budget must be looked at: at four fifths of it, then at its end; 0 for never. */
export function wallDueAt({ budget, createdAt, kill, warned }: Tree): number {
  const wallMs = budget?.wallMs;
  if (wallMs === undefined || kill !== null) return 0;
  return createdAt + (warned.includes('wallMs') ? wallMs : Math.ceil(wallMs * 0.8));
}

/**
 * Gives a task without one a place of its own in a tree of its own, so that others can come from it.
 *
 * What comes from a copy is in the tree of the task that it is one of: whoever ends that one knows of no copies.
 */
export function rootTree(state: CoreState, task: Task, hash: string | null): FamilyFacts {
  const root = originalOf(state, task) ?? task;
  const { namespace } = root.profile.spec;
  const fields = { parentKey: null, namespace, name: null, depth: 0, budget: null };
  const tree = addTree(state, { key: root.id, kind: 'task', ...fields });
  const family: FamilyFacts = {
    tree: tree.key,
    flowId: null,
    parentId: null,
    depth: 0,
    children: 0,
    hash,
    lineage: [],
  };
  const members = new Set([root, ...liveCopies(state, root), task]);
  for (const member of [...members].toSorted((a, b) => a.seq - b.seq)) {
    setFamily(state, member, family);
    tree.members.add(member);
    if (!isLeased(member)) continue;
    // Its attempt runs already, so that what it is expected to take was reserved nowhere.
    const estimate = estimateOf(member);
    tree.reservedTokens += estimate.tokens;
    tree.reservedMicros += microsOf(estimate.costUsd);
  }
  return family;
}

export function setFamily(state: CoreState, task: Task, family: FamilyFacts): void {
  state.taskChanges.touch(task);
  task.extra = { ...(task.extra ?? NO_EXTRA), family };
}

/** A task left core: its trees count it as ended, and go themselves where nothing is left of them. */
export function leaveTree(state: CoreState, task: Task): void {
  const tree = treeOf(state, task);
  if (tree === null) return;
  tree.members.delete(task);
  const counted = task.state === 'completed' ? 'completed' : 'canceled';
  // A copy is no task more: only what it takes counts.
  const isCopy = task.extra?.copyOf != null;
  for (const each of isCopy ? [] : chainOf(tree)) {
    state.records.trees.touch(each);
    each[counted] += 1;
  }
  for (let at: Tree | null = tree; at !== null && isOver(at) && at.kind !== 'flow';) {
    const { parent }: Tree = at;
    removeTree(state, at);
    at = parent;
  }
}

/** Whether nothing of it is left in core. */
export function isOver({ coming, members, parts }: Tree): boolean {
  return members.size === 0 && parts.size === 0 && coming === 0;
}

function removeTree(state: CoreState, tree: Tree): void {
  state.alarms.arm(tree, 0);
  tree.parent?.parts.delete(tree);
  state.records.trees.remove(tree);
}

/** Flows looked at for one to forget; bounds the work of one submit. */
const LOOKED_AT_MAX = 100;

function forgetOldFlow(state: CoreState): void {
  const { trees } = state.records;
  if (trees.size < FLOWS_KEPT_MAX) return;
  let looked = 0;
  for (const tree of trees.values()) {
    if (++looked > LOOKED_AT_MAX) return;
    if (tree.kind !== 'flow' || !isOver(tree)) continue;
    removeTree(state, tree);
    return;
  }
}

/** Builds what is derived of trees. O(trees + tasks). */
export function restoreTrees(state: CoreState): void {
  const trees = [...state.records.trees.values()].toSorted((a, b) => a.seq - b.seq);
  for (const tree of trees) {
    attach(state, tree);
    state.alarms.arm(tree, wallDueAt(tree));
  }
  for (const cut of state.records.cuts.values()) state.alarms.arm(cut, cut.at);
  for (const kill of state.records.kills.values()) {
    if (kill.kind === 'namespace' && !kill.isDone) state.alarms.arm(kill, kill.at);
  }
  if (trees.length === 0) return;
  const tasks = [...state.tasks.values()].filter((task) => familyOf(task) !== null);
  for (const task of tasks.toSorted((a, b) => a.seq - b.seq)) {
    const tree = treeOf(state, task);
    if (tree === null) continue;
    tree.members.add(task);
    joinBudgets(state, task, tree);
  }
}
