import { int32Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';

/**
 * A 4-ary heap of a pool's members that finds any of them by its number.
 *
 * Every change costs O(log n) and no allocation; 8 bytes a member. Whoever changes what
 * `isBefore` compares calls `put` for that member before anything else happens to the heap.
 */
export class MemberHeap {
  #members: Int32Array;
  /** Place of a member in the heap plus one, or 0. */
  #places: Int32Array;
  #size = 0;
  readonly #isBefore: (a: number, b: number) => boolean;

  /** @param capacity - members that there is room for at first */
  constructor(isBefore: (a: number, b: number) => boolean, capacity = 8) {
    this.#members = int32Column(capacity);
    this.#places = int32Column(capacity);
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#size;
  }

  /** The first member, or -1. */
  get top(): number {
    return this.#size === 0 ? -1 : (this.#members[0] as number);
  }

  has(member: number): boolean {
    return (this.#places[member] ?? 0) > 0;
  }

  /** Adds the member, or moves it to where it belongs now. */
  put(member: number): void {
    while (member >= this.#places.length) this.#grow();
    const place = (this.#places[member] as number) - 1;
    if (place < 0) this.#rise(member, this.#size++);
    else this.#settle(member, place);
  }

  /** Takes the member out, if it is there. */
  remove(member: number): void {
    if (!this.has(member)) return;
    const place = (this.#places[member] as number) - 1;
    this.#places[member] = 0;
    this.#size -= 1;
    const last = this.#members[this.#size] as number;
    if (last !== member) this.#settle(last, place);
  }

  #settle(member: number, place: number): void {
    this.#sink(member, place);
    if (this.#places[member] === place + 1) this.#rise(member, place);
  }

  #rise(member: number, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 2;
      const parent = this.#members[above] as number;
      if (!this.#isBefore(member, parent)) break;
      this.#set(parent, place);
      place = above;
    }
    this.#set(member, place);
  }

  #sink(member: number, from: number): void {
    let place = from;
    for (;;) {
      const child = this.#firstChild(place);
      if (child < 0 || !this.#isBefore(this.#members[child] as number, member)) break;
      this.#set(this.#members[child] as number, place);
      place = child;
    }
    this.#set(member, place);
  }

  #firstChild(place: number): number {
    const first = 4 * place + 1;
    if (first >= this.#size) return -1;
    const end = Math.min(first + 4, this.#size);
    let best = first;
    for (let child = first + 1; child < end; child++) {
      if (this.#isBefore(this.#members[child] as number, this.#members[best] as number)) {
        best = child;
      }
    }
    return best;
  }

  #set(member: number, place: number): void {
    this.#members[place] = member;
    this.#places[member] = place + 1;
  }

  #grow(): void {
    const capacity = grownCapacity(this.#places.length);
    this.#members = grown(this.#members, int32Column(capacity));
    this.#places = grown(this.#places, int32Column(capacity));
  }
}
