import { float64Column } from '../../base/columns.ts';
import { capacityFor, grown, grownCapacity } from '../../base/grown.ts';
import { MemberHeap } from '../member-heap.ts';
import type { Pool } from '../pool.ts';
import type { Strategy } from '../strategy.ts';

/**
 * The available agent with the smallest share of its slots taken.
 *
 * Ties go to the cheaper, then to the one picked longest ago. O(log n), for every change of load
 * too; 32 bytes a member.
 */
export class LeastLoaded implements Strategy {
  readonly name = 'least-loaded';
  readonly stateful = true;
  readonly #pool: Pool;
  /** By member; kept here, because the heap must see them change one member at a time. */
  #records: Float64Array;
  readonly #heap: MemberHeap;
  #picks = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    const capacity = capacityFor(pool.numbersUsed, 8);
    this.#records = float64Column(capacity * FIELDS);
    this.#heap = new MemberHeap((a, b) => this.#isBefore(a, b), capacity);
  }

  added(member: number): void {
    while (member * FIELDS >= this.#records.length) {
      const capacity = grownCapacity(this.#records.length / FIELDS);
      this.#records = grown(this.#records, float64Column(capacity * FIELDS));
    }
    this.#records[member * FIELDS + PICKED_AT] = 0;
    this.changed(member);
  }

  removed(member: number): void {
    this.#heap.remove(member);
  }

  changed(member: number): void {
    if (!this.#pool.isAvailable(member)) {
      this.#heap.remove(member);
      return;
    }
    const { table } = this.#pool;
    const agent = this.#pool.agentOf(member);
    this.#records[member * FIELDS + LOAD] = table.load(agent);
    this.#records[member * FIELDS + COST] = table.cost(agent);
    this.#heap.put(member);
  }

  pick(): number {
    return this.#heap.top;
  }

  picked(member: number): void {
    this.#picks += 1;
    this.#records[member * FIELDS + PICKED_AT] = this.#picks;
    this.#heap.put(member);
  }

  reason(member: number): string {
    const { table, availableCount } = this.#pool;
    const agent = this.#pool.agentOf(member);
    const taken = `${table.inFlight(agent)} of ${table.slots(agent)} slots taken`;
    return `the least loaded of ${availableCount} available (${taken})`;
  }

  #isBefore(a: number, b: number): boolean {
    const loads = this.#get(a, LOAD) - this.#get(b, LOAD);
    if (loads !== 0) return loads < 0;
    const costs = this.#get(a, COST) - this.#get(b, COST);
    if (costs !== 0) return costs < 0;
    return this.#get(a, PICKED_AT) < this.#get(b, PICKED_AT);
  }

  #get(member: number, field: number): number {
    return this.#records[member * FIELDS + field] as number;
  }
}

/** Fields of a record, padded so that none lies on two cache lines. */
const LOAD = 0;
const COST = 1;
const PICKED_AT = 2;
const FIELDS = 4;
