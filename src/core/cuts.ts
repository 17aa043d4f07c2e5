/** Ends whole trees and parts of them, some tasks at a time. */
import { warn } from './budgets.ts';
import { UNTRACKED } from './change-set.ts';
import type { TaskId } from './ids.ts';
import { cancelTask } from './recall.ts';
import { reject, type Rejection } from './rejection.ts';
import { cutStages } from './stage-ends.ts';
import type { CoreState } from './state.ts';
import { reachOf, takeReach, type Step } from './step.ts';
import type { Task } from './task.ts';
import type { Cut, KillFacts, Tree } from './tree.ts';
import { chainOf, familyOf, isOver, treeOf, wallDueAt } from './trees.ts';

/** Cancels a task and everything that came from it; the first ones now, the rest with the clock. */
export function cancelTree(step: Step, target: string, reason: string): Rejection | null {
  const { state } = step;
  const tree = state.records.trees.get(target);
  if (tree !== undefined) {
    if (isOver(tree))
      return reject('TASK_FINISHED', `${tree.kind} ${target} has ended`, { target });
    startCut(step, tree.key, { taskId: null, reason });
    return null;
  }
  const task = state.tasks.get(target as TaskId);
  const family = task === undefined ? null : familyOf(task);
  if (family === null) return cancelTask(step, target as TaskId, reason);
  startCut(step, family.tree, { taskId: target as TaskId, reason });
  return null;
}

/** Cancels a task, and what it submitted with it. */
export function cancelWithChildren(step: Step, task: Task, reason: string): void {
  const family = familyOf(task);
  cancelTask(step, task.id, reason);
  if (family !== null && family.children > 0)
    startCut(step, family.tree, { taskId: task.id, reason });
}

/** Cancels a tree and lets nothing more into it. */
export function killTree(
  step: Step,
  target: string,
  facts: Pick<KillFacts, 'reason' | 'by'>,
): Rejection | null {
  const { state } = step;
  const tree = state.records.trees.get(target);
  if (tree === undefined) return cancelTree(step, target, 'killed');
  mark(state, tree, { ...facts, at: state.nowMs });
  step.events.push({ type: 'tree.killed', tree });
  if (!isOver(tree)) startCut(step, tree.key, { taskId: null, reason: 'killed' });
  return null;
}

function mark(state: CoreState, tree: Tree, kill: KillFacts): void {
  state.records.trees.touch(tree);
  tree.kill ??= kill;
  state.alarms.arm(tree, 0);
}

/** The wall budget of a tree is nearly spent, or spent. */
export function checkWall(step: Step, tree: Tree): void {
  const { state } = step;
  const limit = tree.budget?.wallMs;
  if (limit === undefined || tree.kill !== null) return;
  const used = state.nowMs - tree.createdAt;
  warn(step, tree, { name: 'wallMs', limit, used, unit: 1 });
  if (used < limit) {
    state.alarms.arm(tree, wallDueAt(tree));
    return;
  }
  const reason = `its wall budget of ${limit} ms is spent`;
  mark(state, tree, { reason, by: null, at: state.nowMs });
  step.events.push({ type: 'tree.killed', tree });
  if (!isOver(tree)) startCut(step, tree.key, { taskId: null, reason: 'budget_exceeded' });
}

function startCut(step: Step, treeKey: string, rest: Pick<Cut, 'taskId' | 'reason'>): void {
  const { state } = step;
  state.recordSeq += 1;
  const cut: Cut = {
    table: 'cuts',
    key: String(state.recordSeq),
    seq: state.recordSeq,
    treeKey,
    ...rest,
    at: state.nowMs,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  cutStages(state, cut);
  state.records.cuts.add(cut);
  const reach = takeReach(step, reachOf(step));
  step.left += reach - continueCut(step, cut, reach);
}

/** Goes on with a cut; returns how many of `budget` it canceled. Not done, it stays due. */
export function continueCut(step: Step, cut: Cut, budget: number): number {
  const { state } = step;
  const tree = state.records.trees.get(cut.treeKey);
  const victims: TaskId[] = [];
  if (tree !== undefined) collect(tree, cut.taskId, { victims, max: budget + 1 });
  for (const id of victims.slice(0, budget)) cancelTask(step, id, cut.reason);
  if (victims.length > budget) state.alarms.arm(cut, cut.at);
  else state.records.cuts.remove(cut);
  return Math.min(victims.length, budget);
}

interface Collected {
  readonly victims: TaskId[];
  readonly max: number;
}

/** The next tasks to cancel, of the tree and its parts. Dead letters have ended already. */
function collect(root: Tree, taskId: TaskId | null, { max, victims }: Collected): void {
  const trees: Tree[] = [root];
  for (let tree = trees.pop(); tree !== undefined; tree = trees.pop()) {
    for (const member of tree.members) {
      if (victims.length === max) return;
      if (member.state !== 'failed' && isBelow(member, taskId)) victims.push(member.id);
    }
    trees.push(...[...tree.parts].toReversed());
  }
}

function isBelow(member: Task, taskId: TaskId | null): boolean {
  if (taskId === null || member.id === taskId) return true;
  return familyOf(member)?.lineage.some(([id]) => id === taskId) === true;
}

/** The cut that a task waits to be canceled by; null for most. */
export function findCut(state: CoreState, task: Task): Cut | null {
  if (state.records.cuts.size === 0) return null;
  const keys = new Set([...chainOf(treeOf(state, task))].map(({ key }) => key));
  for (const cut of state.records.cuts.values()) {
    if (keys.has(cut.treeKey) && isBelow(task, cut.taskId)) return cut;
  }
  return null;
}
