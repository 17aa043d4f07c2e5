import type { Breaker } from './breaker.ts';
import type { Tracked } from './change-set.ts';
import type { AgentId } from './ids.ts';
import type { Profile } from './profile.ts';
import { meetsRequirement } from './requirement.ts';
import type { AgentSpec } from './spec.ts';
import type { Task } from './task.ts';
import type { Trust } from './trust.ts';

/** `killed`: stopped by somebody, until it is restored. */
export type AgentState = 'ready' | 'draining' | 'lost' | 'killed';

/** A registered agent as core holds it. Changed in place by core only. */
export interface Agent extends Tracked {
  readonly id: AgentId;
  spec: AgentSpec;
  /** Names one run of the agent's process: a new one means the old one's leases are gone. */
  incarnation: string;
  state: AgentState;
  stateAt: number;
  readonly registeredAt: number;
  /** The tasks it runs, and those of them that wait for input. */
  readonly leases: Set<Task>;
  /** How many of its leases wait for input: those take no slot. */
  waiting: number;
  /** Of its calls; null while none has failed of late. Derived. */
  breaker: Breaker | null;
  /** Which requirements it meets, by signature; a cache, emptied when its spec changes. */
  readonly meets: Map<string, boolean>;
  /** Null until it dissented from others. */
  trust: Trust | null;
}

/** Slots in use. May be more than there are: an answered task takes its slot again at once. */
export function slotsUsed(agent: Agent): number {
  return agent.leases.size - agent.waiting;
}

/** Whether the agent meets the requirement behind a profile; O(1) after the first question. */
export function agentMeets(agent: Agent, profile: Profile): boolean {
  let meets = agent.meets.get(profile.signature);
  if (meets === undefined) {
    meets = meetsRequirement(agent.spec, profile.spec.requires);
    if (agent.meets.size >= MEETS_CACHED_MAX) agent.meets.clear();
    agent.meets.set(profile.signature, meets);
  }
  return meets;
}

/** Signatures remembered per agent. */
const MEETS_CACHED_MAX = 64;
