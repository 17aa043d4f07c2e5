/**
 * Tasks of one key go to the same agent, as far as a bound on its load allows.
 *
 * Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, SODA 2018): the key's
 * place on the ring names its agent; where that one holds its bound already, the next on the ring
 * that does not takes the task. The bound is ⌈c · (m + 1) · s / S⌉ tasks for an agent of s slots,
 * with m tasks in flight and S slots over all agents that serve; the paper's is the case of equal
 * slots. An agent that is full or away is passed and keeps its places, so its keys come back to it.
 * O(log n).
 */
import { BoundedLoads } from '../bounded-loads.ts';
import { hash32 } from '../../base/hash.ts';
import { invariant } from '../../base/invariant.ts';
import { capacityFor } from '../../base/grown.ts';
import type { Pool } from '../pool.ts';
import type { Choice, Strategy } from '../strategy.ts';

/** The paper's c: most load of an agent, relative to its even share. */
export const LOAD_FACTOR_MAX = 1.25;

/** Keys that are looked at ahead of their turn, at most. */
const FORESEEN_MAX = 64;
/** Members from which on that is worth hashing keys twice. */
const LARGE = 16_384;

export class ConsistentHash implements Strategy {
  readonly name = 'consistent-hash';
  readonly stateful = true;
  readonly #pool: Pool;
  readonly #loads: BoundedLoads;
  /** All that was only read to have it at hand, added up. */
  touched = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    const capacity = capacityFor(pool.numbersUsed + 1, 8);
    this.#loads = new BoundedLoads(LOAD_FACTOR_MAX, { capacity });
  }

  scattered(): readonly (Int32Array | Float64Array)[] {
    return this.#loads.scattered;
  }

  added(member: number): void {
    this.#loads.add(member, hash32(this.#idOf(member)));
    this.changed(member);
  }

  removed(member: number): void {
    this.#loads.remove(member);
  }

  changed(member: number): void {
    const { table } = this.#pool;
    const agent = this.#pool.agentOf(member);
    if (table.isServing(agent)) {
      const isOpen = this.#pool.isAvailable(member);
      this.#loads.set(member, table.slots(agent), table.inFlight(agent), isOpen);
    } else {
      this.#loads.set(member, 0, 0, this.#pool.isAvailable(member));
    }
  }

  pick({ key }: Choice): number {
    const member = this.#loads.find(hash32(key));
    invariant(member >= 0, 'while an agent is available, one is below the bound');
    return member;
  }

  foresee(keys: readonly string[]): void {
    if (this.#pool.numbersUsed < LARGE) return;
    const positions = keys.slice(0, FORESEEN_MAX).map((key) => hash32(key));
    this.touched += this.#loads.foresee(positions);
  }

  picked(): void {}

  reason(member: number, { key }: Choice): string {
    const home = this.#loads.home(hash32(key));
    if (home === member) return `first available on the ring from key ${key}`;
    const slots = this.#pool.table.slots(this.#pool.agentOf(home));
    const bound = this.#loads.boundOf(slots);
    return `next on the ring from key ${key}: ${this.#idOf(home)} holds its bound of ${bound}`;
  }

  #idOf(member: number): string {
    return this.#pool.table.agentAt(this.#pool.agentOf(member)).id;
  }
}
