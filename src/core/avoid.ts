/** Agents that a task has failed on and is to be kept from. */
import { agentMeets, type Agent } from './agent.ts';
import { NO_EXTRA, type Avoided } from './extra.ts';
import type { AgentId } from './ids.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';

/** Agents, and zones, that are remembered of one task: the newest. */
export const AVOIDED_MAX = 5;

/** The label that says where an agent is. */
const ZONE_LABEL = 'zone';

/** The zone of an agent, or null. */
export function zoneOf(agent: Agent): string | null {
  return agent.spec.labels[ZONE_LABEL] ?? null;
}

/** Keeps the task from the agent its last attempt failed on, where its rules ask for it. */
export function avoidFailed(state: CoreState, task: Task, agentId: AgentId): void {
  const rule = task.profile.spec.rules?.avoid ?? 'none';
  if (rule === 'none') return;
  const { agents, zones } = task.extra?.avoid ?? NOTHING;
  const agent = state.agents.get(agentId);
  const zone = rule === 'zone' && agent !== undefined ? zoneOf(agent) : null;
  const avoid = { agents: newest(agents, agentId), zones: newest(zones, zone) };
  state.taskChanges.touch(task);
  task.extra = { ...(task.extra ?? NO_EXTRA), avoid };
}

/** Keeps a task from the agents that were named, or from those it failed on, instead of any before. */
export function avoidAgents(
  state: CoreState,
  task: Task,
  named: readonly string[] | 'failed',
): void {
  const failedOn = task.failures.map(({ agentId }) => agentId);
  let agents: readonly AgentId[] = [];
  for (const id of named === 'failed' ? failedOn : named) agents = newest(agents, id as AgentId);
  const { zones } = task.extra?.avoid ?? NOTHING;
  state.taskChanges.touch(task);
  task.extra = { ...(task.extra ?? NO_EXTRA), avoid: { agents, zones } };
}

/** Whether the task must not run on the agent: it failed there, and another ready one could take it. */
export function mustAvoid(state: CoreState, task: Task, agentId: AgentId): boolean {
  const avoided = task.extra?.avoid?.agents;
  if (avoided === undefined || !avoided.includes(agentId)) return false;
  for (const agent of state.agents.values()) {
    const isOther = agent.state === 'ready' && !avoided.includes(agent.id);
    if (isOther && agentMeets(agent, task.profile)) return true;
  }
  return false;
}

const NOTHING: Avoided = { agents: [], zones: [] };

function newest<Item>(items: readonly Item[], item: Item | null): readonly Item[] {
  if (item === null) return items;
  return [...items.filter((each) => each !== item).slice(1 - AVOIDED_MAX), item];
}
