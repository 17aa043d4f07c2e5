/** Agents that a task has failed on and is to be kept from. */
import { agentMeets, specMeets, type Agent } from './agent.ts';
import { barredAgents, isBarred } from './copies.ts';
import { NO_EXTRA, type Avoided } from './extra.ts';
import type { AgentId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
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

/** Why the agent must not be given the task, for what else it or others had of it; null where it may. */
export function keptFrom(state: CoreState, task: Task, agentId: AgentId): Rejection | null {
  const taskId = task.id;
  if (isBarred(state, task, agentId)) {
    const message = `copies of a task must go to different agents, got ${agentId} again for ${taskId}`;
    return reject('COPY_SAME_AGENT', message, { agentId, taskId });
  }
  if (!mustAvoid(state, task, agentId)) return null;
  const message = `task ${taskId} failed on agent ${agentId}, and another is ready`;
  return reject('AGENT_AVOIDED', message, { agentId, taskId });
}

/**
 * Whether the task must not run on the agent: it failed there, and another ready one could take it. Agents are counted
 * by their specs: O(specs of ready agents), and of a million agents many have the same.
 */
function mustAvoid(state: CoreState, task: Task, agentId: AgentId): boolean {
  const avoided = task.extra?.avoid?.agents;
  if (avoided === undefined || !avoided.includes(agentId)) return false;
  if (task.profile.spec.requires.agent !== undefined) return false;
  // Those that must not have it for another reason are no way out.
  const kept = new Set([...avoided, ...(barredAgents(state, task) ?? [])]);
  let others = 0;
  for (const id of kept) {
    const agent = state.agents.get(id);
    if (agent?.state === 'ready' && agentMeets(agent, task.profile)) others -= 1;
  }
  for (const [spec, ready] of state.agentSpecs.ready()) {
    if (specMeets(spec, task.profile)) others += ready;
    if (others > 0) return true;
  }
  return false;
}

const NOTHING: Avoided = { agents: [], zones: [] };

function newest<Item>(items: readonly Item[], item: Item | null): readonly Item[] {
  if (item === null) return items;
  return [...items.filter((each) => each !== item).slice(1 - AVOIDED_MAX), item];
}
