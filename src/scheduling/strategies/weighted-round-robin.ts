/**
 * Each available agent in proportion to its weight, spread as evenly as can be.
 *
 * Earliest eligible virtual deadline first (Stoica and Abdel-Wahab, 1995) with quanta of one task.
 * Virtual time V grows by 1/Σw a pick. The k-th task of an agent of weight w may start once V ≥ k/w
 * and is due at (k+1)/w; of those that may start, the earliest due goes next. No agent is ever a
 * whole task ahead of or behind its share, whereas deadlines alone would give a heavy agent all of
 * its tasks in a row. O(log n); 48 bytes a member.
 */
import { float64Column } from '../../base/columns.ts';
import { capacityFor, grown, grownCapacity } from '../../base/grown.ts';
import { MemberHeap } from '../member-heap.ts';
import type { Pool } from '../pool.ts';
import type { Strategy } from '../strategy.ts';

/** Slack for sums of rounded 1/w, as a share of one step of virtual time. */
const SLACK = 1e-6;

/**
 * Members that one pick finds to be eligible, at most: with equal weights all of a pool become so at once. Of the
 * rest those that may start earliest follow with the next picks.
 */
const MOVED_MAX = 256;

export class WeightedRoundRobin implements Strategy {
  readonly name = 'weighted-round-robin';
  readonly stateful = true;
  readonly #pool: Pool;
  /** Virtual time from which the member's next task may start. */
  #startAt: Float64Array;
  #dueAt: Float64Array;
  /** The weight counted in the sum, or 0. */
  #weight: Float64Array;
  readonly #early: MemberHeap;
  readonly #eligible: MemberHeap;
  #weightSum = 0;
  #virtualTime = 0;

  constructor(pool: Pool) {
    this.#pool = pool;
    const capacity = capacityFor(pool.numbersUsed, 8);
    this.#startAt = float64Column(capacity);
    this.#dueAt = float64Column(capacity);
    this.#weight = float64Column(capacity);
    this.#early = new MemberHeap((a, b) => this.#isBefore(this.#startAt, a, b), capacity);
    this.#eligible = new MemberHeap((a, b) => this.#isBefore(this.#dueAt, a, b), capacity);
  }

  added(member: number): void {
    while (member >= this.#weight.length) this.#grow();
    this.#weight[member] = 0;
    this.#startAt[member] = this.#virtualTime;
    this.changed(member);
  }

  removed(member: number): void {
    if (this.#weight[member] !== 0) this.#leave(member);
  }

  changed(member: number): void {
    const { table } = this.#pool;
    const available = this.#pool.isAvailable(member);
    const weight = available ? table.weight(this.#pool.agentOf(member)) : 0;
    if (weight === this.#weight[member]) return;
    if (this.#weight[member] !== 0) this.#leave(member);
    if (weight > 0) this.#join(member, weight);
  }

  pick(): number {
    const now = this.#virtualTime + SLACK / this.#weightSum;
    for (let moved = 0; moved < MOVED_MAX && this.#early.size > 0; moved++) {
      const member = this.#early.top;
      if ((this.#startAt[member] as number) > now) break;
      this.#early.remove(member);
      this.#eligible.put(member);
    }
    return this.#eligible.size > 0 ? this.#eligible.top : this.#early.top;
  }

  picked(member: number): void {
    const startAt = this.#startAt[member] as number;
    // Those that lagged left: nobody may start, so time goes on to the next who may.
    this.#virtualTime = Math.max(this.#virtualTime, this.#eligible.has(member) ? 0 : startAt);
    this.#virtualTime += 1 / this.#weightSum;
    this.#eligible.remove(member);
    this.#startAt[member] = this.#dueAt[member] as number;
    this.#dueAt[member] = this.#startAt[member] + 1 / (this.#weight[member] as number);
    this.#early.put(member);
  }

  reason(member: number): string {
    const weight = this.#weight[member] as number;
    return `furthest behind its share: weight ${weight} of ${this.#weightSum} available`;
  }

  #join(member: number, weight: number): void {
    this.#weight[member] = weight;
    this.#weightSum += weight;
    // Turns that passed while it was away are not owed to it.
    this.#startAt[member] = Math.max(this.#startAt[member] as number, this.#virtualTime);
    this.#dueAt[member] = this.#startAt[member] + 1 / weight;
    // Who may start at once need not be moved there when the next one is picked.
    const now = this.#virtualTime + SLACK / this.#weightSum;
    if (this.#startAt[member] <= now) this.#eligible.put(member);
    else this.#early.put(member);
  }

  #leave(member: number): void {
    this.#early.remove(member);
    this.#eligible.remove(member);
    this.#weightSum -= this.#weight[member] as number;
    this.#weight[member] = 0;
    if (this.#early.size + this.#eligible.size === 0) this.#weightSum = 0;
  }

  #isBefore(column: Float64Array, a: number, b: number): boolean {
    const timeA = column[a] as number;
    const timeB = column[b] as number;
    return timeA < timeB || (timeA === timeB && a < b);
  }

  #grow(): void {
    const capacity = grownCapacity(this.#weight.length);
    this.#startAt = grown(this.#startAt, float64Column(capacity));
    this.#dueAt = grown(this.#dueAt, float64Column(capacity));
    this.#weight = grown(this.#weight, float64Column(capacity));
  }
}
