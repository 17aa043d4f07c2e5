import { float64Column, int32Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';

/**
 * A 4-ary heap of a pool's members, the least key on top, that finds any of them by its number.
 *
 * Keys lie where the heap reads them, those of the children of a place together: among a million a change costs half as many
 * misses as one that looks each member's key up. O(log n), no allocation; 16 bytes a member. Equal keys are in no order.
 */
export class KeyedHeap {
  /** By place. */
  #keys: Float64Array;
  #members: Int32Array;
  /** Place of a member in the heap plus one, or 0. */
  #places: Int32Array;
  #size = 0;

  /** @param capacity - members that there is room for at first */
  constructor(capacity = 8) {
    this.#keys = float64Column(capacity);
    this.#members = int32Column(capacity);
    this.#places = int32Column(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** The member with the least key, or -1. */
  get top(): number {
    return this.#size === 0 ? -1 : (this.#members[0] as number);
  }

  has(member: number): boolean {
    return (this.#places[member] ?? 0) > 0;
  }

  /** Reads what a change of the member will read; the number means nothing. */
  touch(member: number): number {
    const place = this.#places[member] as number;
    return place === 0 ? 0 : (this.#keys[place - 1] as number) + (this.#keys[place * 4] ?? 0);
  }

  /** Adds the member, or gives it another key. */
  put(member: number, key: number): void {
    while (member >= this.#places.length) this.#grow();
    const place = (this.#places[member] as number) - 1;
    if (place < 0) this.#rise(member, key, this.#size++);
    else this.#settle(member, key, place);
  }

  /** Takes the member out, if it is there. */
  remove(member: number): void {
    if (!this.has(member)) return;
    const place = (this.#places[member] as number) - 1;
    this.#places[member] = 0;
    this.#size -= 1;
    const last = this.#members[this.#size] as number;
    if (last !== member) this.#settle(last, this.#keys[this.#size] as number, place);
  }

  #settle(member: number, key: number, place: number): void {
    this.#sink(member, key, place);
    if (this.#places[member] === place + 1) this.#rise(member, key, place);
  }

  #rise(member: number, key: number, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 2;
      const keyAbove = this.#keys[above] as number;
      if (!(key < keyAbove)) break;
      this.#set(this.#members[above] as number, keyAbove, place);
      place = above;
    }
    this.#set(member, key, place);
  }

  #sink(member: number, key: number, from: number): void {
    let place = from;
    for (;;) {
      const child = this.#firstChild(place);
      if (child < 0) break;
      const keyBelow = this.#keys[child] as number;
      if (!(keyBelow < key)) break;
      this.#set(this.#members[child] as number, keyBelow, place);
      place = child;
    }
    this.#set(member, key, place);
  }

  #firstChild(place: number): number {
    const first = 4 * place + 1;
    if (first >= this.#size) return -1;
    const end = Math.min(first + 4, this.#size);
    let best = first;
    for (let child = first + 1; child < end; child++) {
      if ((this.#keys[child] as number) < (this.#keys[best] as number)) best = child;
    }
    return best;
  }

  #set(member: number, key: number, place: number): void {
    this.#keys[place] = key;
    this.#members[place] = member;
    this.#places[member] = place + 1;
  }

  #grow(): void {
    const capacity = grownCapacity(this.#places.length);
    this.#keys = grown(this.#keys, float64Column(capacity));
    this.#members = grown(this.#members, int32Column(capacity));
    this.#places = grown(this.#places, int32Column(capacity));
  }
}
