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
import { invariant } from '../../base/invariant.ts';
import { capacityFor, grown } from '../../base/grown.ts';
import { AWAY, HashRing } from '../hash-ring.ts';
import { hash32 } from '../hash.ts';
import type { Pool } from '../pool.ts';
import type { Choice, Strategy } from '../strategy.ts';

/** The paper's c: most load of an agent, relative to its even share. */
export const LOAD_FACTOR_MAX = 1.25;

export class ConsistentHash implements Strategy {
  readonly name = 'consistent-hash';
  readonly stateful = true;
  readonly #pool: Pool;
  readonly #ring: HashRing;
  /** What each member adds to the sums below. */
  #slots: Int32Array;
  #inFlight: Int32Array;
  #slotSum = 0;
  #inFlightSum = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    const capacity = capacityFor(pool.numbersUsed, 8);
    this.#ring = new HashRing(capacity);
    this.#slots = new Int32Array(capacity);
    this.#inFlight = new Int32Array(capacity);
  }

  added(member: number): void {
    while (member >= this.#slots.length) this.#grow();
    this.#slots[member] = 0;
    this.#inFlight[member] = 0;
    this.#ring.add(member, hash32(this.#idOf(member)));
    this.changed(member);
  }

  removed(member: number): void {
    this.#count(member, 0, 0);
    this.#ring.remove(member);
  }

  changed(member: number): void {
    const { table } = this.#pool;
    const agent = this.#pool.agentOf(member);
    if (table.isServing(agent)) {
      this.#count(member, table.slots(agent), table.inFlight(agent));
    } else {
      this.#count(member, 0, 0);
    }
    this.#ring.setLoad(member, this.#pool.isAvailable(member) ? table.load(agent) : AWAY);
  }

  pick({ key }: Choice): number {
    // inFlight < ⌈x⌉ and inFlight < x are the same for a whole number, so loads compare with a share.
    const member = this.#ring.find(hash32(key), this.#shareMax());
    invariant(member >= 0, 'while an agent is available, one is below the bound');
    return member;
  }

  picked(): void {}

  reason(member: number, { key }: Choice): string {
    const home = this.#ring.find(hash32(key), AWAY);
    if (home === member) return `first available on the ring from key ${key}`;
    const share = this.#pool.table.slots(this.#pool.agentOf(home));
    const bound = Math.ceil(this.#shareMax() * share);
    return `next on the ring from key ${key}: ${this.#idOf(home)} holds its bound of ${bound}`;
  }

  #shareMax(): number {
    return (LOAD_FACTOR_MAX * (this.#inFlightSum + 1)) / this.#slotSum;
  }

  #idOf(member: number): string {
    return this.#pool.table.agentAt(this.#pool.agentOf(member)).id;
  }

  #count(member: number, slots: number, inFlight: number): void {
    this.#slotSum += slots - (this.#slots[member] as number);
    this.#inFlightSum += inFlight - (this.#inFlight[member] as number);
    this.#slots[member] = slots;
    this.#inFlight[member] = inFlight;
  }

  #grow(): void {
    const capacity = this.#slots.length * 2;
    this.#slots = grown(this.#slots, new Int32Array(capacity));
    this.#inFlight = grown(this.#inFlight, new Int32Array(capacity));
  }
}
