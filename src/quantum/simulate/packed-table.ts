import { invariant } from '../../base/invariant.ts';

const CAPACITY_MIN = 16;

/**
 * A set of bitstrings, each packed into `words` 32-bit words, numbered 0, 1, … as they arrive.
 *
 * Open addressing with linear probing, at most half full. Bit b of a bitstring is bit b mod 32 of its
 * word b / 32. Nothing is ever taken out; `clear` empties it and keeps its memory.
 */
export class PackedTable {
  readonly words: number;
  /** Entry i is at words i × words … ; replaced when the table grows. */
  keys: Uint32Array;
  size = 0;
  #slots: Int32Array;

  constructor(words: number, capacity: number = CAPACITY_MIN) {
    invariant(words >= 1, 'a bitstring has at least one word');
    this.words = words;
    const entries = Math.max(CAPACITY_MIN, 2 ** Math.ceil(Math.log2(Math.max(1, capacity))));
    this.keys = new Uint32Array(entries * words);
    this.#slots = new Int32Array(2 * entries).fill(-1);
  }

  /** Bytes that a table of `entries` bitstrings needs while it is filled. */
  static bytes(words: number, entries: number): number {
    return entries * (words * 4 + 8) * 3;
  }

  clear(): void {
    this.size = 0;
    this.#slots.fill(-1);
  }

  /** Number of the bitstring at `source[at …]`, or −1 where it is not in the set. */
  find(source: Uint32Array, at: number): number {
    return this.#slots[this.#slotOf(source, at)];
  }

  /** Number of the bitstring at `source[at …]`, which is added where it is new. */
  add(source: Uint32Array, at: number): number {
    const slot = this.#slotOf(source, at);
    const found = this.#slots[slot];
    if (found >= 0) return found;
    const index = this.size++;
    const start = index * this.words;
    for (let w = 0; w < this.words; w++) this.keys[start + w] = source[at + w];
    this.#slots[slot] = index;
    if (2 * this.size >= this.#slots.length) this.#grow();
    return index;
  }

  #slotOf(source: Uint32Array, at: number): number {
    const { words, keys } = this;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(source, at, words) & mask;
    for (;;) {
      const index = slots[slot];
      if (index < 0) return slot;
      const start = index * words;
      let w = 0;
      while (w < words && keys[start + w] === source[at + w]) w++;
      if (w === words) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const keys = new Uint32Array(2 * this.keys.length);
    keys.set(this.keys);
    this.keys = keys;
    const slots = new Int32Array(2 * this.#slots.length).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = hash(keys, index * this.words, this.words) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
    this.#slots = slots;
  }
}

/** Mixes every word with the finaliser of MurmurHash3 (Appleby). */
function hash(source: Uint32Array, at: number, words: number): number {
  let h = 0;
  for (let w = 0; w < words; w++) {
    h = Math.imul(h ^ source[at + w], 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h;
}

/** Words that a bitstring of `bits` takes; at least one. */
export function wordsFor(bits: number): number {
  return Math.max(1, (bits + 31) >>> 5);
}
