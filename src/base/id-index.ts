import { invariant } from './invariant.ts';

const SLOTS_MIN = 64;

/**
 * Finds the number of an id: what a `Map<Id, number>` does in a third of the memory, where the ids
 * themselves are kept elsewhere under their numbers. 5 to 11 bytes an id.
 *
 * Open addressing with linear probing, at most three quarters full; one that is removed closes its gap, so
 * that nothing is left behind. O(1) amortised; a doubling costs O(n).
 */
export class IdIndex<Id extends string> {
  readonly #idOf: (number: number) => Id;
  readonly #seed: number;
  /** Number plus one by slot; 0 for none. */
  #slots: Int32Array = new Int32Array(SLOTS_MIN);
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
    return (this.#slots[this.#slotOf(id)] as number) - 1;
  }

  /** Puts in an id that is not there. */
  add(id: Id, number: number): void {
    if ((this.#size + 1) * 4 > this.#slots.length * 3) this.#grow();
    const slot = this.#slotOf(id);
    invariant(this.#slots[slot] === 0, 'an id is added once');
    this.#slots[slot] = number + 1;
    this.#size += 1;
  }

  /** Takes out an id; ids of all numbers must still be known. Returns its number, or -1. */
  remove(id: Id): number {
    let gap = this.#slotOf(id);
    const number = (this.#slots[gap] as number) - 1;
    if (number < 0) return -1;
    this.#size -= 1;
    const mask = this.#slots.length - 1;
    for (let slot = (gap + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const value = this.#slots[slot] as number;
      const home = hashOf(this.#idOf(value - 1), this.#seed) & mask;
      // It may move into the gap unless that lies before where its search begins.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      this.#slots[gap] = value;
      gap = slot;
    }
    this.#slots[gap] = 0;
    return number;
  }

  /** Where the id is, or the empty slot where it would be. */
  #slotOf(id: Id): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(id, this.#seed) & mask;
    for (;;) {
      const value = this.#slots[slot] as number;
      if (value === 0 || this.#idOf(value - 1) === id) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    const mask = this.#slots.length - 1;
    for (const value of old) {
      if (value === 0) continue;
      // No two are equal: comparing them would only fetch their texts.
      let slot = hashOf(this.#idOf(value - 1), this.#seed) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = value;
    }
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
