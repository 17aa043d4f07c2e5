import { InvariantError } from '../base/invariant.ts';
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
  /** One object for all agents with equal specs. */
  spec: AgentSpec;
  /** Names one run of the agent's process: a new one means the old one's leases are gone. */
  incarnation: string;
  state: AgentState;
  stateAt: number;
  readonly registeredAt: number;
  /** The tasks it runs, and those of them that wait for input. Changed by {@link holdLease} and {@link dropLease} only. */
  leases: Set<Task>;
  /** How many of its leases wait for input: those take no slot. */
  waiting: number;
  /** Of its calls; null while none has failed of late. Derived. */
  breaker: Breaker | null;
  /** Null until it dissented from others. */
  trust: Trust | null;
}

/** Slots in use. May be more than there are: an answered task takes its slot again at once. */
export function slotsUsed(agent: Agent): number {
  return agent.leases.size - agent.waiting;
}

/** Whether the agent meets the requirement behind a profile; O(1) for a spec that was asked about before. */
export function agentMeets({ id, spec }: Agent, profile: Profile): boolean {
  const { agent } = profile.spec.requires;
  return (agent === undefined || agent === id) && specMeets(spec, profile);
}

/** Whether agents of a spec meet it, but for the one agent that it may name. */
export function specMeets(spec: AgentSpec, { meets, spec: task }: Profile): boolean {
  let answer = meets.get(spec);
  if (answer === undefined) {
    answer = meetsRequirement(spec, task.requires);
    if (meets.size >= MEETS_CACHED_MAX) meets.clear();
    meets.set(spec, answer);
  }
  return answer;
}

/** Specs of agents remembered per profile. */
const MEETS_CACHED_MAX = 64;

/** Most of a million agents are idle: a set for each would take more than all the rest of it. */
class NoLeases extends Set<Task> {
  override add(): this {
    throw new InvariantError('an agent gets a lease by holdLease');
  }
}

/** What agents without a lease share. */
export const NO_LEASES: Set<Task> = new NoLeases();

export function holdLease(agent: Agent, task: Task): void {
  if (agent.leases === NO_LEASES) agent.leases = new Set();
  agent.leases.add(task);
}

/** False where it does not hold it. */
export function dropLease(agent: Agent, task: Task): boolean {
  const isHeld = agent.leases.delete(task);
  if (agent.leases.size === 0) agent.leases = NO_LEASES;
  return isHeld;
}
