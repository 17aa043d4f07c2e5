/**
 * What trees may take: reserved when an attempt starts, settled when it ends.
 *
 * Each level of nested budgets is held. Used and reserved together never pass a limit when an attempt
 * starts; an attempt that reports more than its estimate can carry what is used past it, and then
 * nothing more starts.
 */
import { NO_EXTRA } from './extra.ts';
import { reject, type Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { estimateOf, microsOf, NO_USAGE, type Budget, type Tree, type Usage } from './tree.ts';
import { treeName } from './tree-name.ts';
import { chainOf, treeOf } from './trees.ts';

/** Share of a limit after which it is warned of. */
const WARN_SHARE = 0.8;

interface Level {
  readonly name: 'tokens' | 'costUsd';
  readonly limit: number;
  readonly used: number;
  readonly reserved: number;
  readonly asked: number;
  /** From what is counted to what is shown. */
  readonly unit: number;
}

/** Reserves what the next attempt is expected to take, on all levels or none. */
export function reserve(state: CoreState, task: Task): Rejection | null {
  const tree = treeOf(state, task);
  if (tree === null) return null;
  const estimate = estimateOf(task);
  for (const each of chainOf(tree)) {
    const over = levelsOf(each, estimate).find(isOver);
    if (over !== undefined) return exceeded(each, over);
  }
  if (estimate === NO_USAGE) return null;
  for (const each of chainOf(tree)) {
    state.records.trees.touch(each);
    each.reservedTokens += estimate.tokens;
    each.reservedMicros += microsOf(estimate.costUsd);
  }
  return null;
}

/** A budget of the tree, or one above it, of which nothing is left; null while there is something. */
export function findSpent(tree: Tree): Rejection | null {
  for (const each of chainOf(tree)) {
    const spent = levelsOf(each, NO_USAGE).find(({ limit, used }) => used >= limit);
    if (spent !== undefined) return exceeded(each, spent);
  }
  return null;
}

/** What an attempt took counts from now on. @param usage - as it was reported; null for its estimate */
export function settle(step: Step, task: Task, usage: Usage | null): void {
  const { state } = step;
  const tree = treeOf(state, task);
  if (usage !== null && usage !== NO_USAGE) keepUsage(state, task, usage);
  if (tree === null) return;
  const estimate = estimateOf(task);
  const taken = usage ?? estimate;
  if (taken === NO_USAGE && estimate === NO_USAGE) return;
  for (const each of chainOf(tree)) {
    state.records.trees.touch(each);
    each.reservedTokens -= estimate.tokens;
    each.reservedMicros -= microsOf(estimate.costUsd);
    each.usedTokens += taken.tokens;
    each.usedMicros += microsOf(taken.costUsd);
    for (const level of levelsOf(each, NO_USAGE)) warn(step, each, level);
  }
}

/** What all attempts of a task reported together. */
function keepUsage(state: CoreState, task: Task, usage: Usage): void {
  const { costUsd, tokens } = task.extra?.usage ?? NO_USAGE;
  state.taskChanges.touch(task);
  const sum = microsOf(costUsd) + microsOf(usage.costUsd);
  const total = { tokens: tokens + usage.tokens, costUsd: sum / 1_000_000 };
  task.extra = { ...(task.extra ?? NO_EXTRA), usage: total };
}

/** Tells once that four fifths of a bound are passed. */
export function warn(
  { events, state }: Step,
  tree: Tree,
  level: Pick<Level, 'limit' | 'used' | 'unit'> & { readonly name: string },
): void {
  if (level.used < level.limit * WARN_SHARE || tree.warned.includes(level.name)) return;
  state.records.trees.touch(tree);
  tree.warned = [...tree.warned, level.name];
  const { limit, name, unit, used } = level;
  events.push({
    type: 'budget.warned',
    tree,
    bound: name,
    limit: limit / unit,
    used: used / unit,
  });
}

function levelsOf(tree: Tree, asked: Usage): readonly Level[] {
  const { budget } = tree;
  if (budget === null) return NO_LEVELS;
  const levels: Level[] = [];
  if (budget.tokens !== undefined) {
    levels.push({
      name: 'tokens',
      limit: budget.tokens,
      used: tree.usedTokens,
      reserved: tree.reservedTokens,
      asked: asked.tokens,
      unit: 1,
    });
  }
  if (budget.costUsd !== undefined) {
    levels.push({
      name: 'costUsd',
      limit: microsOf(budget.costUsd),
      used: tree.usedMicros,
      reserved: tree.reservedMicros,
      asked: microsOf(asked.costUsd),
      unit: 1_000_000,
    });
  }
  return levels;
}

const NO_LEVELS: readonly Level[] = [];

/** Without an estimate an attempt may start while anything is left. */
function isOver({ asked, limit, reserved, used }: Level): boolean {
  return used + reserved + asked > limit || used + reserved >= limit;
}

function exceeded(tree: Tree, level: Level): Rejection {
  const { name, unit } = level;
  const [limit, used, reserved, asked] = [
    level.limit / unit,
    level.used / unit,
    level.reserved / unit,
    level.asked / unit,
  ];
  return reject(
    'BUDGET_EXCEEDED',
    `the budget of ${treeName(tree)} is ${limit} ${name}, of which ${used} are used and ${reserved} reserved, got ${asked} more`,
    { tree: tree.key, bound: name, limit, used, reserved, asked },
  );
}

/** A count that a submit would carry past a budget. */
export function countExceeded(
  tree: Tree,
  bound: keyof Budget & ('subtasks' | 'depth' | 'fanOut'),
  counts: { readonly limit: number; readonly used: number; readonly asked: number },
): Rejection {
  const { asked, limit, used } = counts;
  return reject(
    'BUDGET_EXCEEDED',
    `the budget of ${treeName(tree)} is ${limit} ${bound}, of which ${used} are used, got ${asked} more`,
    { tree: tree.key, bound, limit, used, reserved: 0, asked },
  );
}
