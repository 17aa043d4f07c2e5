/** What the wishes of a task make of an agent: one number, the less the better. */
import { namespaceOf, type AgentSpec, type Task, type TaskPlacement } from '../../core/index.ts';

/** What a label costs that the agent had best have and has not. */
const NEAR_COST = 1;
/** What each other task of its group costs that the agent has. */
export const APART_COST = 10;

/** The wishes of a task, or null for one that has none. */
export function wishOf(task: Task): TaskPlacement | null {
  return task.extra?.control?.placement ?? null;
}

/** The name of the tasks that it had best be apart from, or null; namespaces have groups of their own. */
export function groupOf(wish: TaskPlacement, queueName: string): string | null {
  return wish.apart === undefined ? null : `${namespaceOf(queueName)}\n${wish.apart}`;
}

/**
 * The cost of an agent for a task, at least 0 where the agent's own is: its own cost, what the task says of
 * its labels, and {@link APART_COST} for each of the `neighbours`, tasks of its group that the agent has.
 * O(labels that the task names).
 */
export function wishCost(
  { costs, near }: TaskPlacement,
  agent: Pick<AgentSpec, 'cost' | 'labels'>,
  neighbours: number,
): number {
  const { labels } = agent;
  let cost = agent.cost + APART_COST * neighbours;
  if (near !== undefined) {
    for (const name in near) if (labels[name] !== near[name]) cost += NEAR_COST;
  }
  if (costs !== undefined) {
    for (const name in costs) cost += costOfLabel(costs[name] ?? {}, labels[name]);
  }
  return cost;
}

function costOfLabel(byValue: Readonly<Record<string, number>>, value: string | undefined): number {
  if (value === undefined || !Object.hasOwn(byValue, value)) return 0;
  return byValue[value] as number;
}
