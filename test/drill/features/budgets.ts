/** Flows and trees of tasks with budgets of tokens, estimated and then used; nested, and some overspent. */
import type { SubmittedFlow, SubmitTask } from '../../../src/contract/index.ts';
import type { AskedTask, Fact } from '../log/fact.ts';
import { Family } from '../proofs/family.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillUser } from '../world/drill-user.ts';
import type { Work } from '../world/work.ts';
import type { Feature } from './feature.ts';

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  while (!user.isOver) {
    const tasks = Array.from({ length: 4 + rng.below(6) }, (_, n) => priced(user, n));
    const budget = { tokens: 60 + rng.below(100), subtasks: 30 };
    const flow = (await user.callOnce('POST', '/flows', { tasks, budget })) as SubmittedFlow | null;
    for (const { id } of flow?.tasks ?? []) user.acknowledged(id);
    await user.pause(200 + rng.below(400));
  }
}

/** Every third one submits children, within a budget of its own. */
function priced({ rng }: DrillUser, n: number): SubmitTask {
  const work: Work = { ms: rng.below(50), tokens: 5 + rng.below(20) };
  const retry = { attemptsMax: 5, delayMs: 10, delayMsMax: 100 };
  const base = { ref: `b${n}`, estimate: { tokens: 15 }, retry };
  if (n % 3 > 0) return { ...base, type: 'work', payload: work };
  const budget = { tokens: 40, subtasks: 2 + rng.below(3), depth: 1, fanOut: 3 };
  return { ...base, type: 'talk', payload: { ...work, children: 3 } satisfies Work, budget };
}

function prove(evidence: Evidence): readonly Proof[] {
  return [tokens(evidence), counts(evidence)];
}

/** What a task and all above it may take, by the id of what has the budget. */
function budgetsOf(
  facts: readonly Fact[],
  family: Family,
): Map<string, NonNullable<AskedTask['item']['budget']>> {
  const budgets = new Map<string, NonNullable<AskedTask['item']['budget']>>();
  for (const fact of facts)
    if (fact.type === 'flow' && fact.budget) budgets.set(fact.flowId, fact.budget);
  for (const { id, item } of family.tasks.values()) if (item.budget) budgets.set(id, item.budget);
  return budgets;
}

/** Adds everything up anew at each start: what was used, and what those that run are expected to take. */
function tokens({ log }: Evidence): Proof {
  const check = new Check('no attempt started whose estimate did not fit each budget above it');
  const family = new Family(log.facts);
  const budgets = budgetsOf(log.facts, family);
  const used = new Map<string, number>();
  const reserved = new Map<string, number>();
  const estimateOf = (id: string): number => family.tasks.get(id)?.item.estimate?.tokens ?? 0;
  const add = (sums: Map<string, number>, id: string, amount: number): void => {
    for (const each of family.above(id)) sums.set(each, (sums.get(each) ?? 0) + amount);
  };
  for (const fact of log.facts) {
    if (fact.type === 'ended') {
      const { how, taken, taskId } = fact;
      add(reserved, taskId, -estimateOf(taskId));
      add(used, taskId, how === 'released' ? 0 : (taken?.tokens ?? estimateOf(taskId)));
    }
    if (fact.type !== 'started') continue;
    add(reserved, fact.taskId, estimateOf(fact.taskId));
    for (const id of family.above(fact.taskId)) {
      const limit = budgets.get(id)?.tokens;
      if (limit === undefined) continue;
      const sum = (used.get(id) ?? 0) + (reserved.get(id) ?? 0);
      check.that(sum <= limit, () => `${fact.taskId}: ${sum} of ${limit} tokens of ${id}`);
    }
  }
  return check.proof;
}

function counts({ log }: Evidence): Proof {
  const check = new Check('no tree has more tasks below it, or children of one, than its budget');
  const family = new Family(log.facts);
  const below = new Map<string, number>();
  const children = new Map<string, number>();
  for (const { id, item } of family.tasks.values()) {
    for (const above of family.above(id)) {
      if (above !== id) below.set(above, (below.get(above) ?? 0) + 1);
    }
    const { parentId } = item;
    if (parentId !== undefined) children.set(parentId, (children.get(parentId) ?? 0) + 1);
  }
  for (const [id, { fanOut = Infinity, subtasks = Infinity }] of budgetsOf(log.facts, family)) {
    const [count, own] = [below.get(id) ?? 0, children.get(id) ?? 0];
    check.that(count <= subtasks, () => `${id}: ${count} of ${subtasks} tasks below it`);
    check.that(own <= fanOut, () => `${id}: ${own} of ${fanOut} children`);
  }
  return check.proof;
}

export const budgets: Feature = { name: 'budgets', load, prove };
