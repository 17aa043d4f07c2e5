import { int32Column } from '../../base/columns.ts';
import { capacityFor, grown, grownCapacity } from '../../base/grown.ts';
import type { Pool } from '../pool.ts';
import type { Strategy } from '../strategy.ts';

/**
 * Each available agent in turn.
 *
 * A circle of members, linked both ways: the one picked goes to the end, and one that becomes
 * available joins at the end. O(1); 8 bytes a member.
 */
export class RoundRobin implements Strategy {
  readonly name = 'round-robin';
  readonly stateful = true;
  readonly #pool: Pool;
  /** Neighbours in the circle plus one; 0 for a member outside it. */
  #next: Int32Array;
  #previous: Int32Array;
  #first = -1;

  constructor(pool: Pool) {
    this.#pool = pool;
    const capacity = capacityFor(pool.numbersUsed, 8);
    this.#next = int32Column(capacity);
    this.#previous = int32Column(capacity);
  }

  added(member: number): void {
    while (member >= this.#next.length) this.#grow();
    this.changed(member);
  }

  removed(member: number): void {
    if (this.#next[member] !== 0) this.#takeOut(member);
  }

  changed(member: number): void {
    const isIn = this.#next[member] !== 0;
    const available = this.#pool.isAvailable(member);
    if (available && !isIn) this.#append(member);
    else if (!available && isIn) this.#takeOut(member);
  }

  pick(): number {
    return this.#first;
  }

  picked(member: number): void {
    if (member === this.#first) this.#first = (this.#next[member] as number) - 1;
    else {
      this.#takeOut(member);
      this.#append(member);
    }
  }

  reason(): string {
    return `its turn, of ${this.#pool.availableCount} available`;
  }

  #append(member: number): void {
    if (this.#first < 0) {
      this.#first = member;
      this.#join(member, member);
      return;
    }
    const last = (this.#previous[this.#first] as number) - 1;
    this.#join(last, member);
    this.#join(member, this.#first);
  }

  #takeOut(member: number): void {
    const next = (this.#next[member] as number) - 1;
    const previous = (this.#previous[member] as number) - 1;
    if (next === member) this.#first = -1;
    else {
      this.#join(previous, next);
      if (this.#first === member) this.#first = next;
    }
    this.#next[member] = 0;
    this.#previous[member] = 0;
  }

  #join(before: number, after: number): void {
    this.#next[before] = after + 1;
    this.#previous[after] = before + 1;
  }

  #grow(): void {
    const capacity = grownCapacity(this.#next.length);
    this.#next = grown(this.#next, int32Column(capacity));
    this.#previous = grown(this.#previous, int32Column(capacity));
  }
}
