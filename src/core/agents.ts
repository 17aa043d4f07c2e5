/** Registration of agents and what happens to their tasks when they go. */
import { invariant } from '../base/invariant.ts';
import type { Agent, AgentState } from './agent.ts';
import { AgentRecord } from './agent-record.ts';
import { breakerKey } from './breaker.ts';
import { UNTRACKED } from './change-set.ts';
import type { Command } from './command.ts';
import type { AgentId } from './ids.ts';
import { loseAllLeases, loseLeases } from './losses.ts';
import { reject, type Rejection } from './rejection.ts';
import { killKey } from './tree.ts';
import type { Step } from './step.ts';

type Register = Omit<Extract<Command, { type: 'agent.register' }>, 'type'>;
type Enroll = Extract<Command, { type: 'agent.enroll' }>;

/** Registers one of the agents of a process. */
export function enrollAgent(step: Step, command: Enroll, position: number): Rejection | null {
  const { agentIds, incarnation, specOf, specs } = command;
  const spec = specs[specOf[position] as number];
  invariant(spec !== undefined, 'an enrolled agent has one of the specs');
  return registerAgent(step, { agentId: agentIds[position] as AgentId, incarnation, spec });
}

/**
 * Makes an agent known, or brings what is known of it up to date.
 *
 * The same incarnation keeps its leases; another one is a new process that knows nothing of them,
 * so they are taken back and their tasks queued again.
 */
export function registerAgent(step: Step, command: Register): Rejection | null {
  const { state, events } = step;
  const known = state.agents.get(command.agentId);
  if (known === undefined) return addAgent(step, command);
  if (known.incarnation !== command.incarnation) loseAllLeases(step, known, 'agent_restarted');
  state.agentChanges.touch(known);
  // Before the old one is let go: where nothing changed it must not be forgotten in between.
  const spec = state.agentSpecs.intern(command.spec);
  if (known.state === 'ready') {
    state.agentSpecs.countReady(known.spec, -1);
    state.agentSpecs.countReady(spec, 1);
  }
  state.agentSpecs.release(known.spec);
  known.spec = spec;
  known.incarnation = command.incarnation;
  setAgentState(step, known, 'ready');
  events.push({ type: 'agent.registered', agent: known });
  return null;
}

function addAgent({ state, events }: Step, command: Register): Rejection | null {
  if (state.agents.size >= state.settings.agentsMax) {
    return reject('AGENT_LIMIT', `at most ${state.settings.agentsMax} agents can register`, {
      agentsMax: state.settings.agentsMax,
    });
  }
  const agent = new AgentRecord(state.agentStandings, {
    id: command.agentId,
    spec: state.agentSpecs.intern(command.spec),
    incarnation: command.incarnation,
    state: 'ready',
    stateAt: state.nowMs,
    registeredAt: state.nowMs,
    ...UNTRACKED,
  });
  agent.breaker = state.records.breakers.get(breakerKey('agent', command.agentId)) ?? null;
  state.agents.set(agent.id, agent);
  state.agentChanges.touch(agent);
  if (state.records.kills.get(killKey('agent', agent.id)) !== undefined) agent.state = 'killed';
  else state.agentSpecs.countReady(agent.spec, 1);
  events.push({ type: 'agent.registered', agent });
  return null;
}

/** Lets the agent finish what it has and gives it nothing more. */
export function drainAgent(step: Step, agentId: AgentId): Rejection | null {
  const agent = step.state.agents.get(agentId);
  if (agent === undefined) return unknown(agentId);
  setAgentState(step, agent, 'draining');
  return null;
}

/** Takes its tasks back from an agent that fell silent. */
export function loseAgent(step: Step, agentId: AgentId): Rejection | null {
  const agent = step.state.agents.get(agentId);
  if (agent === undefined) return unknown(agentId);
  loseLeases(step, agent, 'agent_lost');
  setAgentState(step, agent, 'lost');
  return null;
}

/** Welcomes back an agent that was lost or draining. */
export function welcomeAgent(step: Step, agentId: AgentId): Rejection | null {
  const agent = step.state.agents.get(agentId);
  if (agent === undefined) return unknown(agentId);
  setAgentState(step, agent, 'ready');
  return null;
}

/** Forgets the agent; its tasks are queued again. */
export function removeAgent(step: Step, agentId: AgentId): Rejection | null {
  const { state, events } = step;
  const agent = state.agents.get(agentId);
  if (agent === undefined) return unknown(agentId);
  loseAllLeases(step, agent, 'agent_removed');
  state.agentChanges.remove(agent);
  state.agents.delete(agentId);
  if (agent.state === 'ready') state.agentSpecs.countReady(agent.spec, -1);
  state.agentSpecs.release(agent.spec);
  events.push({ type: 'agent.removed', agent });
  return null;
}

function unknown(agentId: AgentId): Rejection {
  return reject('AGENT_NOT_FOUND', `an agent must be registered, got ${agentId}`, { agentId });
}

/** Brings an agent into a state; a killed one can only be lost beside that. */
export function setAgentState({ state, events }: Step, agent: Agent, wanted: AgentState): void {
  const { kills } = state.records;
  const isKilled = kills.size > 0 && kills.get(killKey('agent', agent.id)) !== undefined;
  const to = isKilled && wanted !== 'lost' ? 'killed' : wanted;
  if (agent.state === to) return;
  state.agentChanges.touch(agent);
  if (agent.state === 'ready') state.agentSpecs.countReady(agent.spec, -1);
  if (to === 'ready') state.agentSpecs.countReady(agent.spec, 1);
  agent.state = to;
  agent.stateAt = state.nowMs;
  events.push({ type: 'agent.changed', agent });
}
