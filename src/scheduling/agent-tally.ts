import { int32Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import type { AgentState } from '../core/index.ts';

/** How many agents there are of each state, and what they can take and have. */
export interface AgentSums extends Readonly<Record<AgentState, number>> {
  /** Slots of all that are not lost. */
  readonly slots: number;
  /** Slots that are taken, as the batch at hand will leave it. */
  readonly slotsUsed: number;
}

const STATES: readonly AgentState[] = ['ready', 'draining', 'lost', 'killed'];

/** Counts of a table's agents, kept up as they change: with a million of them nobody may count when asked. 4 bytes an agent. */
export class AgentTally {
  readonly #counts = new Int32Array(STATES.length);
  /** By agent, what it adds to the sum of slots. */
  #slotsOf: Int32Array = new Int32Array(64);
  #slots = 0;
  #slotsUsed = 0;

  sums(): AgentSums {
    const [ready = 0, draining = 0, lost = 0, killed = 0] = this.#counts;
    return { ready, draining, lost, killed, slots: this.#slots, slotsUsed: this.#slotsUsed };
  }

  /** Adds an agent without slots. @param state - its place among ready, draining, lost and killed */
  enter(agent: number, state: number): void {
    if (agent >= this.#slotsOf.length)
      this.#slotsOf = grown(this.#slotsOf, int32Column(grownCapacity(this.#slotsOf.length)));
    this.#slotsOf[agent] = 0;
    this.#count(state, 1);
  }

  /** Takes out an agent whose slots were set to 0 before. */
  leave(state: number): void {
    this.#count(state, -1);
  }

  move(from: number, to: number): void {
    if (from === to) return;
    this.#count(from, -1);
    this.#count(to, 1);
  }

  setSlots(agent: number, slots: number): void {
    this.#slots += slots - (this.#slotsOf[agent] as number);
    this.#slotsOf[agent] = slots;
  }

  use(slots: number): void {
    this.#slotsUsed += slots;
  }

  #count(state: number, by: number): void {
    this.#counts[state] = (this.#counts[state] as number) + by;
  }
}
