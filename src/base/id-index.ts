import { invariant } from './invariant.ts';

const SLOTS_MIN = 64;

/**
 * Finds the number of an id: what a `Map<Id, number>` does in less memory, where the ids themselves are kept
 * elsewhere under their numbers. 11 to 22 bytes an id.
 *
 * Open addressing with linear probing, at most three quarters full; one that is removed closes its gap, so
 * that nothing is left behind. O(1) amortised. A doubling costs O(n), but reads no id: hashes stand beside the
 * numbers, or else a million texts would have to be fetched while everybody waits.
 */
export class IdIndex<Id extends string> {
  readonly #idOf: (number: number) => Id;
  readonly #seed: number;
  /** Two fields a slot: number plus one, or 0 for none; and the hash of its id. */
  #slots: Int32Array = new Int32Array(SLOTS_MIN * 2);
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
    return (this.#slots[this.#placeOf(id, hashOf(id, this.#seed))] as number) - 1;
  }

  /** Puts in an id that is not there. */
  add(id: Id, number: number): void {
    if ((this.#size + 1) * 8 > this.#slots.length * 3) this.#resize(this.#slots.length);
    const hash = hashOf(id, this.#seed);
    const place = this.#placeOf(id, hash);
    invariant(this.#slots[place] === 0, 'an id is added once');
    this.#slots[place] = number + 1;
    this.#slots[place + 1] = hash;
    this.#size += 1;
  }

  /** Makes room for so many ids in one step. */
  reserve(count: number): void {
    let slots = this.#slots.length / 2;
    while (count * 4 > slots * 3) slots *= 2;
    if (slots * 2 > this.#slots.length) this.#resize(slots);
  }

  /** Takes out an id; returns its number, or -1. */
  remove(id: Id): number {
    const slots = this.#slots;
    let gap = this.#placeOf(id, hashOf(id, this.#seed));
    const number = (slots[gap] as number) - 1;
    if (number < 0) return -1;
    this.#size -= 1;
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
    return number;
  }

  /** Where the id is, or the empty slot where it would be. */
  #placeOf(id: Id, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let place = (hash << 1) & mask;
    for (;;) {
      const value = slots[place] as number;
      if (value === 0) return place;
      if (slots[place + 1] === hash && this.#idOf(value - 1) === id) return place;
      place = (place + 2) & mask;
    }
  }

  #resize(slotCount: number): void {
    const old = this.#slots;
    const slots = new Int32Array(slotCount * 2);
    const mask = slots.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] === 0) continue;
      let place = ((old[from + 1] as number) << 1) & mask;
      while (slots[place] !== 0) place = (place + 2) & mask;
      slots[place] = old[from] as number;
      slots[place + 1] = old[from + 1] as number;
    }
    this.#slots = slots;
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
