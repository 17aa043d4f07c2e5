/**
 * How far an agent is trusted, by what others found where it was one of several.
 *
 * Each result that the agreed one contradicts halves it, down to a thousandth; each that agrees gives
 * a thirty-second back, up to 1. Sums of powers of two: exact, on every replica alike.
 */
import type { Agent } from './agent.ts';
import type { AgentId } from './ids.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';

export interface Trust {
  /** What its weight is multiplied with; above 0, at most 1. */
  readonly factor: number;
  readonly dissents: number;
  /** Since its first dissent. */
  readonly agreements: number;
}

const TRUST_MIN = 1 / 1_024;
const TRUST_REGAINED = 1 / 32;

export function trustFactor({ trust }: Agent): number {
  return trust?.factor ?? 1;
}

/** The agent's result was not the one that was agreed on. One that left meanwhile has nothing to lose. */
export function noteDissent({ events, state }: Step, agentId: AgentId, task: Task): void {
  const agent = state.agents.get(agentId);
  if (agent === undefined) return;
  const { agreements = 0, dissents = 0, factor = 1 } = agent.trust ?? {};
  state.agentChanges.touch(agent);
  const halved = Math.max(TRUST_MIN, factor / 2);
  agent.trust = { factor: halved, dissents: dissents + 1, agreements };
  events.push({ type: 'agent.dissented', agent, task });
}

/** The agent's result was the one that was agreed on. Nothing is kept of agents that never dissented. */
export function noteAgreement({ events, state }: Step, agentId: AgentId): void {
  const agent = state.agents.get(agentId);
  if (agent === undefined || agent.trust === null) return;
  const { agreements, dissents, factor } = agent.trust;
  state.agentChanges.touch(agent);
  const regained = Math.min(1, factor + TRUST_REGAINED);
  agent.trust = { factor: regained, dissents, agreements: agreements + 1 };
  if (regained !== factor) events.push({ type: 'agent.changed', agent });
}
