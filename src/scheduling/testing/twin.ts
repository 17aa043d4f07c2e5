/**
 * A plain scheduler's idea of what may be proposed: arrays, filters and sorts over everything.
 *
 * It holds what core would hold, says which task must be placed next and which agents may get it, and
 * leaves the choice among those to the strategy under test.
 */
import type { Agent, Task } from '../../core/index.ts';
import type { Standing } from '../agent-table.ts';
import { canTake } from './fixtures.ts';

export interface TwinAgent {
  readonly agent: Agent;
  credit: number;
  /** Slots that the batch at hand frees. */
  freed: number;
  /** Slots that the batch at hand takes. */
  taken: number;
}

export class Twin {
  agents: TwinAgent[] = [];
  waiting: Task[] = [];
  running: Task[] = [];

  isAvailable({ agent, credit, freed, taken }: TwinAgent): boolean {
    const inFlight = used(agent) - freed + taken;
    return agent.state === 'ready' && inFlight < agent.spec.slots && credit > 0;
  }

  standing(one: TwinAgent): Standing {
    if (one.agent.state !== 'ready') return one.agent.state;
    if (used(one.agent) >= one.agent.spec.slots) return 'full';
    return one.credit > 0 ? 'available' : 'noCredit';
  }

  /** Agents that could be given the task now. */
  takers(task: Task): TwinAgent[] {
    return this.agents.filter((one) => this.isAvailable(one) && canTake(one.agent, task));
  }

  /** The waiting task that must be placed next, or null. */
  nextWaiting(): Task | null {
    const placeable = this.waiting.filter(
      (task) => !task.profile.queue.paused && this.takers(task).length > 0,
    );
    return placeable.toSorted(before)[0] ?? null;
  }

  /** Whether an arrival may be placed: nothing of its pool and queue waits, and an agent can take it. */
  mayPlace(arrival: Task): boolean {
    const { queue } = arrival.profile;
    if (queue.paused || this.waiting.some((task) => sameLane(task, arrival))) return false;
    return this.takers(arrival).length > 0;
  }

  /** Waiting tasks of the same pool and queue that go before `task`. */
  countAhead(task: Task): number {
    const lane = this.waiting.filter((one) => sameLane(one, task));
    return lane.filter((one) => before(one, task) < 0).length;
  }
}

/** Slots taken: not by tasks that wait for input. */
export function used(agent: Agent): number {
  return [...agent.leases].filter(({ state }) => state !== 'input_required').length;
}

function sameLane(a: Task, b: Task): boolean {
  return a.profile.queue === b.profile.queue && a.profile.signature === b.profile.signature;
}

/** Priority 9 first, then age. */
export function before(a: Task, b: Task): number {
  return b.profile.spec.priority - a.profile.spec.priority || a.seq - b.seq;
}
