/** How breakers hang on agents, and their gates on the profiles of tasks. All of it is derived. */
import { breakerKey, type Breaker } from './breaker.ts';
import { BreakerGate } from './breaker-gate.ts';
import type { GateUse } from './gate.ts';
import type { AgentId } from './ids.ts';
import type { Profile } from './profile.ts';
import type { TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';

/** The gates that all tasks of a spec pass: those in the state, or new ones where it has none; null for most. */
export function gatesOfSpec(state: CoreState, spec: TaskSpec): readonly GateUse[] | null {
  const downstreams = spec.rules?.downstreams;
  const { breakers } = state.records;
  if (downstreams === undefined && breakers.size === 0) return null;
  const gates: BreakerGate[] = [...new Set(downstreams)].map((name) => {
    const key = breakerKey('downstream', name);
    const known = state.breakerGates.get(key);
    return known ?? new BreakerGate('downstream', name, breakers.get(key) ?? null);
  });
  for (const name of spec.requires.capabilities) {
    const gate = state.breakerGates.get(breakerKey('capability', name));
    if (gate !== undefined) gates.push(gate);
  }
  return gates.length === 0 ? null : gates.map((gate) => ({ gate, units: 1, limit: 0 }));
}

/** Gives a new profile its gates. */
export function joinBreakers(state: CoreState, profile: Profile): void {
  profile.gates = gatesOfSpec(state, profile.spec);
  for (const { gate } of profile.gates ?? []) {
    if (!(gate instanceof BreakerGate) || gate.kind !== 'downstream') continue;
    gate.refs += 1;
    state.breakerGates.set(breakerKey(gate.kind, gate.name), gate);
  }
}

/** A profile goes with its last task. */
export function leaveBreakers(state: CoreState, profile: Profile): void {
  for (const { gate } of profile.gates ?? []) {
    if (!(gate instanceof BreakerGate) || gate.kind !== 'downstream') continue;
    gate.refs -= 1;
    if (gate.refs === 0) state.breakerGates.delete(breakerKey(gate.kind, gate.name));
  }
}

/** Hangs a breaker where it is looked at. */
export function link(state: CoreState, breaker: Breaker): void {
  if (breaker.kind === 'agent') {
    const agent = state.agents.get(breaker.name as AgentId);
    if (agent !== undefined) agent.breaker = breaker;
    return;
  }
  const gate = state.breakerGates.get(breaker.key);
  if (gate !== undefined) gate.breaker = breaker;
}

export function unlink(state: CoreState, breaker: Breaker): void {
  if (breaker.kind === 'agent') {
    const agent = state.agents.get(breaker.name as AgentId);
    if (agent !== undefined) agent.breaker = null;
    return;
  }
  const gate = state.breakerGates.get(breaker.key);
  if (gate !== undefined) gate.breaker = null;
}

/**
 * A breaker came into another state: puts its gate in the way of tasks, or out of it, and says so.
 *
 * O(profiles) where a capability's breaker left the closed state or came back to it.
 */
export function moveGate({ events, state }: Step, breaker: Breaker): void {
  const { key, kind, name } = breaker;
  if (kind === 'agent') return;
  const known = state.breakerGates.get(key);
  if (kind === 'downstream') {
    if (known !== undefined) events.push({ type: 'gate.changed', gate: known });
    return;
  }
  const isInTheWay = breaker.state !== 'closed';
  if (known !== undefined && isInTheWay) {
    events.push({ type: 'gate.changed', gate: known });
    return;
  }
  if (known === undefined && !isInTheWay) return;
  if (known === undefined) state.breakerGates.set(key, new BreakerGate(kind, name, breaker));
  else state.breakerGates.delete(key);
  for (const profile of state.profiles.values()) {
    if (!profile.spec.requires.capabilities.includes(name)) continue;
    profile.gates = gatesOfSpec(state, profile.spec);
  }
  if (known !== undefined) events.push({ type: 'gate.removed', gate: known });
}

/** Hangs restored breakers up again. */
export function restoreBreakers(state: CoreState): void {
  for (const breaker of state.records.breakers.values()) {
    state.alarms.arm(breaker, breaker.alarmAt);
    if (breaker.kind === 'capability' && breaker.state !== 'closed') {
      state.breakerGates.set(breaker.key, new BreakerGate(breaker.kind, breaker.name, breaker));
    }
    link(state, breaker);
  }
  for (const profile of state.profiles.values()) joinBreakers(state, profile);
}
