/** Lets an attempt wait while a budget would have room for it once what others reserved is settled. */
import { treeName } from './tree-name.ts';
import type { Gate, GateAhead, Gated, GateUse } from './gate.ts';
import type { CoreState } from './state.ts';
import { isLeased, type Task } from './task.ts';
import { estimateOf, microsOf, type Tree } from './tree.ts';

/** One of the two bounds of a budget that attempts reserve. */
export class BudgetGate implements Gate {
  readonly key: string;
  readonly splitsLanes = true;
  mirror: object | null = null;
  readonly #tree: Tree;
  readonly #bound: 'tokens' | 'costUsd';
  readonly #tasks: CoreState['tasks'];

  constructor(tree: Tree, bound: 'tokens' | 'costUsd', tasks: CoreState['tasks']) {
    this.key = `budget of ${treeName(tree)} (${bound})`;
    this.#tree = tree;
    this.#bound = bound;
    this.#tasks = tasks;
  }

  /**
   * Open where there is room, and also where there will be none: then the task is to fail instead. What the
   * task's own ancestors reserved is no reason to wait, because they may wait for the task.
   */
  passableBy(gated: Gated | null, nowMs: number, units: number, ahead: GateAhead | null): number {
    const { limit, reserved, used } = this.#sums();
    const taken = used + reserved + (ahead?.units ?? 0);
    if (taken + units <= limit && taken < limit) return nowMs;
    const stuck = used + this.#heldAbove(gated as Task | null);
    return stuck + units > limit || stuck >= limit ? nowMs : Infinity;
  }

  passableAt(nowMs: number, units: number, _limit = 0, ahead: GateAhead | null = null): number {
    return this.passableBy(null, nowMs, units, ahead);
  }

  describe(_nowMs: number, units = 0): string {
    const { limit, reserved, used } = this.#sums();
    const unit = this.#bound === 'tokens' ? 1 : 1_000_000;
    const [all, gone, kept, wanted] = [limit, used, reserved, units].map((sum) => sum / unit);
    return `${gone} of ${all} used and ${kept} reserved, ${wanted} wanted`;
  }

  /** Nothing: `reserve` and `settle` keep the sums. */
  take(): void {
    return;
  }

  giveBack(): void {
    return;
  }

  #sums(): { readonly limit: number; readonly used: number; readonly reserved: number } {
    const { budget, reservedMicros, reservedTokens, usedMicros, usedTokens } = this.#tree;
    if (this.#bound === 'tokens') {
      return { limit: budget?.tokens ?? Infinity, used: usedTokens, reserved: reservedTokens };
    }
    const limit = microsOf(budget?.costUsd ?? Infinity);
    return { limit, used: usedMicros, reserved: reservedMicros };
  }

  /** What running ancestors of the task reserved here. O(generations). */
  #heldAbove(task: Task | null): number {
    let held = 0;
    const family = task?.extra?.family;
    for (const [id] of family?.lineage ?? []) {
      const ancestor = this.#tasks.get(id);
      const isHere = ancestor !== undefined && this.#counts(ancestor) && isLeased(ancestor);
      if (isHere) held += unitsOf(ancestor, this.#bound);
    }
    return held;
  }

  #counts({ gates }: Task): boolean {
    return gates?.some(({ gate }) => gate === this) === true;
  }
}

/** Adds the budgets of a task's trees, from the inside out, to the gates that it passes. */
export function joinBudgets(state: CoreState, task: Task, tree: Tree): void {
  let uses: GateUse[] | null = null;
  for (let at: Tree | null = tree; at !== null; at = at.parent) {
    for (const { bound, gate } of gatesOf(state, at)) {
      uses ??= [...(task.gates ?? [])];
      uses.push({ gate, units: unitsOf(task, bound), limit: 0 });
    }
  }
  if (uses !== null) task.gates = uses;
}

function gatesOf(state: CoreState, tree: Tree): NonNullable<Tree['gates']> {
  const { budget } = tree;
  if (budget === null) return NO_GATES;
  tree.gates ??= (['tokens', 'costUsd'] as const)
    .filter((bound) => budget[bound] !== undefined)
    .map((bound) => ({ bound, gate: new BudgetGate(tree, bound, state.tasks) }));
  return tree.gates;
}

const NO_GATES: NonNullable<Tree['gates']> = [];

function unitsOf(task: Task, bound: 'tokens' | 'costUsd'): number {
  const { costUsd, tokens } = estimateOf(task);
  return bound === 'tokens' ? tokens : microsOf(costUsd);
}
