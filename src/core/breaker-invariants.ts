import { invariant } from '../base/invariant.ts';
import { breakerKey, type Breaker } from './breaker.ts';
import { BreakerGate } from './breaker-gate.ts';
import { gatesOfSpec } from './breaker-links.ts';
import type { AgentId } from './ids.ts';
import type { CoreState } from './state.ts';
import { isLeased } from './task.ts';

/** Checks I18 of `state.ts`. */
export function checkBreakers(state: CoreState): void {
  const probes = new Map<Breaker, number>();
  const count = (breaker: Breaker | null | undefined, token: number): void => {
    if (breaker == null || breaker.state !== 'half-open' || token < breaker.probeFrom) return;
    probes.set(breaker, (probes.get(breaker) ?? 0) + 1);
  };
  const { breakers } = state.records;
  for (const task of state.tasks.values()) {
    if (!isLeased(task) || task.agentId === null) continue;
    count(state.agents.get(task.agentId)?.breaker, task.fencingToken);
    for (const { gate } of task.profile.gates ?? []) {
      if (gate instanceof BreakerGate) count(gate.breaker, task.fencingToken);
    }
  }
  for (const breaker of breakers.values()) {
    const running = probes.get(breaker) ?? 0;
    invariant(
      breaker.probes === running,
      `I18: ${breaker.key} counts ${breaker.probes} of ${running}`,
    );
    invariant(breaker.dueAt === breaker.alarmAt, `I18: ${breaker.key} is looked at when it says`);
    if (breaker.kind === 'agent') {
      const agent = state.agents.get(breaker.name as AgentId);
      invariant(agent === undefined || agent.breaker === breaker, `I18: ${breaker.key} is linked`);
    }
  }
  for (const agent of state.agents.values()) {
    const known = breakers.get(breakerKey('agent', agent.id)) ?? null;
    invariant(agent.breaker === known, `I18: agent ${agent.id} has the breaker that is kept`);
  }
  checkGatesOfBreakers(state);
}

function checkGatesOfBreakers(state: CoreState): void {
  const refs = new Map<BreakerGate, number>();
  for (const profile of state.profiles.values()) {
    const wanted = gatesOfSpec(state, profile.spec)?.map(({ gate }) => gate);
    const has = profile.gates?.map(({ gate }) => gate);
    const isSame =
      wanted?.length === has?.length && (wanted ?? []).every((gate, i) => has?.[i] === gate);
    invariant(isSame, `I18: profile ${profile.id} passes the gates of its breakers`);
    for (const gate of has ?? []) {
      if (gate instanceof BreakerGate) refs.set(gate, (refs.get(gate) ?? 0) + 1);
    }
  }
  for (const [key, gate] of state.breakerGates) {
    const kept = state.records.breakers.get(key) ?? null;
    invariant(gate.breaker === kept, `I18: ${gate.key} has the breaker that is kept`);
    const isNeeded = gate.kind === 'downstream' ? gate.refs > 0 : kept?.state !== 'closed';
    invariant(isNeeded, `I18: ${gate.key} is needed`);
    const used = gate.kind === 'downstream' ? (refs.get(gate) ?? 0) : gate.refs;
    invariant(gate.refs === used, `I18: ${gate.key} counts ${gate.refs} of ${used} profiles`);
  }
}
