import { int32Column } from './columns.ts';
import { invariant } from './invariant.ts';

const SLOTS_MIN = 64;

/** Slots of the old table that are moved with each change, two numbers each. */
const MOVED_AT_ONCE = 64;
/** In the old table: one that was removed. */
const REMOVED = -1;

/**
 * Finds the number of an id: what a `Map<Id, number>` does in less memory, where the ids themselves are kept
 * elsewhere under their numbers. 11 to 22 bytes an id.
 *
 * Open addressing with linear probing, at most three quarters full; one that is removed closes its gap, so
 * that nothing is left behind. O(1): when it is doubled what it holds is moved bit by bit with the changes that
 * follow, and no id is read for that, since hashes stand beside the numbers.
 */
export class IdIndex<Id extends string> {
  readonly #idOf: (number: number) => Id;
  readonly #seed: number;
  /** Two fields a slot: number plus one, or 0 for none; and the hash of its id. */
  #slots: Int32Array = new Int32Array(SLOTS_MIN * 2);
  /** The table before the last doubling, while not all of it was moved; below `#moved` it holds copies. */
  #old: Int32Array | null = null;
  #moved = 0;
  #size = 0;

  /**
   * @param idOf - the id of a number that was put in here
   * @param seed - of the hash: with one that others do not know they cannot choose ids that collide
   */
  constructor(idOf: (number: number) => Id, seed = 0) {
    this.#idOf = idOf;
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#size;
  }

  /** The number of an id, or -1. */
  find(id: Id): number {
    const hash = hashOf(id, this.#seed);
    const value = this.#slots[this.#placeOf(this.#slots, id, hash)] as number;
    if (value !== 0 || this.#old === null) return value - 1;
    return (this.#old[this.#placeOf(this.#old, id, hash)] as number) - 1;
  }

  /** Puts in an id that is not there. */
  add(id: Id, number: number): void {
    if ((this.#size + 1) * 8 > this.#slots.length * 3) this.#resize(this.#slots.length);
    const hash = hashOf(id, this.#seed);
    const place = this.#placeOf(this.#slots, id, hash);
    const old = this.#old;
    const isThere =
      this.#slots[place] !== 0 || (old !== null && old[this.#placeOf(old, id, hash)] !== 0);
    invariant(!isThere, 'an id is added once');
    this.#slots[place] = number + 1;
    this.#slots[place + 1] = hash;
    this.#size += 1;
    if (this.#old !== null) this.#moveOn(MOVED_AT_ONCE);
  }

  /** Makes room for so many ids in one step. */
  reserve(count: number): void {
    let slots = this.#slots.length / 2;
    while (count * 4 > slots * 3) slots *= 2;
    if (slots * 2 <= this.#slots.length) return;
    this.#resize(slots);
    this.#moveOn(slots);
  }

  /** Takes out an id; returns its number, or -1. */
  remove(id: Id): number {
    const hash = hashOf(id, this.#seed);
    const number = this.find(id);
    if (number < 0) return -1;
    if (this.#old !== null) {
      const place = this.#placeOf(this.#old, id, hash);
      if (this.#old[place] !== 0) this.#old[place] = REMOVED;
    }
    const place = this.#placeOf(this.#slots, id, hash);
    if (this.#slots[place] !== 0) this.#close(place);
    this.#size -= 1;
    if (this.#old !== null) this.#moveOn(MOVED_AT_ONCE);
    return number;
  }

  /** Empties a slot, and moves those behind it that could not be found past it. */
  #close(from: number): void {
    const slots = this.#slots;
    let gap = from;
    const mask = slots.length - 1;
    for (let place = (gap + 2) & mask; slots[place] !== 0; place = (place + 2) & mask) {
      const home = ((slots[place + 1] as number) << 1) & mask;
      // It may move into the gap unless that lies before where its search begins.
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      slots[gap] = slots[place] as number;
      slots[gap + 1] = slots[place + 1] as number;
      gap = place;
    }
    slots[gap] = 0;
  }

  /** Where the id is, or the empty slot where it would be. */
  #placeOf(slots: Int32Array, id: Id, hash: number): number {
    const mask = slots.length - 1;
    let place = (hash << 1) & mask;
    for (;;) {
      const value = slots[place] as number;
      if (value === 0) return place;
      if (value > 0 && slots[place + 1] === hash && this.#idOf(value - 1) === id) return place;
      place = (place + 2) & mask;
    }
  }

  /** Begins to move to a larger table; what is left of the move before is made first. */
  #resize(slotCount: number): void {
    if (this.#old !== null) this.#moveOn(this.#old.length);
    this.#old = this.#slots;
    this.#moved = 0;
    this.#slots = int32Column(slotCount * 2);
  }

  #moveOn(slotCount: number): void {
    const old = this.#old;
    if (old === null) return;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const end = Math.min(this.#moved + slotCount * 2, old.length);
    for (let from = this.#moved; from < end; from += 2) {
      if ((old[from] as number) <= 0) continue;
      let place = ((old[from + 1] as number) << 1) & mask;
      while (slots[place] !== 0) place = (place + 2) & mask;
      slots[place] = old[from] as number;
      slots[place + 1] = old[from + 1] as number;
    }
    this.#moved = end;
    if (end === old.length) this.#old = null;
  }
}

/** FNV-1a over UTF-16 units, with the mixing of MurmurHash3 at the end: low bits decide the slot. */
function hashOf(id: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
