/** How trees, their budgets and kills are shown to the outside. */
import type { KillView, TaskView } from '../contract/index.ts';
import type { CoreState, FamilyFacts, KillFacts, Tree } from '../core/index.ts';
import { iso } from './views.ts';

export function budgetView(tree: Tree): NonNullable<TaskView['budget']> {
  return {
    limits: tree.budget ?? {},
    used: { tokens: tree.usedTokens, costUsd: tree.usedMicros / 1_000_000 },
    reserved: { tokens: tree.reservedTokens, costUsd: tree.reservedMicros / 1_000_000 },
    subtasks: tree.subtasks,
    warned: [...tree.warned],
  };
}

export function treeKillView({ key }: Tree, { at, by, reason }: KillFacts): KillView {
  return { kind: 'tree', target: key, reason, by, at: iso(at) };
}

/** What a task's trees say of it while any of them lives: its own budget, and who stopped it. */
export function treeFacts(
  state: CoreState,
  family: Pick<FamilyFacts, 'tree'> | null,
  taskId: string,
): Pick<TaskView, 'budget' | 'killed'> {
  const tree = family === null ? undefined : state.records.trees.get(family.tree);
  if (tree === undefined) return {};
  const { kill } = tree;
  return {
    ...(tree.key === taskId && tree.budget !== null ? { budget: budgetView(tree) } : {}),
    ...(kill === null ? {} : { killed: treeKillView(tree, kill) }),
  };
}
